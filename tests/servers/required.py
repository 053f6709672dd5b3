"""Says which server software a test needs, and whether going without is allowed."""

from __future__ import annotations

import os
import shutil

import pytest

SYSTEM_FOLDERS = "/usr/sbin:/sbin:/usr/lib/postfix/sbin"


def find_program(name: str) -> str | None:
    """The path of a program, also when an ordinary user's PATH leaves out the system folders."""
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{SYSTEM_FOLDERS}")


def require_programs(*names: str, why: str) -> None:
    """Skip the test when software is missing; where all must be there, as in CI, fail it instead."""
    missing = [name for name in names if find_program(name) is None]
    if missing:
        missing_here(f"{why}: not installed here: {', '.join(missing)}")


def missing_here(reason: str) -> None:
    if os.environ.get("KLANKBORD_REQUIRE_ALL") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
