"""One folder, one user of it: a lock that the kernel releases when its holder dies."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from types import TracebackType

from klankbord.base.language import gettext as _
from klankbord.base.problem import Problem


class FolderInUse(Problem):
    """Another process holds the folder."""


class FolderLock:
    """An exclusive lock on a folder, held in its file ``lock`` until :meth:`release` or the end of the process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._descriptor: int | None = None

    def take(self) -> None:
        """Takes the lock at once or raises :class:`FolderInUse`."""
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip() or "?"
            os.close(descriptor)
            raise FolderInUse(
                _(
                    "Another Klankbord (process {holder}) is using the folder {folder}. Nothing was changed."
                    " Stop that one first, or choose another folder with --data."
                ).format(holder=holder, folder=self._folder)
            ) from None
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
        self._descriptor = descriptor

    def release(self) -> None:
        """Gives the folder free; harmless when it was not taken."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> FolderLock:
        self.take()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def in_use(folder: Path) -> bool:
    """True when some process holds the lock of this folder."""
    if not (folder / "lock").exists():
        return False
    lock = FolderLock(folder)
    try:
        lock.take()
    except FolderInUse:
        return True
    lock.release()
    return False
