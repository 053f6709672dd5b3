"""Every environment variable that Klankbord reads: the source of ``docs/environment.md`` and of a check by the doctor.

After a change: ``python -m tests.environment``. A test compares this table with the code and with the page.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

PREFIX = "KLANKBORD_"


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable: what holds when it is unset, and what it means. ``secret``: its value is shown nowhere."""

    name: str
    default: str
    meaning: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Chapter:
    """Variables about one subject."""

    title: str
    variables: tuple[Variable, ...]


CHAPTERS = (
    Chapter(
        "Address and data",
        (
            Variable(
                "KLANKBORD_ADDRESS",
                "this machine",
                "The public address, such as `https://klankbord.example.org`: its name, secure cookies and HSTS.",
            ),
            Variable(
                "KLANKBORD_DATA",
                "`data` in the checkout",
                "Folder with everything that is kept; also `--data` on each command.",
            ),
            Variable(
                "KLANKBORD_SECRET_FILE",
                "`secrets.json` in the data folder",
                "The file with secrets; made once, mode 0600. Without it passwords of channels and apps are lost.",
            ),
            Variable("KLANKBORD_LANGUAGE", "`nl`", "Language of the command line; `en` for the source."),
            Variable(
                "KLANKBORD_LOG",
                "lines for people",
                "`json` for a collector: an object per line on standard error.",
            ),
        ),
    ),
    Chapter(
        "Database",
        (
            Variable(
                "DATABASE_URL",
                "the embedded server",
                "A database server (15 or newer) with the log-in of web, work and listen, which owns nothing.",
                secret=True,
            ),
            Variable(
                "DATABASE_OWNER_URL",
                "the embedded server",
                "The log-in that owns the tables; for `migrate`, `backup`, `restore` and the first steps of `start`.",
                secret=True,
            ),
            Variable("KLANKBORD_POOL_SIZE", "10", "Database connections per process; 0 for no pool."),
            Variable(
                "KLANKBORD_POSTGRES_HOME",
                "`/var/lib/klankbord`",
                "Where the embedded server of root lives when it cannot live in the data folder.",
            ),
        ),
    ),
    Chapter(
        "Network",
        (
            Variable(
                "FORWARDED_ALLOW_IPS",
                "127.0.0.1",
                "Addresses of the reverse proxy, with commas: only its word counts for a visitor's address and TLS.",
            ),
            Variable(
                "KLANKBORD_ALLOWED_HOSTS",
                "none",
                "Servers on private addresses that may be reached all the same, with commas: `name` or `name:port`.",
            ),
            Variable(
                "KLANKBORD_UNDO_SECONDS",
                "6",
                "Seconds an answer waits here after a press on Send, so that it can be taken back; `0`: not at all.",
            ),
            Variable(
                "KLANKBORD_SENDING_LEASE",
                "90",
                "Seconds an answer may be on its way out before it counts as uncertain; longer than any time-out.",
            ),
            Variable(
                "KLANKBORD_METRICS_TOKEN",
                "only this machine",
                "Word that a collector of metrics shows (`Authorization: Bearer …`) to read `/metrics` from elsewhere.",
                secret=True,
            ),
        ),
    ),
    Chapter(
        "Log-in with an identity provider (OpenID Connect)",
        (
            Variable(
                "KLANKBORD_OIDC_ADDRESS", "none", "The address of the provider (issuer), which begins with https."
            ),
            Variable("KLANKBORD_OIDC_CLIENT", "none", "The name (client id) of Klankbord there."),
            Variable(
                "KLANKBORD_OIDC_SECRET_FILE",
                "none",
                "File with the secret that belongs to it, readable for Klankbord alone.",
            ),
            Variable("KLANKBORD_OIDC_SECRET", "none", "The secret itself, when a file is not possible.", secret=True),
            Variable("KLANKBORD_OIDC_NAME", "its host name", "What stands on the button: Log in with …"),
            Variable("KLANKBORD_OIDC_GROUPS", "`groups`", "The claim that holds somebody's groups."),
            Variable("KLANKBORD_OIDC_SCOPES", "`openid profile email`", "What is asked for, with spaces between them."),
            Variable(
                "KLANKBORD_OIDC_SECOND_STEP",
                "none",
                "Claims that prove a second step there, such as `amr=mfa`; unset, Klankbord asks for its own.",
            ),
        ),
    ),
    Chapter(
        "Commands",
        (
            Variable(
                "KLANKBORD_BACKUP_PASSPHRASE",
                "asked for",
                "Passphrase of backup and restore when nobody can type it.",
                secret=True,
            ),
        ),
    ),
)
# Between our own processes, not for people.
INTERNAL = frozenset({"KLANKBORD_SUPERVISED"})

VARIABLES = tuple(variable for chapter in CHAPTERS for variable in chapter.variables)


def unknown(names: Iterable[str]) -> list[tuple[str, str]]:
    """Names that begin like ours and mean nothing, each with the one that was probably meant, or empty."""
    known = {variable.name.removeprefix(PREFIX): variable.name for variable in VARIABLES}
    strange = sorted(name for name in names if name.startswith(PREFIX) and name not in {*known.values(), *INTERNAL})
    meant = {name: difflib.get_close_matches(name.removeprefix(PREFIX), known, 1) for name in strange}
    return [(name, known[close[0]] if close else "") for name, close in meant.items()]
