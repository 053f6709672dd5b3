"""Runs the database, web, work and listen together, and stops them in order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import IO

import psycopg

from klankbord.base.language import gettext as _
from klankbord.base.lock import FolderLock
from klankbord.base.postgres import Cluster
from klankbord.base.problem import REFUSED, Problem
from klankbord.project.commands.demo import TRIED
from klankbord.project.commands.parts import SUPERVISED, listen_on
from klankbord.project.firstday.introduction import introduction
from klankbord.project.installation import own_command

_PATIENCE_UP = 90.0
_PATIENCE_DOWN = 25.0
_LONGEST_PAUSE = 30.0
_STEADY = 60.0  # seconds; a part that ran this long starts again without a pause


@dataclass
class Part:
    """One child process: what it runs, and how often it fell over."""

    name: str
    arguments: list[str]
    descriptors: tuple[int, ...] = ()
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    again_at: float = 0.0
    pause: float = field(default=0.0)

    def start(self, environment: dict[str, str]) -> None:
        """Starts it in its own session, so that Ctrl-C reaches only the supervisor, which keeps the order."""
        self.process = subprocess.Popen(
            own_command(*self.arguments),
            env=environment | {SUPERVISED: "1"},
            stdin=subprocess.PIPE,
            pass_fds=self.descriptors,
            start_new_session=True,
        )
        self.started = time.monotonic()

    def stop(self) -> None:
        """Asks it to stop."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, patience: float) -> None:
        """Waits until it is gone; what does not go is killed with everything it started."""
        if self.process is None:
            return
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()

    def fell(self, now: float) -> int | None:
        """The exit code when it ended since the last look; plans the next start, later each time."""
        if self.process is None:
            return None
        code = self.process.poll()
        if code is None:
            return None
        self.wait(0)
        self.process = None
        self.pause = 0.0 if now - self.started > _STEADY else min(max(1.0, self.pause * 2), _LONGEST_PAUSE)
        self.again_at = now + self.pause
        return code


class Supervisor:
    """All parts of one installation; a context manager that stops whatever it started."""

    def __init__(self, data_dir: Path, host: str, port: int) -> None:
        self.address = f"http://localhost:{port}" if host in ("127.0.0.1", "::1") else f"http://{host}:{port}"
        self._health = f"http://{host if host not in ('0.0.0.0', '::') else 'localhost'}:{port}/health"  # noqa: S104  asks, does not bind
        self._data_dir = data_dir
        self._host, self._port = host, port
        self._lock: FolderLock | None = None
        self._cluster: Cluster | None = None
        self._parts: list[Part] = []
        self._environment: dict[str, str] = {}
        self._stopping = threading.Event()

    def __enter__(self) -> Supervisor:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _asked_to_stop(self, _number: int, _frame: FrameType | None) -> None:
        self._stopping.set()

    def start(self) -> None:
        """Starts the parts one after another and returns when all are up (or when asked to stop)."""
        self._data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = FolderLock(self._data_dir)
        self._lock.take()
        with listen_on(self._host, self._port) as listening:
            self._start_database()
            self._once("migrate")
            if not (self._data_dir / TRIED).exists():
                say(_("Filling the demo…"))
                self._once("demo")
            if self._stopping.is_set():
                return
            # One socket for every web server that comes and goes: while one starts again, visitors wait in line.
            web = os.dup(listening.fileno())
        self._forget_signs_of_life()
        self._parts = [
            Part("web", ["web", "--fd", str(web)], (web,)),
            Part("work", ["work"]),
            Part("listen", ["listen"]),
        ]
        for part in self._parts:
            part.start(self._environment)
        self._wait_until_up()

    def _start_database(self) -> None:
        self._environment = dict(os.environ, KLANKBORD_DATA=str(self._data_dir))
        if "DATABASE_URL" not in os.environ:
            say(_("Starting the database…"))
            self._cluster = Cluster(self._data_dir)
            self._cluster.start()
            self._environment["DATABASE_URL"] = self._cluster.app_url
            self._owner = self._cluster.owner_url
        else:
            self._owner = os.environ.get("DATABASE_OWNER_URL", "")
        # The parts that serve people never learn the log-in of the owner.
        self._environment.pop("DATABASE_OWNER_URL", None)

    def _forget_signs_of_life(self) -> None:
        """What an earlier run left would make a part look alive that has not started yet."""
        with psycopg.connect(self._environment["DATABASE_URL"]) as connection:
            connection.execute("DELETE FROM base_heartbeat")

    def _once(self, *arguments: str) -> None:
        """Runs one command to its end as the owner of the tables."""
        environment = self._environment | ({"DATABASE_OWNER_URL": self._owner} if self._owner else {})
        step = Part(arguments[0], list(arguments))
        step.start(environment)
        assert step.process is not None
        while step.process.poll() is None:
            if self._stopping.wait(0.05):
                step.stop()
                step.wait(_PATIENCE_DOWN)
                return
        if step.process.returncode:
            raise Problem(
                _("Starting stopped at the step “{step}”; the lines above say why. Your data are kept.").format(
                    step=" ".join(arguments)
                )
            )

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + _PATIENCE_UP
        while not self._stopping.wait(0.2):
            self._look_after()
            failing = self._failing()
            if not failing:
                self._introduce()
                return
            if time.monotonic() > deadline:
                say(
                    _(
                        "Klankbord answers at {address}, but not everything is up yet: {parts}. See: klankbord doctor"
                    ).format(address=self.address, parts=", ".join(failing))
                )
                return

    def _introduce(self) -> None:
        """Who can log in, how to begin for real, and the one line everybody looks for."""
        for line in introduction(self._environment["DATABASE_URL"], self._data_dir, self.address):
            say(line)
        say(_("Klankbord is ready: {address}   (stop with Ctrl-C)").format(address=self.address))

    def _failing(self) -> list[str]:
        try:
            with answer_of(self._health) as answer:
                checks = json.load(answer)["checks"]
        except (OSError, ValueError, KeyError):
            return ["web"]
        return [name for name, check in checks.items() if not check["ok"]]

    def watch(self) -> int:
        """Keeps all parts running until asked to stop; the exit code of the whole."""
        while not self._stopping.wait(0.5):
            self._look_after()
        return 0

    def _look_after(self) -> None:
        if self._cluster is not None and self._cluster.pid is None:
            say(_("The database stopped unexpectedly and is started again; nothing that was stored is lost."))
            self._cluster.restart()
        now = time.monotonic()
        for part in self._parts:
            code = part.fell(now)
            if code == REFUSED:
                raise Problem(_("The part “{part}” cannot run; the line above says why.").format(part=part.name))
            if code is not None:
                say(
                    _("The part “{part}” stopped unexpectedly (code {code}) and starts again in {pause} s.").format(
                        part=part.name, code=code, pause=round(part.pause)
                    )
                )
            if part.process is None and now >= part.again_at:
                part.start(self._environment)

    def stop(self) -> None:
        """Stops the parts, then the database, and gives the folder free."""
        running = [part for part in self._parts if part.process is not None]
        if running:
            say(_("Stopping…"))
        for part in running:
            part.stop()
        deadline = time.monotonic() + _PATIENCE_DOWN
        for part in running:
            part.wait(max(0.0, deadline - time.monotonic()))
        for part in self._parts:
            for descriptor in part.descriptors:
                os.close(descriptor)
        self._parts = []
        if self._cluster is not None:
            self._cluster.stop()
            self._cluster = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None
        if running:
            say(_("Klankbord has stopped; everything is kept in {folder}.").format(folder=self._data_dir))


def answer_of(url: str) -> IO[bytes]:
    """The body of the answer, also when its status says that something is wrong."""
    try:
        answer: IO[bytes] = urllib.request.urlopen(url, timeout=10)  # noqa: S310  our own address
    except urllib.error.HTTPError as error:
        return error
    return answer


def say(sentence: str) -> None:
    """Tells the person at the screen; at once, also when the output goes to a file."""
    print(sentence, flush=True)
