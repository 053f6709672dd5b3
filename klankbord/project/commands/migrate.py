"""``klankbord migrate``: brings the tables up to date, as the log-in that owns them."""

from __future__ import annotations

import argparse
import os

from psycopg.conninfo import conninfo_to_dict

from klankbord.base.language import gettext as _
from klankbord.base.postgres.cluster import APP
from klankbord.project.installation import owner_database
from klankbord.project.migration import grants_for, print_sql, use_database


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
        if options.print_sql:
            print_sql(owner, app_role)
            return 0
        connection = use_database(owner)
        from django.core.management import call_command

        call_command("migrate", interactive=False, verbosity=0)
        with connection.cursor() as cursor:
            for statement in grants_for(app_role):
                cursor.execute(statement)
    return 0
