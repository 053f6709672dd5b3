"""Is the log-in of web, work and listen as harmless as the fence needs it to be?"""

from __future__ import annotations

from enum import StrEnum

import psycopg

from klankbord.base.language import gettext as _
from klankbord.base.problem import Problem

# A role counts with every role it may become.
_QUESTION = """
SELECT current_user::text,
       coalesce(bool_or(rolsuper), false),
       coalesce(bool_or(rolbypassrls), false),
       EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                WHERE c.relkind IN ('r', 'p') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
                  AND pg_has_role(current_user, c.relowner, 'MEMBER'))
  FROM pg_roles WHERE pg_has_role(current_user, oid, 'MEMBER')
"""


class Power(StrEnum):
    """What would open the fence between organisations."""

    SUPERUSER = "superuser"
    BYPASS = "bypassrls"
    OWNER = "owner"


class TooPowerful(Problem):
    """The log-in could see through the fence."""


def power_of(url: str) -> tuple[str, Power | None]:
    """The name of the role behind this address, and the power it should not have."""
    with psycopg.connect(url) as connection:
        row = connection.execute(_QUESTION).fetchone()
    assert row is not None
    name, superuser, bypass, owner = row
    if superuser:
        return name, Power.SUPERUSER
    if bypass:
        return name, Power.BYPASS
    return name, Power.OWNER if owner else None


def refuse_power(url: str) -> None:
    """Raises :class:`TooPowerful` when this log-in could see through the fence between organisations."""
    role, power = power_of(url)
    why = {
        Power.SUPERUSER: _("is a superuser"),
        Power.BYPASS: _("has BYPASSRLS"),
        Power.OWNER: _("owns tables"),
    }
    if power:
        raise TooPowerful(
            _(
                "The database log-in {role} {why}, so it could see the data of every organisation. Klankbord does not"
                " start with it. Set DATABASE_URL to a log-in that owns nothing, such as klankbord_app."
            ).format(role=role, why=why[power])
        )
