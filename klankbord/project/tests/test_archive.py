"""Backup and restore, by moving an installation to another folder as if it were another machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import psycopg
import pytest

from klankbord.base.postgres import Cluster
from klankbord.base.postgres.dump import row_counts
from klankbord.base.problem import REFUSED
from klankbord.base.secrets import read_secrets, secrets_path
from klankbord.project.tests.running import klankbord

PASSPHRASE = {"KLANKBORD_BACKUP_PASSPHRASE": "vier fictieve woorden hier"}


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated installation with a few rows and a file."""
    data_dir = tmp_path_factory.mktemp("backup") / "data"
    done = klankbord("migrate", "--data", data_dir)
    assert done.returncode == 0, done.stderr
    with Cluster(data_dir, fast=True) as cluster, psycopg.connect(cluster.owner_url) as connection:
        connection.execute(
            "INSERT INTO base_heartbeat (part, at) SELECT 'p' || n, now() FROM generate_series(1, 500) n"
        )
    photo = data_dir / "media" / "2026" / "kapotte lantaarn (oefening).jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(bytes(range(256)) * 10_000)
    return data_dir


@pytest.fixture(scope="module")
def backup(installation: Path) -> Path:
    file = installation.with_name("klankbord.backup")
    done = klankbord("backup", file, "--data", installation, **PASSPHRASE)
    assert done.returncode == 0, done.stderr
    return file


def counts(data_dir: Path) -> dict[str, int]:
    with Cluster(data_dir, fast=True) as cluster:
        return row_counts(cluster.owner_url)


def test_another_machine_gets_every_row_file_and_secret(installation: Path, backup: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "andere machine"
    done = klankbord("restore", backup, "--data", elsewhere, **PASSPHRASE)
    assert done.returncode == 0, done.stderr
    before, after = counts(installation), counts(elsewhere)
    assert before == after
    assert before["base_heartbeat"] == 500
    assert read_secrets(secrets_path(elsewhere)) == read_secrets(secrets_path(installation))
    assert secrets_path(elsewhere).stat().st_mode & 0o777 == 0o600
    files = [path.relative_to(elsewhere) for path in (elsewhere / "media").rglob("*.jpg")]
    assert files == [path.relative_to(installation) for path in (installation / "media").rglob("*.jpg")]
    assert all((elsewhere / file).read_bytes() == (installation / file).read_bytes() for file in files)
    with Cluster(elsewhere, fast=True) as cluster, psycopg.connect(cluster.app_url) as connection:
        # The grants are made anew, so the web server can work.
        assert connection.execute("SELECT count(*) FROM base_heartbeat").fetchone() == (500,)


def test_a_backup_is_private_checked_and_never_goes_over_an_older_one(installation: Path, backup: Path) -> None:
    assert backup.stat().st_mode & 0o777 == 0o600
    assert klankbord("restore", "--check", backup, **PASSPHRASE).returncode == 0
    size = backup.stat().st_size
    again = klankbord("backup", backup, "--data", installation, **PASSPHRASE)
    assert again.returncode == REFUSED
    assert str(backup) in again.stderr
    assert backup.stat().st_size == size
    assert [path.name for path in backup.parent.iterdir() if "growing" in path.name] == []


def test_a_wrong_passphrase_changes_nothing(backup: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("een andere wachtzin\n", encoding="utf-8")
    done = klankbord("restore", backup, "--data", tmp_path / "new", "--passphrase-file", secret)
    assert done.returncode == REFUSED
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["lock"]


@pytest.mark.parametrize("left", [0.0, 0.3, 0.99999])
def test_a_file_that_was_cut_off_changes_nothing(backup: Path, tmp_path: Path, left: float) -> None:
    cut = tmp_path / "cut"
    cut.write_bytes(backup.read_bytes()[: int(backup.stat().st_size * left)])
    done = klankbord("restore", cut, "--data", tmp_path / "new", **PASSPHRASE)
    assert done.returncode == REFUSED
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["lock"]


def test_a_restore_never_goes_over_what_is_there(installation: Path, backup: Path, tmp_path: Path) -> None:
    before = counts(installation)
    done = klankbord("restore", backup, "--data", installation, **PASSPHRASE)
    assert done.returncode == REFUSED
    assert str(installation) in done.stderr
    assert counts(installation) == before
    with Cluster(tmp_path / "server", fast=True) as server:
        with psycopg.connect(server.owner_url) as connection:
            connection.execute("CREATE TABLE of_somebody_else (id int)")
        own = {"DATABASE_URL": server.app_url, "DATABASE_OWNER_URL": server.owner_url}
        refused = klankbord("restore", backup, "--data", tmp_path / "new", **own, **PASSPHRASE)
        assert refused.returncode == REFUSED
        assert row_counts(server.owner_url) == {"of_somebody_else": 0}


def test_an_installation_moves_onto_a_database_server(installation: Path, backup: Path, tmp_path: Path) -> None:
    with Cluster(tmp_path / "server", fast=True) as server:
        own = {"DATABASE_URL": server.app_url, "DATABASE_OWNER_URL": server.owner_url}
        done = klankbord("restore", backup, "--data", tmp_path / "new", **own, **PASSPHRASE)
        assert done.returncode == 0, done.stderr
        assert row_counts(server.owner_url) == counts(installation)
        assert not (tmp_path / "new" / "postgres").exists()


def test_a_short_passphrase_and_none_at_all_are_refused(installation: Path, tmp_path: Path) -> None:
    target = tmp_path / "file"
    for more in ({"KLANKBORD_BACKUP_PASSPHRASE": "kort"}, {}):
        done = klankbord("backup", target, "--data", installation, **more)
        assert done.returncode == REFUSED
        assert not target.exists()


def test_while_a_restore_fails_halfway_what_it_made_is_taken_away(
    backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from klankbord.project import archive

    def breaks(*_arguments: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KLANKBORD_DATA", str(tmp_path))
    monkeypatch.setattr(shutil, "copyfileobj", breaks)
    with pytest.raises(OSError, match="No space"):
        archive.restore_backup(tmp_path, backup, PASSPHRASE["KLANKBORD_BACKUP_PASSPHRASE"])
    assert list(tmp_path.iterdir()) == []
