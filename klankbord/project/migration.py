"""What ``klankbord migrate`` executes, and how it is printed for a database administrator."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from klankbord.base.postgres import Cluster
from klankbord.base.postgres.dump import dump, restore, row_counts

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.migrations import Migration

# What only looks is not printed, unless the looking changes something.
_LOOKS = re.compile(r"\s*(SELECT|SHOW|SAVEPOINT|RELEASE|ROLLBACK)\b", re.IGNORECASE)
_ACTS = re.compile(r"\b(setval|set_config)\s*\(", re.IGNORECASE)
# The rows that say what has been done already.
_BOOKKEEPING = {"django_migrations", "django_content_type", "auth_permission"}


def use_database(url: str) -> BaseDatabaseWrapper:
    """From here on, everything Django does in this process it does with this database."""
    os.environ["DATABASE_URL"] = url
    os.environ["KLANKBORD_POOL_SIZE"] = "0"
    import django

    django.setup()
    from django.db import connection

    return connection


def grants_for(app_role: str) -> Iterator[str]:
    """What the log-in of web, work and listen gets, after every migration."""
    from klankbord.tenancy.grants import grants

    for statement in grants(app_role):
        yield statement.as_string()


def print_sql(owner: str, app_role: str) -> None:
    """Prints what a migration of this database would execute.

    The database itself is only read. Its definitions are copied to a server of a moment, which is migrated while we
    write along: asking Django to collect the SQL only does not do, because operations look up what earlier ones made.
    """
    others = [table for table in row_counts(owner) if table not in _BOOKKEEPING]
    with tempfile.TemporaryDirectory() as folder, Cluster(Path(folder) / "rehearsal", fast=True) as rehearsal:
        restore(rehearsal.owner_url, dump(owner, privileges=False, without_rows=others))
        connection = use_database(rehearsal.owner_url)
        _migrate_aloud(connection)
        connection.close()
    for statement in grants_for(app_role):
        print(f"{statement};")


def _migrate_aloud(connection: BaseDatabaseWrapper) -> None:
    from django.core.management import call_command
    from django.db.migrations.executor import MigrationExecutor

    compose: Callable[[Any, Any], str] = connection.ops.compose_sql  # type: ignore[attr-defined]  # PostgreSQL has it

    def record(execute: Callable[..., Any], text: Any, parameters: Any, many: bool, context: Any) -> Any:
        for values in parameters if many else [parameters]:
            statement = str(text) if values is None else compose(text, values)
            if not _LOOKS.match(statement) or _ACTS.search(statement):
                print(f"{statement.strip().rstrip(';')};")
        return execute(text, parameters, many, context)

    def bracket(action: str, migration: Migration | None = None, _fake: bool = False) -> None:
        if migration is None or action not in ("apply_start", "apply_success"):
            return
        if action == "apply_start":
            print(f"\n-- {migration.app_label} {migration.name}")
            if any(type(operation).__name__ == "RunPython" for operation in migration.operations):
                print("-- This step is Python code; rows that exist already are only changed by: klankbord migrate")
        if migration.atomic:
            # Some settings hold until the end of their transaction.
            print("BEGIN;" if action == "apply_start" else "COMMIT;")

    with connection.execute_wrapper(record):
        executor = MigrationExecutor(connection, bracket)  # type: ignore[arg-type]  # the stubs know one argument only
        executor.migrate(executor.loader.graph.leaf_nodes())
        print("\n-- What belongs to the tables")
        call_command("migrate", interactive=False, verbosity=0)
