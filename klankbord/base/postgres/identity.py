"""As whom PostgreSQL runs: it refuses root."""

from __future__ import annotations

import os
import pwd
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

_LAUNCH = Path(__file__).with_name("launch.py")


@dataclass(frozen=True, slots=True)
class Identity:
    """Ourselves, ourselves in a user namespace where root is nobody, or another user."""

    kind: Literal["self", "namespace", "user"]
    uid: int
    gid: int

    def command(self, *program: str | Path) -> list[str]:
        """The command that runs ``program`` (an absolute path and its arguments) under this identity.

        On Linux the program gets SIGINT when the thread that started it ends, so a killed supervisor leaves no server.
        """
        head = [sys.executable, "-I", "-S", str(_LAUNCH), self.kind, str(self.uid), str(self.gid), str(os.getpid())]
        return head + [str(part) for part in program]

    def can_use(self, bin_dir: Path, home: Path) -> bool:
        """True when this identity is not root, may run the programs and may write in the home."""
        script = 'test "$(id -u)" != 0 && "$0/postgres" --version && test -w "$1" && test -x "$1"'
        probe = self.command("/bin/sh", "-c", script, bin_dir, home)
        return subprocess.run(probe, capture_output=True, cwd="/", check=False).returncode == 0


def has_name(uid: int) -> bool:
    """True when the system knows a user with this number."""
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def ourselves() -> Identity:
    """The user who runs this process."""
    return Identity("self", os.geteuid(), os.getegid())


def in_namespace() -> Identity:
    """Root outside, an unprivileged user inside: sees root's private folders, and PostgreSQL accepts it."""
    return Identity("namespace", os.geteuid(), os.getegid())


def another_user(uid: int) -> Identity:
    """The user with this number."""
    try:
        return Identity("user", uid, pwd.getpwuid(uid).pw_gid)
    except KeyError:
        return Identity("user", uid, uid)


def nobody() -> Identity:
    """The user without rights that every system has."""
    try:
        return another_user(pwd.getpwnam("nobody").pw_uid)
    except KeyError:
        return another_user(65534)
