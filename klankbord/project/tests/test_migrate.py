"""``klankbord migrate``, also as SQL for a database administrator."""

from __future__ import annotations

import subprocess
from pathlib import Path

import psycopg
import pytest

from klankbord.base.postgres import Cluster
from klankbord.base.postgres.dump import dump
from klankbord.project.tests.running import klankbord


def schema(cluster: Cluster) -> list[str]:
    """The definitions in the database, as PostgreSQL itself writes them."""
    listing = subprocess.run(
        [cluster.place.bin_dir / "pg_restore", "--schema-only", "--no-owner", "--file=-"],
        input=b"".join(dump(cluster.owner_url, privileges=True)),
        capture_output=True,
        check=True,
    ).stdout.decode()
    return [line for line in listing.splitlines() if not line.startswith(("--", "\\"))]


def test_the_printed_sql_makes_the_very_same_database_and_printing_changes_nothing(tmp_path: Path) -> None:
    with Cluster(tmp_path / "printed", fast=True) as printed, Cluster(tmp_path / "migrated", fast=True) as migrated:
        sides = [
            {"DATABASE_URL": each.app_url, "DATABASE_OWNER_URL": each.owner_url, "KLANKBORD_DATA": str(each.data_dir)}
            for each in (printed, migrated)
        ]
        text = klankbord("migrate", "--print-sql", **sides[0])
        assert text.returncode == 0, text.stderr
        with psycopg.connect(printed.owner_url, autocommit=True) as connection:
            tables = connection.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").fetchone()
            assert tables == (0,)
            connection.execute(text.stdout.encode())
        done = klankbord("migrate", **sides[1])
        assert done.returncode == 0, done.stderr
        assert schema(printed) == schema(migrated)
        nothing = klankbord("migrate", "--print-sql", **sides[0])
        assert "CREATE TABLE" not in nothing.stdout


def test_without_the_owners_address_it_says_which_variable_to_set(tmp_path: Path) -> None:
    done = klankbord("migrate", "--data", tmp_path, DATABASE_URL="postgresql://klankbord_app@127.0.0.1:1/x")
    assert done.returncode != 0
    assert "DATABASE_OWNER_URL" in done.stderr


@pytest.mark.parametrize("command", ["web", "work", "listen"])
def test_a_database_that_cannot_be_reached_is_told_in_one_line(tmp_path: Path, command: str) -> None:
    done = klankbord(command, "--data", tmp_path, DATABASE_URL="postgresql://klankbord_app@127.0.0.1:1/x")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
