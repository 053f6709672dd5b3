"""The kinds of table in the house: who may see a row, decided by PostgreSQL itself.

Every model names its kind as ``fence = Kind.…``; the migration operation ``Fence`` puts the policy on the table and a
test compares the models, this page and the database catalogue. Tables of other packages are named in ``SYSTEM_TABLES``.
"""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    HOUSE = "house"
    """Rows of one organisation, for its own members: settings, teams, dossiers."""
    DESK = "desk"
    """What residents said and what was done with it: own readers and mandated desks, private rows for fewer people."""
    CHANNEL = "channel"
    """A connected account: its own members see it, and so do the desks that are mandated for it."""
    CHILD = "child"
    """Belongs to one post: seen by whoever sees that, written by who may write on its channel."""
    READERS = "readers"
    """Rows about persons: only for who reads some channel of that organisation."""
    PACT = "pact"
    """The one row that names two organisations, readable by both: the mandate."""
    JOURNAL = "journal"
    """Written by anybody who acts for the organisation, read by its members, changed by nobody."""
    SHARED = "shared"
    """All organisations read, the owner writes."""
    OPEN = "open"
    """Reference data for everybody; the application never writes it."""
    PERSONAL = "personal"
    """Rows of one user."""
    SYSTEM = "system"
    """No organisation: named with the reason."""


SYSTEM_TABLES = {
    "tenancy_user": "log-in happens before anybody has entered; names are reached through memberships",
    "tenancy_installation": "one row about the machine: its address and its mail server, the password encrypted",
    "channels_source": "what is open to all is fetched once, whoever wants it; holds no content and no secrets",
    "channels_gap": "when a source could not be heard; holds no content",
    "channels_landing": "raw things until they are routed to the organisations that want them",
    "base_cache": "how often somebody tried, for all web processes together; hashes and moments, no content",
    "public_visit": "how often somebody handed something in this hour, under a hash that nobody can turn back",
    "base_heartbeat": "which parts are alive",
    "tenancy_session": "log-in state, before anybody has entered",
    "django_migrations": "schema bookkeeping",
    "django_content_type": "schema bookkeeping",
    "auth_group": "unused table of a dependency",
    "auth_group_permissions": "unused table of a dependency",
    "auth_permission": "unused table of a dependency",
    "account_emailaddress": "log-in, before anybody has entered",
    "account_emailconfirmation": "log-in, before anybody has entered",
    "mfa_authenticator": "log-in, before anybody has entered; secrets are encrypted",
    "socialaccount_socialaccount": "who somebody is at the identity provider; log-in, before anybody has entered",
    "socialaccount_socialapp": "unused table of a dependency: the provider stands in the environment",
    "socialaccount_socialtoken": "unused table of a dependency: no tokens are kept",
    "procrastinate_jobs": "job rows carry ids only",
    "procrastinate_events": "job bookkeeping",
    "procrastinate_periodic_defers": "job bookkeeping",
    "procrastinate_workers": "job bookkeeping",
}
