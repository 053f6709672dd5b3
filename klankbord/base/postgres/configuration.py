"""What PostgreSQL is told: its two configuration files, written anew at each start."""

from __future__ import annotations

import os
from pathlib import Path

# Every setting here exists from PostgreSQL 15 on. What people wrote must not leak into the log, so statements,
# parameters and details (which quote values) stay out of it.
_SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "unix_socket_permissions": "0700",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "5min",
    # a new table grows fast on a first day, and a foreign key checked with the plan of an empty table reads all of it
    "autovacuum_naptime": "10s",
    "password_encryption": "scram-sha-256",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "lc_messages": "C",
    "default_text_search_config": "pg_catalog.dutch",
    "log_destination": "stderr",
    "logging_collector": "off",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length_on_error": "0",
    "log_checkpoints": "off",
    "log_line_prefix": "%m [%p] ",
    "idle_in_transaction_session_timeout": "10min",
}
_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum_naptime": "1h",
}
_WHO = """\
# Only through the socket in our private folder, and only with a password.
local all klankbord_owner scram-sha-256
local all klankbord_app scram-sha-256
local all all reject
"""


def _quoted(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _folder(path: Path) -> str:
    # The setting is a list of names, in which a name with spaces or commas stands between double quotes.
    return '"' + str(path).replace('"', '""') + '"'


def write(pgdata: Path, socket_folder: Path, *, fast: bool) -> None:
    """Writes ``postgresql.conf`` and ``pg_hba.conf``; ``fast`` gives up safety against a power cut, for tests."""
    settings = _SETTINGS | (_FAST if fast else {}) | {"unix_socket_directories": _folder(socket_folder)}
    lines = [f"{name} = {_quoted(value)}\n" for name, value in settings.items()]
    _replace(
        pgdata / "postgresql.conf", "# Written by Klankbord at each start; changes here are lost.\n" + "".join(lines)
    )
    _replace(pgdata / "pg_hba.conf", _WHO)


def _replace(path: Path, text: str) -> None:
    fresh = path.with_name(f".{path.name}.fresh")
    fresh.write_text(text, encoding="utf-8")
    owner = path.parent.stat()
    os.chmod(fresh, 0o600)
    if owner.st_uid != os.geteuid():
        os.chown(fresh, owner.st_uid, owner.st_gid)
    fresh.replace(path)
