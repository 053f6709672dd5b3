"""What stands at the top of every staff page: whose house this is and where one can go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from klankbord.tenancy.fence import Sight
from klankbord.tenancy.models import Organisation
from klankbord.tenancy.roles import Right

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

ANY_LOG = (Right.READ_AUDIT, Right.READ_TEAM_AUDIT, Right.READ_OWN_AUDIT)
PAGES = (
    ("desk", _("Desk"), (Right.READ_PUBLIC,)),
    ("place-dossier", _("Place"), (Right.READ_DOSSIERS,)),
    ("channels", _("Channels"), (Right.READ_CHANNELS,)),
    ("exercises", _("Exercises"), (Right.HOLD_EXERCISES,)),
    ("people", _("People"), (Right.READ_CHANNELS, Right.READ_TEAMS)),
    ("audit", _("Log"), ANY_LOG),
)


def reachable(sight: Sight) -> list[tuple[str, StrPromise]]:
    """The pages somebody may open, by address name and label."""
    return [
        (name, label)
        for name, label, rights in PAGES
        if any(sight.organisations_where(right) for right in rights) or (name == "desk" and sight.public_channels)
    ]


def first_page(sight: Sight) -> str:
    """The name of the page somebody begins on; empty for who works nowhere."""
    names = [name for name, _label in reachable(sight)]
    # the desk also explains itself to who has no place at it; a log of one's own acts explains nothing
    return "desk" if names == ["audit"] else next(iter(names), "")


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of the header; nothing for who is not inside the fence. One query."""
    sight: Sight | None = getattr(request, "sight", None)
    if sight is None or not sight.organisations:
        return {}
    home = Organisation.objects.filter(pk__in=sight.organisations).order_by("is_demo", "pk").first()
    pages = reachable(sight)
    if home and not home.is_demo and not home.first_day_done_at and sight.may(Right.WRITE_CHANNELS, home.pk):
        pages.insert(0, ("first-day", _("First day")))
    return {
        "organisation_name": home.name if home else "",
        "exercise": bool(home and home.is_demo),
        "navigation": [
            {"url": reverse(name), "label": label, "active": request.path.startswith(reverse(name))}
            for name, label in pages
        ],
    }
