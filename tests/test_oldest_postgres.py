"""The fence on the oldest PostgreSQL we promise to run on, beside the newer one of all other tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from klankbord.base.postgres.binaries import OLDEST_MAJOR, programs_of
from klankbord.base.tests.needs import need
from klankbord.project.tests.running import environment


@pytest.mark.real
def test_the_fence_holds_on_the_oldest_postgres() -> None:
    programs = programs_of(OLDEST_MAJOR)
    need(programs, f"PostgreSQL {OLDEST_MAJOR} (Debian 12: postgresql-{OLDEST_MAJOR})")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "klankbord/tenancy"],
        env=environment(
            KLANKBORD_TEST_POSTGRES_BIN=str(programs),
            KLANKBORD_REQUIRE_ALL=os.environ.get("KLANKBORD_REQUIRE_ALL", ""),
        ),
        cwd=Path(__file__).resolve().parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    assert " passed" in done.stdout
