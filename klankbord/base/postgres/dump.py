"""Takes a database out and puts it back, as a stream and without passwords on a command line."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import conninfo_to_dict

from klankbord.base.language import gettext as _
from klankbord.base.postgres import binaries
from klankbord.base.problem import Problem

_PIECE = 2**20
_VARIABLES = {
    "host": "PGHOST",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
}


def _environment(url: str) -> dict[str, str]:
    parts = conninfo_to_dict(url)
    return dict(os.environ) | {_VARIABLES[name]: str(value) for name, value in parts.items() if name in _VARIABLES}


def _programs_for(url: str) -> Path:
    """Programs of the server's own major where we have them: a newer one may write what an older server refuses."""
    with psycopg.connect(url) as connection:
        server = connection.info.server_version // 10000
    return binaries.programs_of(server) or binaries.find_programs()


def dump(
    url: str, *, privileges: bool, bin_dir: Path | None = None, without_rows: Iterable[str] = ()
) -> Iterator[bytes]:
    """The database in PostgreSQL's custom format, in pieces; ``privileges`` says whether the grants come along.

    Of the tables in ``without_rows`` only the definition comes along. Raises :class:`Problem` when it did not come out
    whole; pieces handed out before that are worth nothing.
    """
    command: list[str | Path] = [(bin_dir or _programs_for(url)) / "pg_dump", "--format=custom", "--no-owner"]
    command += ["--no-password", *(f"--exclude-table-data=public.{table}" for table in without_rows)]
    if not privileges:
        command.append("--no-privileges")
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(
            command, env=_environment(url), stdout=subprocess.PIPE, stderr=complaints, cwd="/"
        ) as process:
            assert process.stdout is not None
            while piece := process.stdout.read(_PIECE):
                yield piece
        if process.returncode != 0:
            raise Problem(_("The database could not be copied: {said}").format(said=_said(complaints)))


def restore(url: str, pieces: Iterable[bytes], *, bin_dir: Path | None = None) -> None:
    """Puts a dump into an empty database: everything or, with a :class:`Problem`, nothing."""
    command: list[str | Path] = [(bin_dir or _programs_for(url)) / "pg_restore", "--no-owner", "--no-password"]
    command += ["--single-transaction", "--exit-on-error", f"--dbname={conninfo_to_dict(url)['dbname']}"]
    with tempfile.TemporaryFile() as complaints:
        with subprocess.Popen(
            command, env=_environment(url), stdin=subprocess.PIPE, stderr=complaints, cwd="/"
        ) as process:
            assert process.stdin is not None
            try:
                for piece in pieces:
                    process.stdin.write(piece)
                process.stdin.close()
            except BrokenPipeError:
                # It stopped by itself; what it complained about says why.
                process.wait()
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            raise Problem(
                _("The database could not be put back, and nothing of it was kept: {said}").format(
                    said=_said(complaints)
                )
            )


def _said(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return " / ".join(lines[:2])


def row_counts(url: str) -> dict[str, int]:
    """How many rows each table of the public schema holds."""
    with psycopg.connect(url) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1").fetchall()
        counts = {}
        for (table,) in tables:
            question = psycopg.sql.SQL("SELECT count(*) FROM public.{}").format(psycopg.sql.Identifier(table))
            row = connection.execute(question).fetchone()
            assert row is not None
            counts[table] = int(row[0])
    return counts
