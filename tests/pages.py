"""Asking of a page what it says, in the language of the reader."""

from __future__ import annotations

from html import escape
from typing import Any

from django.utils.translation import gettext, override


def says(response: Any, sentence: str, **filled: object) -> bool:
    """Whether this sentence (its English source) stands on the page, in Dutch where that is compiled."""
    with override("nl"):
        text = gettext(sentence)
    shown = escape(text % filled if filled else text)
    return shown in response.content.decode()


def acts_of(organisation_id: int) -> list[str]:
    """The acts in the log of an organisation, oldest first."""
    from klankbord.tenancy.fence import acting_for
    from klankbord.tenancy.models import AuditEntry

    with acting_for(organisation_id):
        entries = AuditEntry.objects.filter(organisation_id=organisation_id).order_by("pk")
        return list(entries.values_list("actie", flat=True))
