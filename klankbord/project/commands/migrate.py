"""``klankbord migrate``: brings the tables up to date, as the log-in that owns them."""

from __future__ import annotations

import argparse
import os
import sys

import psycopg
from psycopg.conninfo import conninfo_to_dict

from klankbord.base.language import gettext as _
from klankbord.base.postgres.cluster import APP
from klankbord.project.installation import owner_database


def help() -> str:
    return _("brings the tables of the database up to date")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--print-sql", action="store_true", help=_("change nothing, print the SQL for a database administrator")
    )


def run(options: argparse.Namespace) -> int:
    app = os.environ.get("DATABASE_URL")
    app_role = str(conninfo_to_dict(app).get("user") or APP) if app else APP
    with owner_database() as owner:
        # Everything Django does in this process, it does as the owner.
        os.environ["DATABASE_URL"] = owner
        os.environ["KLANKBORD_POOL_SIZE"] = "0"
        import django

        django.setup()
        if options.print_sql:
            _print_sql(app_role)
        else:
            _migrate(owner, app_role)
    return 0


def _migrate(owner: str, app_role: str) -> None:
    from django.core.management import call_command

    from klankbord.tenancy.grants import grants

    call_command("migrate", interactive=False, verbosity=0)
    with psycopg.connect(owner) as connection:
        for statement in grants(app_role):
            connection.execute(statement)


def _print_sql(app_role: str) -> None:
    """What :func:`_migrate` would run, in its order; steps in Python that change data are named in a comment."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor
    from django.db.migrations.recorder import MigrationRecorder

    from klankbord.tenancy.grants import grants

    recorder = MigrationRecorder(connection)
    if not recorder.has_table():
        with connection.schema_editor(collect_sql=True) as editor:
            editor.create_model(recorder.Migration)
        _print(editor.collected_sql)
    executor = MigrationExecutor(connection)
    state = executor.loader.project_state([])
    for migration, _backwards in executor.migration_plan(executor.loader.graph.leaf_nodes(), clean_start=True):
        if (migration.app_label, migration.name) in executor.loader.applied_migrations:
            state = migration.mutate_state(state, preserve=False)
            continue
        print(f"\n-- {migration.app_label} {migration.name}")
        with connection.schema_editor(collect_sql=True, atomic=migration.atomic) as editor:
            state = migration.apply(state, editor, collect_sql=True)
        _print(editor.collected_sql)
        done = f"'{migration.app_label}', '{migration.name}', now()"
        print(f"INSERT INTO django_migrations (app, name, applied) VALUES ({done});")  # noqa: S608  our own names
    print()
    with psycopg.connect(os.environ["DATABASE_URL"]) as direct:
        for statement in grants(app_role):
            print(f"{statement.as_string(direct)};")


def _print(lines: list[str]) -> None:
    sys.stdout.writelines(f"{line}\n" for line in lines)
