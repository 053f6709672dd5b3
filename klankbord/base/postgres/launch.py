"""Becomes another user or enters a user namespace, and then becomes the given program.

Run as a file by :mod:`klankbord.base.postgres.identity`: ``launch.py KIND UID GID PARENT PROGRAM ARGUMENT...``.
It imports nothing of Klankbord, because after the change of user our own folder may be closed to it.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1


def _call(name: str, *arguments: int) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    if getattr(library, name)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def main(kind: str, uid: int, gid: int, parent: int, program: list[str]) -> None:
    """Does not return: the process goes on as ``program``, and is asked to stop when ``parent`` dies."""
    if kind == "namespace":
        _call("unshare", _CLONE_NEWUSER)
    elif kind == "user":
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if sys.platform == "linux":
        # After the change of user, because that change forgets it.
        _call("prctl", _PR_SET_PDEATHSIG, signal.SIGINT)
        if os.getppid() != parent:
            sys.exit(1)
    os.umask(0o077)
    os.execv(program[0], program)  # noqa: S606  the words come from our own supervisor


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]), sys.argv[5:])
