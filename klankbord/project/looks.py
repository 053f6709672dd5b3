"""Small template tags for what every page shows: icons, initials, moments in time."""

from __future__ import annotations

from datetime import datetime

from django import template
from django.utils import timezone
from django.utils.safestring import SafeString

from klankbord.base import drawing
from klankbord.base.text.clean import initials

register = template.Library()
register.filter(initials)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """A drawing from the icon sheet; with a label it speaks for itself, without one it is decoration."""
    return drawing.icon(name, str(label))


@register.simple_tag
def channel_icon(kind: str, label: str = "") -> SafeString:
    """The drawing for a kind of channel; a kind without its own drawing gets a speech balloon."""
    return drawing.channel_icon(kind, str(label))


@register.simple_tag
def moment(when: datetime | None) -> SafeString | str:
    """A moment as people say it, with the exact time for who asks."""
    return drawing.moment(when, timezone.now()) if when else ""


@register.simple_tag
def waited(since: datetime | None) -> SafeString | str:
    """How long somebody has been waiting for an answer."""
    return drawing.waited(since, timezone.now()) if since else ""
