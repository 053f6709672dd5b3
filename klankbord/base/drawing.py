"""Small pieces of a page that are drawn hundreds of times: icons, moments, stretches of time."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import lru_cache

from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

CHANNEL_ICONS = {
    "mail": "mail",
    "mastodon": "fediverse",
    "exercise": "mask",
    "form": "note",
    "tip": "person",
    "feed": "pulse",
}
FEW_MINUTES = 60
# The widest of the norms that public bodies publish for a first answer.
LATE = timedelta(hours=24)


@lru_cache(maxsize=500)
def icon(name: str, label: str = "") -> SafeString:
    """A drawing from the icon sheet; with a label it speaks for itself, without one it is decoration.

    Remembered: a full list shows a few drawings hundreds of times.
    """
    address = f"{static('klankbord/icons.svg')}#{name}"
    if label:
        return format_html(
            '<svg class="kb-icon" role="img" aria-label="{0}"><title>{0}</title><use href="{1}"></use></svg>',
            label,
            address,
        )
    return format_html('<svg class="kb-icon" aria-hidden="true"><use href="{}"></use></svg>', address)


def channel_icon(kind: str, label: str = "") -> SafeString:
    """The drawing for a kind of channel; a kind without its own drawing gets a speech balloon."""
    return icon(CHANNEL_ICONS.get(kind, "chat"), label)


def moment(when: datetime, now: datetime) -> SafeString:
    """A moment as people say it, with the exact time for who asks; ``page.js`` keeps the minutes going."""
    local = timezone.localtime(when)
    exact = f"{_day(local.date(), 'l j F Y', get_language())} {local:%H:%M}"
    return format_html(
        '<time class="kb-time" datetime="{}" title="{}">{}</time>', when.isoformat(), exact, said(when, now)
    )


@lru_cache(maxsize=2000)
def _day(day: date, form: str, language: str | None) -> str:
    # remembered: a list shows the same few days on every line
    return date_format(day, form)


def said(when: datetime, now: datetime) -> str:
    """Minutes within the hour, the clock on the same day, then the day, then the year too."""
    minutes = int((now - when).total_seconds() // 60)
    if 0 <= minutes < 1:
        return gettext("now")
    if 0 < minutes < FEW_MINUTES:
        return gettext("%(minutes)d min") % {"minutes": minutes}
    local, here = timezone.localtime(when), timezone.localtime(now)
    if local.date() == here.date():
        return f"{local:%H:%M}"
    return _day(local.date(), "j b" if local.year == here.year else "j b Y", get_language())


def waited(since: datetime, now: datetime) -> SafeString:
    """How long somebody has been waiting for an answer; ``page.js`` lets it grow."""
    return format_html('<time class="kb-waited" datetime="{}">{}</time>', since.isoformat(), so_long(now - since))


def so_long(time: timedelta) -> str:
    """A stretch of time in the largest unit that says enough."""
    minutes = max(1, int(time.total_seconds() // 60))
    if minutes < FEW_MINUTES:
        return gettext("%(minutes)d min") % {"minutes": minutes}
    hours = minutes // 60
    if hours < 24:
        return ngettext("%(hours)d hour", "%(hours)d hours", hours) % {"hours": hours}
    return ngettext("%(days)d day", "%(days)d days", hours // 24) % {"days": hours // 24}


def is_late(since: datetime | None, now: datetime) -> bool:
    """True when somebody has waited longer than any published norm allows: a person is needed now."""
    return since is not None and now - since > LATE
