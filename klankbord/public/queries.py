"""Reading the front door: only what anybody may know, through a function of the database."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils.text import slugify

from klankbord.channels.form.exercise import IN_EXERCISE


def word_of(organisation: str) -> str:
    return slugify(organisation) or "contact"


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
        return word_of(self.organisation)

    @property
    def in_exercise(self) -> bool:
        """No mail goes out: answers stand on the page of thanks."""
        return bool(self.page.get(IN_EXERCISE))

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


def demo_page() -> str:
    """The address where somebody can write to the demo as a resident; empty when there is none."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT channel, organisation FROM demo_contact_form()")
        row = cursor.fetchone()
    return reverse("contact-form", args=[word_of(row[1]), row[0]]) if row else ""
