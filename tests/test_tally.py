"""The machinery of the tests: a skipped test counts as a failure where everything must be there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ONE_SKIPPED = """
import pytest

def test_that_passes():
    assert True

@pytest.mark.skip(reason="no server here")
def test_that_is_skipped():
    assert False
"""


def run(folder: Path, required: str) -> tuple[int, str, dict[str, list[str]]]:
    """A pytest of its own over one small file: its exit code, what it printed, what it noted."""
    (folder / "test_small.py").write_text(ONE_SKIPPED)
    (folder / "pytest.ini").write_text("[pytest]\n")
    tally = folder / "tally.json"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.tally", "-p", "no:django", f"--tally={tally}", str(folder)],
        env=os.environ | {"KLANKBORD_REQUIRE_ALL": required, "PYTHONPATH": str(Path(__file__).resolve().parents[1])},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout, json.loads(tally.read_text())


@pytest.mark.parametrize(("required", "code", "named"), [("", 0, False), ("1", 1, True)])
def test_a_skip_fails_the_run_only_where_everything_must_be_there(
    tmp_path: Path, required: str, code: int, named: bool
) -> None:
    returned, printed, noted = run(tmp_path, required)
    assert returned == code, printed
    assert {outcome: len(tests) for outcome, tests in noted.items()} == {"passed": 1, "failed": 0, "skipped": 1}
    assert ("nothing may be skipped here" in printed and "no server here" in printed) is named
