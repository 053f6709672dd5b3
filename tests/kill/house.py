"""The house as processes, and how to kill any part of it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg.rows import dict_row

from klankbord.base.postgres.cluster import OWNER, running_sockets, url
from klankbord.base.problem import REFUSED
from klankbord.project.tests.running import Started, environment, free_port

EMAIL, PASSWORD = "amal@klankendam.example", "klankbord-oefening"
DOUBTER = "bram@klankendam.example"
PARTS = ("web", "work", "listen")
SENDING_LEASE = "12"
UNDO = "8"


class House:
    """One installation in a folder of its own, started as a person would; a context manager."""

    def __init__(self, folder: Path, reachable: list[str]) -> None:
        self.data = folder / "data"
        self.port = free_port()
        self._folder = folder
        self._more = {
            "KLANKBORD_ALLOWED_HOSTS": ",".join(reachable),
            "KLANKBORD_SENDING_LEASE": SENDING_LEASE,
            "KLANKBORD_UNDO_SECONDS": UNDO,
        }
        self._logs: list[Path] = []
        self._started: Started | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def started(self) -> Started:
        assert self._started is not None
        return self._started

    def __enter__(self) -> House:
        self.data.mkdir(mode=0o700)
        # an installation that has had its chance of a demo gets none
        (self.data / "demo").touch()
        self.start()
        return self

    def __exit__(self, *_rest: object) -> None:
        if self._started is not None:
            self._started.__exit__()

    def start(self, patience: float = 240) -> None:
        """Start, and again for as long as it says that the killed one is still in the way."""
        deadline = time.monotonic() + patience
        while True:
            log = self._folder / f"house-{len(self._logs)}.log"
            self._logs.append(log)
            self._started = Started(self.data, log, port=self.port, **self._more)
            try:
                self._started.wait_until_up(patience)
                return
            except AssertionError:
                self._started.__exit__()
                if self._started.process.poll() != REFUSED or time.monotonic() > deadline:
                    raise
                time.sleep(1)

    def furnish(self, channels: list[dict[str, Any]]) -> None:
        wanted = {"people": [EMAIL, DOUBTER], "password": PASSWORD, "channels": channels}
        subprocess.run(
            [sys.executable, "-m", "tests.kill.furnish"],
            env=environment(
                KLANKBORD_DATA=str(self.data),
                DATABASE_OWNER_URL=self.owner_url,
                DJANGO_SETTINGS_MODULE="klankbord.project.settings",
            ),
            input=json.dumps(wanted),
            text=True,
            check=True,
        )

    @property
    def owner_url(self) -> str:
        sockets = running_sockets(self.data)
        assert sockets is not None, self.said
        return url(self.data, OWNER, sockets)

    @property
    def said(self) -> str:
        return "\n".join(log.read_text(encoding="utf-8", errors="replace") for log in self._logs)

    def ask(self, question: str) -> list[dict[str, Any]]:
        """The rows of a question to the database, put by its owner, whom no fence hides anything from."""
        with psycopg.connect(self.owner_url, row_factory=dict_row) as connection:
            return connection.execute(question).fetchall()

    def hurry(self, kind: str) -> None:
        """The next look at sources of this kind is now, and not in some minutes; nothing while there is no database."""
        with suppress(AssertionError, psycopg.Error), psycopg.connect(self.owner_url) as connection:
            connection.execute(
                "UPDATE channels_source SET next_fetch_at = now() WHERE kind = %s AND failing_since IS NULL", [kind]
            )

    # ---- killing ----

    def kill(self, victim: str) -> None:
        """SIGKILL one part: ``web``, ``work``, ``listen``, ``backend``, ``database`` or ``supervisor``."""
        process = self._supervisor() if victim == "supervisor" else self._find(victim)
        # a backend may just have ended by itself
        with suppress(psutil.NoSuchProcess):
            process.kill()
        if victim == "supervisor":
            self.started.__exit__()

    def _supervisor(self) -> psutil.Process:
        return psutil.Process(self.started.process.pid)

    def _find(self, victim: str, patience: float = 120) -> psutil.Process:
        """The process, once it is there: it may be starting again after the round before."""
        deadline = time.monotonic() + patience
        while True:
            found = self._running(victim)
            if found:
                return found[0]
            if time.monotonic() > deadline:
                around = [(one.pid, one.status(), _words(one)) for one in self._supervisor().children(recursive=True)]
                raise AssertionError(f"no {victim} to kill: {around}\n{self.said}")
            time.sleep(0.1)

    def _running(self, victim: str) -> list[psutil.Process]:
        children = self._supervisor().children()
        if victim in PARTS:
            return [child for child in children if victim in _words(child)[1:]]
        database = [child for child in children if _words(child)[:1] and "postgres" in _words(child)[0]]
        if victim == "database" or not database:
            return database
        backends = [child for child in database[0].children() if "klankbord_app" in " ".join(_words(child))]
        # one that is in the middle of something tells more than one that waits
        return sorted(backends, key=lambda child: "idle" in " ".join(_words(child)))


def _words(process: psutil.Process) -> list[str]:
    """The command line; empty when the process has ended."""
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []
