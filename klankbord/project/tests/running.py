"""Runs ``klankbord`` as a process of its own, as a person would."""

from __future__ import annotations

import json
import os
import random
import re
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import IO, Any

from klankbord.project.installation import own_command
from klankbord.project.supervisor import answer_of

_OURS = re.compile(r"^(KLANKBORD_|DATABASE_|DJANGO_|DISPLAY|WAYLAND)")


def environment(**more: str) -> dict[str, str]:
    """The environment of a person who never heard of the test run."""
    clean = {name: value for name, value in os.environ.items() if not _OURS.match(name)}
    return clean | more


def klankbord(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """One command to its end."""
    return subprocess.run(
        own_command(*map(str, arguments)),
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        cwd="/",
    )


def free_port() -> int:
    """A port nobody listens on at this moment."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, below those the kernel gives to outgoing connections.

    From that range a client that keeps knocking while the server is down may get the server's own port.
    """
    sockets: list[socket.socket] = []
    try:
        while len(sockets) < count:
            one = socket.socket()
            sockets.append(one)
            try:
                one.bind(("127.0.0.1", random.randrange(12_000, 32_000)))  # any free one will do
            except OSError:
                sockets.pop().close()
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


class Started:
    """``klankbord start`` in a process; a context manager that stops it with Ctrl-C."""

    def __init__(self, data_dir: Path, log: Path, *arguments: str, port: int | None = None, **more: str) -> None:
        self.port = port or free_port()
        self.log = log
        command = own_command("start", "--no-browser")
        self._file: IO[bytes] = log.open("wb")
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), "--data", str(data_dir), *arguments],
            env=environment(**more),
            stdout=self._file,
            stderr=subprocess.STDOUT,
            cwd="/",
        )

    @property
    def said(self) -> str:
        """What it printed up to now."""
        return self.log.read_text(encoding="utf-8")

    def health(self) -> dict[str, Any]:
        """What ``/health`` answers; empty when nobody does."""
        try:
            with answer_of(f"http://127.0.0.1:{self.port}/health") as answer:
                return dict(json.load(answer))
        except (OSError, ValueError):
            return {}

    def wait_until_up(self, patience: float = 240) -> None:
        """Returns when every part is up and the person has been told."""
        deadline = time.monotonic() + patience
        address = f"http://localhost:{self.port}"
        while not (self.health().get("ok") and address in self.said):
            assert self.process.poll() is None, self.said
            assert time.monotonic() < deadline, f"{self.said}\n{self.health()}"
            time.sleep(0.2)

    def stop(self) -> int:
        """Ctrl-C; the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(180)

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_rest: object) -> None:
        self.stop()
        self._file.close()
