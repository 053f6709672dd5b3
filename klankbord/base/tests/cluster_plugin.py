"""Gives the whole test run one fast PostgreSQL of its own; loaded with ``-p`` so that it is there before Django.

Django connects as ``klankbord_owner`` (who may create the test database); the fixture :func:`as_app` changes to the
log-in that web, work and listen use. ``KLANKBORD_TEST_POSTGRES_BIN`` chooses other programs, such as an older major.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from klankbord.base.postgres import Cluster
from klankbord.base.tests.needs import need

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

_started: list[Cluster] = []


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Generator[None, Any, Any]:
    """Starts the server before Django reads its settings."""
    if "DATABASE_URL" not in os.environ:
        chosen = os.environ.get("KLANKBORD_TEST_POSTGRES_BIN")
        folder = Path(tempfile.mkdtemp(prefix="klankbord-test-"))
        cluster = Cluster(folder, Path(chosen) if chosen else None, fast=True)
        cluster.start()
        _started.append(cluster)
        os.environ["KLANKBORD_DATA"] = str(folder)
        os.environ["DATABASE_URL"] = os.environ["DATABASE_OWNER_URL"] = cluster.owner_url
        os.environ["KLANKBORD_TEST_APP_URL"] = cluster.app_url
    return (yield)


def pytest_unconfigure() -> None:
    """Stops the server and removes its data."""
    while _started:
        cluster = _started.pop()
        cluster.stop()
        shutil.rmtree(cluster.data_dir, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster() -> Cluster:
    """The server of this test run."""
    need(_started, "the server of the test run: DATABASE_URL points to one of your own")
    return _started[0]


KEPT = {"django_migrations", "django_content_type", "auth_permission", "tenancy_municipality"}
"""Tables that migrations fill; emptying them would change what every later test finds."""


def _sweep(connection: BaseDatabaseWrapper) -> None:
    """Empties what has ever been filled: four times as fast as a TRUNCATE of all, and ten times as Django's flush."""
    from django.db import DatabaseError, transaction

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND pg_relation_size(oid) > 0"
        )
        filled = [name for (name,) in cursor.fetchall() if name not in KEPT]
        if not filled:
            return
        try:
            with transaction.atomic():
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")
                cursor.execute("; ".join(f'DELETE FROM "{name}"' for name in filled))
                cursor.execute(
                    "SELECT setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)"
                    " FROM pg_sequences WHERE last_value IS NOT NULL AND schemaname = 'public'"
                )
        except DatabaseError:
            # Rows that only go together, or that a trigger protects.
            cursor.execute(f"TRUNCATE {', '.join(filled)} RESTART IDENTITY CASCADE")


@pytest.fixture
def clean_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The test may use the database and commit; what it left is swept out afterwards."""
    from django.db import connection

    with django_db_blocker.unblock():
        yield
        _sweep(connection)
        connection.close()


@pytest.fixture
def as_app(clean_database: None) -> Iterator[None]:
    """The test talks to the database as ``klankbord_app``, as web, work and listen do."""
    from django.db import connection
    from psycopg.conninfo import conninfo_to_dict

    app = conninfo_to_dict(os.environ["KLANKBORD_TEST_APP_URL"])
    settings = connection.settings_dict
    before = {name: settings[name] for name in ("USER", "PASSWORD")}

    def change(to: dict[str, Any]) -> None:
        connection.close()
        pool = getattr(connection, "close_pool", None)
        if pool is not None:
            pool()
        settings.update(to)

    change({"USER": app["user"], "PASSWORD": app["password"]})
    yield
    change(before)
