"""The role table: which role opens what. Data, not code; the database holds the same sets (a test compares)."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.utils.translation import gettext_lazy as _


class Role(StrEnum):
    COLLEAGUE = "colleague"
    WEBCARE = "webcare"
    EDITOR = "editor"
    ANALYST = "analyst"
    COORDINATOR = "coordinator"
    PRIVACY = "privacy"
    ADMIN = "admin"


ROLE_LABELS = {
    Role.COLLEAGUE: _("Colleague"),
    Role.WEBCARE: _("Webcare"),
    Role.EDITOR: _("Editor"),
    Role.ANALYST: _("Analyst"),
    Role.COORDINATOR: _("Coordinator"),
    Role.PRIVACY: _("Privacy officer"),
    Role.ADMIN: _("Administrator"),
}
ROLE_CHOICES = [(role.value, label) for role, label in ROLE_LABELS.items()]


class Right(StrEnum):
    READ_PUBLIC = "read public conversations"
    READ_PRIVATE = "read private messages"
    WRITE_CONVERSATIONS = "write in conversations"
    OPEN_WITH_REASON = "open a conversation with a reason"
    READ_OWN_DOSSIERS = "read the figures of dossiers that one owns"
    READ_DOSSIERS = "read dossiers and finds"
    WRITE_DOSSIERS = "write dossiers"
    SIGN_DOSSIERS = "sign dossiers and decide what may be followed"
    SEE_PUBLIC_ORDER = "see the figures of public order dossiers"
    OPEN_PUBLIC_ORDER = "write public order dossiers and open their messages with a reason"
    READ_TEAMS = "read teams, rules and norms"
    WRITE_TEAMS = "write teams, rules and norms"
    READ_CHANNELS = "read channels, members and mandates"
    WRITE_CHANNELS = "write channels, members and mandates"
    HOLD_EXERCISES = "hold, steer and put back exercises"
    READ_AUDIT = "read the whole audit log"
    READ_TEAM_AUDIT = "read the audit log of the own team"
    READ_OWN_AUDIT = "read own acts in the audit log"


R = Right
RIGHTS: dict[Role, frozenset[Right]] = {
    Role.COLLEAGUE: frozenset({R.READ_OWN_DOSSIERS, R.READ_OWN_AUDIT}),
    Role.WEBCARE: frozenset({R.READ_PUBLIC, R.READ_PRIVATE, R.WRITE_CONVERSATIONS, R.READ_DOSSIERS, R.READ_OWN_AUDIT}),
    Role.EDITOR: frozenset({R.READ_PUBLIC, R.READ_DOSSIERS, R.WRITE_DOSSIERS, R.READ_OWN_AUDIT}),
    Role.ANALYST: frozenset(
        {
            R.READ_PUBLIC,
            R.READ_DOSSIERS,
            R.WRITE_DOSSIERS,
            R.SEE_PUBLIC_ORDER,
            R.OPEN_PUBLIC_ORDER,
            R.READ_OWN_AUDIT,
        }
    ),
    Role.COORDINATOR: frozenset(
        {
            R.READ_PUBLIC,
            R.READ_PRIVATE,
            R.WRITE_CONVERSATIONS,
            R.READ_DOSSIERS,
            R.WRITE_DOSSIERS,
            R.SEE_PUBLIC_ORDER,
            R.READ_TEAMS,
            R.WRITE_TEAMS,
            R.READ_CHANNELS,
            R.HOLD_EXERCISES,
            R.READ_TEAM_AUDIT,
        }
    ),
    Role.PRIVACY: frozenset(
        {
            R.OPEN_WITH_REASON,
            R.READ_DOSSIERS,
            R.SIGN_DOSSIERS,
            R.SEE_PUBLIC_ORDER,
            R.READ_TEAMS,
            R.READ_CHANNELS,
            R.READ_AUDIT,
        }
    ),
    Role.ADMIN: frozenset(
        {R.READ_TEAMS, R.WRITE_TEAMS, R.READ_CHANNELS, R.WRITE_CHANNELS, R.HOLD_EXERCISES, R.READ_AUDIT}
    ),
}


def rights_of(roles: Iterable[str]) -> frozenset[Right]:
    """All rights that a set of roles opens together; unknown roles open nothing."""
    known = {role.value for role in Role}
    return frozenset().union(*(RIGHTS[Role(role)] for role in roles if role in known))
