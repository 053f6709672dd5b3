"""What a backup holds, and how it comes back: the database, the files and the secrets, in one sealed file."""

from __future__ import annotations

import io
import json
import os
import shutil
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

import psycopg

from klankbord.base.language import gettext as _
from klankbord.base.postgres.dump import dump, restore
from klankbord.base.postgres.place import home_of
from klankbord.base.problem import Problem
from klankbord.base.sealed_file import Damaged, SealedReader, SealedWriter
from klankbord.base.secrets import read_secrets, secrets_path
from klankbord.project.installation import owner_database

FORMAT = 1
_ABOUT, _SECRETS, _DATABASE, _MEDIA = "about.json", "secrets.json", "database", "media"


class NotEmpty(Problem):
    """Restoring here would go over something."""


# ---- out -------------------------------------------------------------------------------------------------


def write_backup(data_dir: Path, target: Path, passphrase: str) -> None:
    """Writes everything of this installation to ``target``, which appears only when it is complete."""
    if target.exists():
        raise Problem(
            _("{file} exists already. Choose another name; a backup never goes over an older one.").format(file=target)
        )
    secrets = read_secrets(secrets_path(data_dir))
    growing = target.with_name(f".{target.name}.growing")
    try:
        descriptor = os.open(growing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file, owner_database() as owner:
            with SealedWriter(file, passphrase) as sealed, io.BufferedWriter(sealed, 2**20) as buffered:
                _pack(buffered, data_dir, secrets, owner)
            file.flush()
            os.fsync(file.fileno())
        growing.replace(target)
    except OSError as error:
        raise Problem(
            _("The backup could not be written to {file}: {why}. There is no backup.").format(
                file=target, why=error.strerror
            )
        ) from error
    finally:
        growing.unlink(missing_ok=True)


def _pack(file: BinaryIO, data_dir: Path, secrets: dict[str, str], owner: str) -> None:
    about = {"format": FORMAT, "made_at": datetime.now(UTC).isoformat(timespec="seconds")}
    with tarfile.open(fileobj=file, mode="w|") as archive:
        _add(archive, _ABOUT, json.dumps(about).encode())
        _add(archive, _SECRETS, json.dumps(secrets).encode())
        # In numbered pieces, because a tar wants to know sizes beforehand and nothing readable may touch the disk.
        for number, piece in enumerate(dump(owner, privileges=False)):
            _add(archive, f"{_DATABASE}/{number:08}", piece)
        media = data_dir / "media"
        # After the database: every file it names is there, and one that is too many does no harm.
        for path in sorted(media.rglob("*")) if media.exists() else []:
            if path.is_file() and not path.is_symlink():
                archive.add(path, f"{_MEDIA}/{path.relative_to(media).as_posix()}", recursive=False)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = 0o600
    archive.addfile(entry, io.BytesIO(content))


# ---- and back --------------------------------------------------------------------------------------------


def check_backup(source: Path, passphrase: str) -> dict[str, object]:
    """Reads the whole backup without writing anything; what it says about itself."""
    about: dict[str, object] = {}
    pieces = 0
    with _opened(source, passphrase) as archive:
        for entry in archive:
            if entry.name == _ABOUT:
                about = json.loads(_content(archive, entry))
            elif entry.name.startswith(f"{_DATABASE}/"):
                pieces += 1
    if not pieces:
        raise Damaged(_("There is no database in this backup."))
    if about.get("format") != FORMAT:
        raise Problem(_("This backup was made by a newer Klankbord. Restore it with that version or a newer one."))
    return about


def restore_backup(data_dir: Path, source: Path, passphrase: str) -> None:
    """Puts a backup into an empty data folder and an empty database; when that fails, both are empty again.

    The caller holds the lock of the data folder, and migrates afterwards.
    """
    _require_empty(data_dir)
    # Once through the whole file first: a copy that was cut off must not leave half an installation.
    check_backup(source, passphrase)
    try:
        with _opened(source, passphrase) as archive:
            _unpack(archive, data_dir)
    except BaseException:
        _empty(data_dir)
        raise


def _unpack(archive: tarfile.TarFile, data_dir: Path) -> None:
    entries = iter(archive)
    for entry in entries:
        if entry.name == _SECRETS:
            _write(secrets_path(data_dir), _content(archive, entry))
            break
    remaining: list[tarfile.TarInfo] = []
    with owner_database() as owner:
        _require_empty_database(owner)
        restore(owner, _database(archive, entries, remaining))
    for entry in remaining:
        _put_file(archive, entry, data_dir / "media")
    for entry in entries:
        _put_file(archive, entry, data_dir / "media")


def _database(
    archive: tarfile.TarFile, entries: Iterator[tarfile.TarInfo], remaining: list[tarfile.TarInfo]
) -> Iterator[bytes]:
    for entry in entries:
        if not entry.name.startswith(f"{_DATABASE}/"):
            remaining.append(entry)
            return
        yield _content(archive, entry)


def _put_file(archive: tarfile.TarFile, entry: tarfile.TarInfo, media: Path) -> None:
    name = PurePosixPath(entry.name)
    # Python's own extraction filters are missing from 3.11.0-3.11.3, so: plain files, below our own folder, no more.
    if not entry.isreg() or name.parts[0] != _MEDIA or ".." in name.parts or len(name.parts) < 2:
        return
    target = media.joinpath(*name.parts[1:])
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content = archive.extractfile(entry)
    assert content is not None
    with target.open("xb") as file:
        shutil.copyfileobj(content, file, 2**20)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        os.fsync(file.fileno())


def _content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    file = archive.extractfile(entry)
    assert file is not None
    return file.read()


@contextmanager
def _opened(source: Path, passphrase: str) -> Iterator[tarfile.TarFile]:
    try:
        with source.open("rb") as file:
            sealed = cast(BinaryIO, io.BufferedReader(SealedReader(file, passphrase), 2**20))
            with tarfile.open(fileobj=sealed, mode="r|") as archive:
                yield archive
            # A tar may end before the file does; reading on is what proves that the end is there.
            while sealed.read(2**20):
                pass
    except FileNotFoundError:
        raise Problem(_("There is no file {file}.").format(file=source)) from None
    except tarfile.TarError as error:
        raise Damaged(_("The backup is not in order: {why}. Nothing was restored.").format(why=error)) from error


def _require_empty(data_dir: Path) -> None:
    kept = [home_of(data_dir) / "pgdata", secrets_path(data_dir), data_dir / "media"]
    there = [path for path in kept if path.is_file() or (path.is_dir() and any(path.iterdir()))]
    if there:
        raise NotEmpty(
            _(
                "There are data in {folder} already, and a restore never goes over them. Nothing was changed."
                " Restore into a new folder, for instance: klankbord restore FILE --data {folder}-new"
            ).format(folder=data_dir)
        )


def _require_empty_database(owner: str) -> None:
    with psycopg.connect(owner) as connection:
        row = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
    if row and row[0]:
        raise NotEmpty(
            _(
                "The database has tables already, and a restore never goes over them. Nothing was changed."
                " Use an empty database."
            )
        )


def _empty(data_dir: Path) -> None:
    """Takes away what a failed restore made; everything was empty when it began."""
    home = home_of(data_dir)
    shutil.rmtree(home / "pgdata", ignore_errors=True)
    if home != data_dir / "postgres":
        shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(data_dir / "postgres", ignore_errors=True)
    shutil.rmtree(data_dir / "media", ignore_errors=True)
    secrets_path(data_dir).unlink(missing_ok=True)
