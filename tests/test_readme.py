"""The two commands of the README, taken from its text, in a fresh copy of what is under version control."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from klankbord.base.tests.needs import need
from klankbord.project.tests.running import environment, free_port

ROOT = Path(__file__).resolve().parents[1]
PATIENCE = 900.0  # seconds; the first start fetches packages


def commands() -> list[str]:
    """What the README tells a newcomer to type: the lines of its shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    return [line for block in blocks for line in block.splitlines()]


def run(command: list[str], folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=folder, env=environment(**more), capture_output=True, text=True, check=False, timeout=PATIENCE
    )


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a space in its name, with the files that a clone would have: committed or about to be."""
    need(shutil.which("git") and (ROOT / ".git").exists(), "git, and a checkout made by it")
    folder = tmp_path_factory.mktemp("fresh") / "een kloon"
    listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"], ROOT)
    assert listed.returncode == 0, listed.stderr
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    return folder


def answer(address: str) -> tuple[int, str]:
    """What this address says: the status and the page; 0 when nobody answers."""
    try:
        with urllib.request.urlopen(address, timeout=10) as page:
            return page.status, page.read().decode("utf-8")
    except OSError as problem:
        return getattr(problem, "code", 0), ""


@pytest.fixture(scope="module")
def started(clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """``./start``, with the arguments that the README names; stopped with Ctrl-C, which must end it well."""
    port, log = free_port(), tmp_path_factory.mktemp("start") / "log"
    with log.open("wb") as file:
        process = subprocess.Popen(
            ["./start", "--port", str(port), "--data", str(clone / "elders"), "--no-browser"],
            cwd=clone,
            env=environment(),
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        address = f"http://localhost:{port}"
        try:
            deadline = time.monotonic() + PATIENCE
            while address not in log.read_text(encoding="utf-8") or answer(f"{address}/health")[0] != 200:
                assert process.poll() is None, log.read_text(encoding="utf-8")
                assert time.monotonic() < deadline, log.read_text(encoding="utf-8")
                time.sleep(0.3)
            yield address, log
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(180)
    assert code == 0, log.read_text(encoding="utf-8")
    assert answer(f"{address}/health")[0] == 0


def test_the_readme_names_two_commands_and_they_are_there() -> None:
    assert commands() == ["./start", "./test"]
    for command in commands():
        assert os.access(ROOT / command, os.X_OK)


def test_what_the_readme_points_to_is_there() -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link]
    assert "docs/images/bureau.webp" in inside
    assert not [link for link in inside if not (ROOT / link).exists()]


def test_start_shows_the_log_in_page_and_says_where_and_as_whom(started: tuple[str, Path]) -> None:
    address, log = started
    status, page = answer(f"{address}/accounts/login/")
    assert status == 200
    assert 'lang="nl"' in page
    assert "Inloggen" in page
    printed = log.read_text(encoding="utf-8")
    assert "amal@klankendam.example" in printed
    assert printed.count(address + " ") == 1, "one clear line"


def test_test_checks_with_pytest_in_an_environment_of_its_own(clone: Path, started: tuple[str, Path]) -> None:
    # One quick module: all of it would come back here.
    done = run(["./test", "klankbord/base/text/tests/test_clean.py", "-q"], clone)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^Alles in orde\. [1-9]\d* passed, 0 failed, 0 skipped in \d+ s$", done.stdout, re.MULTILINE)
    assert (clone / ".venv" / "bin" / "ruff").exists()
    assert answer(f"{started[0]}/health")[0] == 200, "what was started goes on while the tests are run"


def test_test_fails_when_a_test_fails(clone: Path) -> None:
    wrong = clone / "tests" / "test_wrong.py"
    wrong.write_text("def test_that_is_wrong() -> None:\n    assert False\n", encoding="utf-8")
    done = run(["./test", "tests/test_wrong.py"], clone)
    wrong.unlink()
    assert done.returncode == 1
    assert "Niet in orde: Tests. 0 passed, 1 failed, 0 skipped" in done.stdout
