"""What stands at the top of every staff page: whose house this is and where one can go."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from klankbord.public.queries import demo_page
from klankbord.tenancy.fence import Sight
from klankbord.tenancy.models import Organisation
from klankbord.tenancy.roles import Right

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

ANY_LOG = (Right.READ_AUDIT, Right.READ_TEAM_AUDIT, Right.READ_OWN_AUDIT)
PAGES = (
    ("desk", _("Desk"), (Right.READ_PUBLIC,)),
    ("take-in", _("Call or tip"), (Right.WRITE_CONVERSATIONS,)),
    ("dossiers", _("Dossiers"), (Right.READ_DOSSIERS, Right.READ_OWN_DOSSIERS)),
    ("channels", _("Channels"), (Right.READ_CHANNELS,)),
    ("exercises", _("Exercises"), (Right.HOLD_EXERCISES,)),
    ("people", _("People"), (Right.READ_CHANNELS, Right.READ_TEAMS)),
    ("house-style", _("House style"), (Right.WRITE_CHANNELS,)),
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
    # the desk explains itself also to who has no place at it; own acts and own dossiers, if any, do not
    is_own = set(names) <= {"dossiers", "audit"} and not sight.organisations_where(Right.READ_DOSSIERS)
    return "desk" if names and is_own else next(iter(names), "")


class Place:
    """Where the reader is at home and can go, looked up when a page shows it: a fragment has no header. One query."""

    def __init__(self, request: HttpRequest, sight: Sight) -> None:
        self._path, self._sight = request.path, sight

    @cached_property
    def _home(self) -> Organisation | None:
        return Organisation.objects.filter(pk__in=self._sight.organisations).order_by("is_demo", "pk").first()

    def organisation_name(self) -> str:
        return self._home.name if self._home else ""

    def look(self) -> Organisation | None:
        """Whose looks a page wears: also at a desk that answers for others, those of the own organisation."""
        return self._home

    def is_exercise(self) -> bool:
        return bool(self._home and self._home.is_demo)

    def pages(self) -> list[dict[str, Any]]:
        home, pages = self._home, reachable(self._sight)
        if home and not home.is_demo and not home.first_day_done_at and self._sight.may(Right.WRITE_CHANNELS, home.pk):
            pages.insert(0, ("first-day", _("First day")))
        return [
            {"url": reverse(name), "label": label, "active": self._path.startswith(reverse(name))}
            for name, label in pages
        ]


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of the header, as functions that a template calls; little for who is not inside the fence."""
    sight: Sight | None = getattr(request, "sight", None)
    if sight is None or not sight.organisations:
        return {"provider": settings.OIDC, "demo_page": demo_page}
    place = Place(request, sight)
    return {
        "organisation_name": place.organisation_name,
        "exercise": place.is_exercise,
        "look": place.look,
        "navigation": place.pages,
    }
