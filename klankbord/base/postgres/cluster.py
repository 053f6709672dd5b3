"""One embedded PostgreSQL: makes it, starts it, watches it and stops it."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg

from klankbord.base.language import gettext as _
from klankbord.base.lock import FolderLock
from klankbord.base.postgres import binaries, configuration
from klankbord.base.postgres.leftovers import end_leftovers
from klankbord.base.postgres.place import Place, home_of, settle, socket_folder
from klankbord.base.problem import Problem
from klankbord.base.secrets import read_secrets, secrets_path

OWNER = "klankbord_owner"
APP = "klankbord_app"
DATABASE = "klankbord"
NEXT = "pgdata.next"  # a finished upgrade that still has to take the place of the old database
_SUPERUSER = "klankbord_super"  # has no password and no way in; used by single-user mode only
_ROOM_FOR_NEW = 200 * 2**20
_ROOM_TO_START = 40 * 2**20
_RESTARTS = 5
"""A server that is killed while it recovers (short of memory) is worth another try; one that refuses is not."""
_PATIENCE_STOP = 60.0


class DiskFull(Problem):
    """There is no room for the database."""


class WrongMajor(Problem):
    """The data are of another major version than the programs."""


class Cluster:
    """The embedded server of one data folder; a context manager.

    ``fast`` is for tests: much faster, but a power cut may destroy the data. Start it from the main thread: Linux
    stops the server when the thread that started it ends.
    """

    def __init__(
        self, data_dir: Path, bin_dir: Path | None = None, *, fast: bool = False, namespace: bool = True
    ) -> None:
        self.data_dir = data_dir.absolute()
        self._bin_dir = bin_dir
        self._fast = fast
        self._namespace = namespace
        self._process: subprocess.Popen[bytes] | None = None
        self._lock: FolderLock | None = None
        self._place: Place | None = None
        self._sockets: Path | None = None

    @property
    def owner_url(self) -> str:
        """For migrate and backup: the log-in that owns the tables."""
        return url(self.data_dir, OWNER, self.sockets)

    @property
    def app_url(self) -> str:
        """For web, work and listen: the log-in that owns nothing."""
        return url(self.data_dir, APP, self.sockets)

    @property
    def sockets(self) -> Path:
        """The folder with the socket of the started server."""
        if self._sockets is None:
            raise RuntimeError("the cluster has not been started")
        return self._sockets

    @property
    def place(self) -> Place:
        """Where the started server lives."""
        if self._place is None:
            raise RuntimeError("the cluster has not been started")
        return self._place

    @property
    def pid(self) -> int | None:
        """The main process of the server, None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> None:
        """Makes the cluster when there is none, starts it and returns when both log-ins work.

        Raises :class:`Problem` with a sentence to show; whatever was there before is kept.
        """
        try:
            self._prepare()
            self._run()
            self._let_in()
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError) and not isinstance(error, Problem):
                raise self._explain(error, str(error)) from error
            raise

    def restart(self) -> None:
        """Starts a server that fell over again, at the same address; some times more when it is killed meanwhile."""
        for left in reversed(range(_RESTARTS)):
            self._end_process()
            end_leftovers(self.place.pgdata)
            try:
                self._run()
            except Problem:
                killed = self._process is not None and self._process.returncode == -signal.SIGKILL
                if not killed or not left:
                    raise
            else:
                return

    def stop(self) -> None:
        """Stops the server in order (at most a minute, then at once) and gives the folder free."""
        self._end_process()
        if self._place is not None:
            (self._place.home / "address").unlink(missing_ok=True)
            if self._sockets is not None and self._sockets.parent != self._place.home:
                shutil.rmtree(self._sockets, ignore_errors=True)
        self._sockets = None
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def __enter__(self) -> Cluster:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _prepare(self) -> None:
        bin_dir = self._bin_dir or binaries.find_programs()
        self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        home = home_of(self.data_dir)
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = FolderLock(home)
        self._lock.take()
        if (home / NEXT).exists() and not (home / "pgdata").exists():
            (home / NEXT).rename(home / "pgdata")
        new = not (home / "pgdata").exists()
        _require_room(home, _ROOM_FOR_NEW if new else _ROOM_TO_START)
        if not new:
            end_leftovers(home / "pgdata")
        self._place = settle(self.data_dir, bin_dir, namespace=self._namespace)
        if self._place.home != home:
            self._lock.release()
            self._lock = FolderLock(self._place.home)
            self._lock.take()
        if new:
            self._create()
        self._require_same_major()
        self._sockets = socket_folder(self._place)
        configuration.write(self._place.pgdata, self._sockets, fast=self._fast)

    def _create(self) -> None:
        place = self.place
        growing = place.home / "pgdata.new"
        shutil.rmtree(growing, ignore_errors=True)
        growing.mkdir(mode=0o700)
        place.give(growing)
        command = [str(place.bin_dir / "initdb"), "--pgdata", str(growing), "--username", _SUPERUSER, "--encoding=UTF8"]
        command += ["--auth=reject", "--no-instructions", "--data-checksums", "--text-search-config=dutch"]
        if binaries.major(place.bin_dir) >= 17:
            command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        else:
            command += ["--locale=C.UTF-8"]
        self._finish(command + (["--no-sync"] if self._fast else []), "")
        passwords = read_secrets(secrets_path(self.data_dir))
        self._alone(
            growing,
            [
                f"CREATE ROLE {OWNER} LOGIN CREATEDB PASSWORD '{passwords['database_owner_password']}'",
                f"CREATE ROLE {APP} LOGIN PASSWORD '{passwords['database_app_password']}'",
                f"CREATE DATABASE {DATABASE} OWNER {OWNER}",
                f"REVOKE ALL ON DATABASE {DATABASE} FROM PUBLIC",
                f"GRANT CONNECT ON DATABASE {DATABASE} TO {APP}",
            ],
        )
        growing.rename(place.pgdata)

    def _alone(self, pgdata: Path, statements: list[str]) -> None:
        """Runs statements as superuser in single-user mode, where nobody else can connect."""
        command = [str(self.place.bin_dir / "postgres"), "--single", "-D", str(pgdata), "-c", "exit_on_error=on"]
        command += ["-c", "log_min_error_statement=panic"]
        if self._fast:
            command += ["-c", "fsync=off"]
        self._finish([*command, "postgres"], "".join(statement + "\n" for statement in statements))

    def _finish(self, command: list[str], given: str) -> None:
        done = subprocess.run(
            self.place.identity.command(*command), input=given, capture_output=True, text=True, cwd="/", check=False
        )
        if done.returncode != 0 or "ERROR:" in done.stderr:
            raise self._explain(None, done.stderr or done.stdout)

    def _require_same_major(self) -> None:
        data = int((self.place.pgdata / "PG_VERSION").read_text(encoding="ascii"))
        programs = binaries.major(self.place.bin_dir)
        if data < programs:
            raise WrongMajor(
                _(
                    "The database is of PostgreSQL {data} and this Klankbord uses {programs}. Nothing was changed."
                    " Run once: klankbord upgrade-database"
                ).format(data=data, programs=programs)
            )
        if data > programs:
            raise WrongMajor(
                _(
                    "The database is of PostgreSQL {data}, newer than the {programs} found here. Nothing was changed."
                    " Use the newer Klankbord it was made with, or install PostgreSQL {data}."
                ).format(data=data, programs=programs)
            )

    def _run(self) -> None:
        place = self.place
        log = place.home / "postgres.log"
        if log.exists() and log.stat().st_size > 2**20:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as file:
            begin = file.tell()
            self._process = subprocess.Popen(
                place.identity.command(place.bin_dir / "postgres", "-D", place.pgdata),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                cwd="/",
                # Ctrl-C is for the supervisor, which stops the server last.
                start_new_session=True,
            )
        # Recovery after a crash may take minutes; as long as the server lives we wait.
        while not self._accepts():
            if self._process.poll() is not None:
                with log.open("rb") as file:
                    file.seek(begin)
                    raise self._explain(None, file.read().decode("utf-8", "replace"))
            time.sleep(0.02)
        address = place.home / ".address"
        address.write_text(f"{self.sockets}\n", encoding="utf-8")
        address.replace(place.home / "address")

    def _accepts(self) -> bool:
        try:
            lines = (self.place.pgdata / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return False
        return (
            len(lines) >= 8
            and lines[7].strip() == "ready"
            and self._process is not None
            and lines[0] == str(self._process.pid)
        )

    def _let_in(self) -> None:
        """Tries both log-ins; sets their passwords anew when the secrets are not those the database was made with."""
        try:
            for each in (self.owner_url, self.app_url):
                psycopg.connect(each).close()
        except psycopg.OperationalError:
            passwords = read_secrets(secrets_path(self.data_dir))
            self._end_process()
            self._alone(
                self.place.pgdata,
                [
                    f"ALTER ROLE {OWNER} PASSWORD '{passwords['database_owner_password']}'",
                    f"ALTER ROLE {APP} PASSWORD '{passwords['database_app_password']}'",
                ],
            )
            self._run()

    def _end_process(self) -> None:
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        for how, patience in ((signal.SIGINT, _PATIENCE_STOP), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            process.send_signal(how)
            try:
                process.wait(patience)
                return
            except subprocess.TimeoutExpired:
                continue

    def _explain(self, error: OSError | None, said: str) -> Problem:
        home = self._place.home if self._place else self.data_dir
        if "No space left on device" in said or "Disk quota exceeded" in said:
            return _disk_full(home)
        last = [line for line in said.strip().splitlines() if line.strip()][-3:]
        return Problem(
            _("PostgreSQL did not start in {home}. Your data are untouched. It said: {said}").format(
                home=home, said=" / ".join(last) or str(error)
            )
        )


def _require_room(home: Path, needed: int) -> None:
    if shutil.disk_usage(home).free < needed:
        raise _disk_full(home)


def _disk_full(home: Path) -> DiskFull:
    free = shutil.disk_usage(home).free // 2**20
    return DiskFull(
        _(
            "The disk is full: {free} MB is left for {home}. What was stored is kept."
            " Make at least {needed} MB of room, or choose a folder on another disk with --data, and start again."
        ).format(free=free, home=home, needed=_ROOM_FOR_NEW // 2**20)
    )


def url(data_dir: Path, role: str, sockets: Path) -> str:
    """The address of the embedded database for one of its two log-ins."""
    passwords = read_secrets(secrets_path(data_dir))
    password = passwords["database_owner_password" if role == OWNER else "database_app_password"]
    host = quote(os.fspath(sockets), safe="")
    return f"postgresql://{role}:{quote(password, safe='')}@/{DATABASE}?host={host}&port=5432"


def running_sockets(data_dir: Path) -> Path | None:
    """The socket folder of the server that runs for this data folder, when one does."""
    try:
        sockets = Path((home_of(data_dir) / "address").read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return None
    with socket.socket(socket.AF_UNIX) as trying:
        try:
            trying.connect(str(sockets / ".s.PGSQL.5432"))
        except OSError:
            # A killed server leaves its address and its socket behind.
            return None
    return sockets
