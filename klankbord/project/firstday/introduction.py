"""What ``klankbord start`` tells at the end: who can log in to the demo, and how a real organisation begins."""

from __future__ import annotations

import json
from pathlib import Path

import psycopg

from klankbord.base.language import gettext as _
from klankbord.base.secrets import read_secrets, secrets_path

CAST = Path(__file__).parents[1] / "demo_cast.json"


def introduction(database_url: str, data_dir: Path, address: str) -> list[str]:
    """Lines for the screen, by what is in the database at this moment."""
    with psycopg.connect(database_url) as connection:
        row = connection.execute(
            "SELECT coalesce(bool_or(is_demo), false), coalesce(bool_or(NOT is_demo), false) FROM tenancy_organisation"
        ).fetchone()
    has_demo, is_settled = row or (False, False)
    lines = []
    if has_demo:
        cast = json.loads(CAST.read_text(encoding="utf-8"))
        lines.append(
            _("Log in to the demo (everything in it is made up) with the password {password} as:").format(**cast)
        )
        lines += [f"  {person['email']:<30} {person['about']}" for person in cast["people"]]
    if not is_settled:
        code = read_secrets(secrets_path(data_dir))["setup_code"]
        lines.append(
            _("Set up your own organisation: {address}/first-day/ with the set-up code {code}").format(
                address=address, code=code
            )
        )
    return lines
