"""Whether anything changed in the database, whoever may see it."""

from __future__ import annotations

import os
from typing import Any

import psycopg
from django.db import connection
from psycopg import sql
from psycopg.conninfo import make_conninfo

# Log-in state and signs of life; they change by themselves.
RESTLESS = {"base_cache", "tenancy_session", "base_heartbeat", "account_emailaddress"}


class Ledger:
    """All rows of the database as its owner sees them, as one sum per table."""

    def __init__(self) -> None:
        self.owner = psycopg.connect(
            make_conninfo(os.environ["DATABASE_OWNER_URL"], dbname=connection.settings_dict["NAME"]), autocommit=True
        )
        tables = self.owner.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        sums = [
            sql.SQL("SELECT {}, count(*), sum(hashtextextended(t::text, 0)) FROM {} t").format(
                sql.Literal(name), sql.Identifier(name)
            )
            for (name,) in sorted(tables)
            if name not in RESTLESS
        ]
        self.question = sql.SQL(" UNION ALL ").join(sums)

    def sums(self) -> set[tuple[Any, ...]]:
        return set(self.owner.execute(self.question).fetchall())
