"""From an older PostgreSQL to ours, with the programs of Debian's 15 as the older one."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest

from klankbord.base.postgres import Cluster, binaries, upgrade
from klankbord.base.postgres.cluster import NEXT, WrongMajor
from klankbord.base.problem import Problem
from klankbord.base.tests.needs import need

pytestmark = pytest.mark.real


@pytest.fixture
def older(tmp_path: Path) -> Path:
    """A data folder with a filled database of the older major."""
    programs = binaries.programs_of(15)
    need(programs, "the programs of PostgreSQL 15")
    data_dir = tmp_path / "oude gegevens"
    with Cluster(data_dir, programs, fast=True) as cluster, psycopg.connect(cluster.owner_url) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE TABLE kept AS SELECT n AS id, 'één ' || n AS text FROM generate_series(1, 2000) n")
        connection.execute("ALTER TABLE kept ADD PRIMARY KEY (id), ENABLE ROW LEVEL SECURITY")
        connection.execute("CREATE POLICY half ON kept USING (id % 2 = 0)")
        connection.execute("GRANT SELECT ON kept TO klankbord_app")
    return data_dir


def counts(cluster: Cluster) -> tuple[object, object]:
    with psycopg.connect(cluster.owner_url) as owner, psycopg.connect(cluster.app_url) as app:
        question = "SELECT count(*), max(text) FROM kept"
        return owner.execute(question).fetchone(), app.execute(question).fetchone()


def test_every_row_grant_and_policy_comes_along_and_the_old_one_is_kept(older: Path) -> None:
    with pytest.raises(WrongMajor, match="upgrade-database"):
        Cluster(older).start()
    kept = upgrade.upgrade(older, print)
    assert kept is not None
    assert (kept / "PG_VERSION").read_text(encoding="ascii") == "15\n"
    with Cluster(older) as cluster:
        assert counts(cluster) == ((2000, "één 999"), (1000, "één 998"))
    assert upgrade.upgrade(older, print) is None
    assert not (older / "postgres" / "upgrading").exists()


def test_a_copy_that_fails_leaves_the_old_database_in_use(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrade, "row_counts", lambda url: {url: 1})
    with pytest.raises(Problem):
        upgrade.upgrade(older, print)
    monkeypatch.undo()
    with Cluster(older, binaries.programs_of(15), fast=True) as cluster:
        assert counts(cluster)[0] == (2000, "één 999")
    assert upgrade.upgrade(older, print) is not None


def test_a_crash_between_the_two_moves_is_finished_by_the_next_start(older: Path) -> None:
    upgrade.upgrade(older, print)
    home = older / "postgres"
    (home / "pgdata").rename(home / NEXT)
    with Cluster(older) as cluster:
        assert counts(cluster)[0] == (2000, "één 999")


def test_without_the_older_programs_it_says_how_to_get_them(older: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    find = binaries.programs_of
    monkeypatch.setattr(binaries, "programs_of", lambda major: None if major == 15 else find(major))
    monkeypatch.setattr(shutil, "which", lambda name: None)
    monkeypatch.setattr(upgrade, "subprocess", SimpleNamespace(run=lambda *_arguments, **_more: None))
    with pytest.raises(Problem, match="postgresql-15"):
        upgrade.upgrade(older, print)
    assert (older / "postgres" / "pgdata" / "PG_VERSION").read_text(encoding="ascii") == "15\n"
