"""Reading the front door: only what anybody may know, through a function of the database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.text import slugify


@dataclass(frozen=True, slots=True)
class Look:
    """Whose looks a page wears, and which version of them; empty where there are none of its own."""

    pk: int
    style_version: str
    logo_version: str


@dataclass(frozen=True, slots=True)
class Door:
    """A contact form as residents meet it."""

    channel: int
    source: int
    organisation: str
    is_demo: bool
    page: dict[str, Any]
    enabled: bool
    look: Look

    @property
    def word(self) -> str:
        """What stands in the address beside the number, for people."""
        return slugify(self.organisation) or "contact"

    def intro(self, language: str) -> str:
        return str((self.page["intro_en"] if language == "en" else "") or self.page["intro"])


def find_door(channel: int) -> Door | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT source, organisation, demo, page, enabled, house, style, logo FROM contact_form(%s)", [channel]
        )
        row = cursor.fetchone()
    if row is None:
        return None
    source, organisation, is_demo, page, enabled, *look = row
    page = json.loads(page) if isinstance(page, str) else page
    return Door(channel, source, organisation, is_demo, page, enabled, Look(*look))
