"""What the application's log-in may do: run after every migration, as the owner."""

from __future__ import annotations

from collections.abc import Iterator

from psycopg import sql

READ_ONLY = ("tenancy_municipality", "django_migrations")
APPEND_ONLY = ("tenancy_auditentry", "tenancy_auditseal")


def grants(app_role: str) -> Iterator[sql.Composed]:
    """The statements that give ``app_role`` exactly what it needs on the public schema."""

    def statement(text: str, *names: str) -> sql.Composed:
        return sql.SQL(text).format(*(sql.Identifier(name) for name in names), role=sql.Identifier(app_role))

    yield statement("GRANT USAGE ON SCHEMA public TO {role}")
    yield statement("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    yield statement("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}")
    for table in READ_ONLY:
        yield statement("REVOKE INSERT, UPDATE, DELETE ON {} FROM {role}", table)
    for table in APPEND_ONLY:
        yield statement("REVOKE UPDATE, DELETE ON {} FROM {role}", table)
    yield statement("REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA public FROM PUBLIC")
    yield statement("GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA public TO {role}")
