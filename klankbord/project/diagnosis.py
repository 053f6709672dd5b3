"""The checks of ``klankbord doctor``: one sentence each, and a repair."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from klankbord.base.language import gettext as _
from klankbord.base.postgres.roles import TooPowerful, refuse_power
from klankbord.base.secrets import secrets_path
from klankbord.project.installation import CHECKOUT, app_url, data_dir

_ROOM = 2**30
_CLOCK = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One sentence, and what to do when it is bad news."""

    ok: bool
    sentence: str
    repair: str = ""


def _python() -> Diagnosis:
    return Diagnosis(
        sys.version_info >= (3, 11),
        _("Python is version {version}.").format(version=sys.version.split()[0]),
        _("Install Python 3.11 or newer and run ./start again."),
    )


def _disk() -> Diagnosis:
    folder = data_dir()
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    free = shutil.disk_usage(existing).free
    return Diagnosis(
        free >= _ROOM,
        _("The disk of {folder} has {free} MB of room.").format(folder=folder, free=free // 2**20),
        _("Make at least 1000 MB of room: with a full disk nothing new can be stored."),
    )


def _secrets() -> Diagnosis:
    path = secrets_path(data_dir())
    if not path.exists():
        return Diagnosis(
            False,
            _("There is no file with secrets at {path}.").format(path=path),
            _("Put it back from the backup. If Klankbord was never started here, ./start makes it."),
        )
    mode = path.stat().st_mode & 0o777
    return Diagnosis(
        mode & 0o077 == 0,
        _("Only its owner can read the file with secrets.")
        if mode & 0o077 == 0
        else _("Other users of this machine can read the file with secrets {path}.").format(path=path),
        f"chmod 600 '{path}'",
    )


def _clock(url: str) -> Diagnosis:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT now()").fetchone()
    now = datetime.now(UTC)
    newest = datetime.fromtimestamp((CHECKOUT / "klankbord/project/settings.py").stat().st_mtime, UTC)
    good = row is not None and abs(row[0] - now) < _CLOCK and now > newest - timedelta(days=1)
    return Diagnosis(
        good,
        _("The clock says {now} UTC.").format(now=f"{now:%Y-%m-%d %H:%M}"),
        _("Set the clock right, here and on the database server (for instance with chrony or systemd-timesyncd)."),
    )


def _database(url: str) -> Diagnosis:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.OperationalError as error:
        return Diagnosis(
            False,
            _("The database cannot be reached: {why}").format(why=str(error).strip().splitlines()[0]),
            _("Start Klankbord with ./start. With a database server of your own: check DATABASE_URL."),
        )
    return Diagnosis(True, _("The database can be reached."))


def _role(url: str) -> Diagnosis:
    try:
        refuse_power(url)
    except TooPowerful as problem:
        return Diagnosis(False, str(problem), _("Set DATABASE_URL to a log-in that owns nothing."))
    return Diagnosis(True, _("The log-in of the web server cannot see through the fence between organisations."))


def _parts() -> Iterator[Diagnosis]:
    """What ``/health`` checks too, said in words."""
    import django
    from django.utils import timezone

    django.setup()
    from klankbord.project.health import findings

    words: dict[str, tuple[str, str, str]] = {
        "migrations": (
            _("The tables are up to date."),
            _("The tables are not up to date: {detail}."),
            _("Run: klankbord migrate"),
        ),
        "work": (
            _("The jobs are being done."),
            _("Nobody does the jobs: answers are not sent ({detail})."),
            _("Start Klankbord with ./start, or the part apart with: klankbord work"),
        ),
        "listen": (
            _("The channels are being heard."),
            _("Nobody listens to the channels: new messages do not arrive ({detail})."),
            _("Start Klankbord with ./start, or the part apart with: klankbord listen"),
        ),
    }
    found = findings(timezone.now())
    for name, (good, bad, repair) in words.items():
        finding = found[name]
        yield Diagnosis(finding.ok, good if finding.ok else bad.format(detail=finding.detail), repair)
    if found["migrations"].ok:
        from klankbord.project.surroundings import surroundings

        yield from surroundings()


def diagnose() -> Iterator[Diagnosis]:
    """Every check in an order in which the first bad news explains the rest; stops where more makes no sense."""
    yield _python()
    yield _disk()
    yield _secrets()
    if not Path(secrets_path(data_dir())).exists():
        return
    url = app_url()
    reachable = _database(url)
    yield reachable
    if not reachable.ok:
        return
    checks: tuple[Callable[[str], Diagnosis], ...] = (_role, _clock)
    for check in checks:
        yield check(url)
    yield from _parts()
