"""The doctor names what is wrong, one line each, with its repair."""

from __future__ import annotations

from pathlib import Path

from klankbord.base.postgres import Cluster
from klankbord.base.secrets import secrets_path
from klankbord.project.tests.running import klankbord


def bad_news(output: str) -> list[str]:
    lines = output.splitlines()
    return [lines[number - 1] for number, line in enumerate(lines) if line.startswith("       → ")]


def test_a_folder_that_was_never_used_has_no_secrets_and_stays_empty(tmp_path: Path) -> None:
    done = klankbord("doctor", "--data", tmp_path)
    assert done.returncode == 1
    assert [str(secrets_path(tmp_path)) in line for line in bad_news(done.stdout)] == [True]
    assert list(tmp_path.iterdir()) == []


def test_each_trouble_has_its_own_line(tmp_path: Path) -> None:
    with Cluster(tmp_path, fast=True):
        first = klankbord("doctor", "--data", tmp_path)
        assert len(bad_news(first.stdout)) == 3  # not migrated, nobody works, nobody listens
        assert klankbord("migrate", "--data", tmp_path).returncode == 0
        secrets_path(tmp_path).chmod(0o644)
        second = klankbord("doctor", "--data", tmp_path)
        assert len(bad_news(second.stdout)) == 3  # readable secrets, nobody works, nobody listens
        assert f"chmod 600 '{secrets_path(tmp_path)}'" in second.stdout
    third = klankbord("doctor", "--data", tmp_path)
    assert len(bad_news(third.stdout)) == 2  # readable secrets, no database
    assert third.stderr == ""


def test_what_stands_around_the_house_is_looked_at_too(tmp_path: Path) -> None:
    with Cluster(tmp_path, fast=True):
        assert klankbord("migrate", "--data", tmp_path).returncode == 0
        secret = tmp_path / "oidc"
        secret.write_text("woord-van-de-oefening")
        secret.chmod(0o644)
        strange = {
            "KLANKBORD_ADRES": "https://klankbord.example.org",
            "KLANKBORD_ADDRESS": "http://klankbord.example.org",
            "KLANKBORD_OIDC_ADDRESS": "http://localhost:9",
            "KLANKBORD_OIDC_CLIENT": "klankbord",
            "KLANKBORD_OIDC_SECRET_FILE": str(secret),
        }
        done = klankbord("doctor", "--data", tmp_path, **strange)
    told = bad_news(done.stdout)
    assert len(told) == 6, done.stdout  # nobody works, nobody listens, and these four
    assert "KLANKBORD_ADRES " in told[2]
    assert "http://klankbord.example.org" in told[3]
    assert "localhost" in told[4]
    assert str(secret) in told[5]
    assert "KLANKBORD_ADDRESS" in done.stdout
    assert "woord-van-de-oefening" not in done.stdout
    assert done.stderr == ""
