"""Which organisation a page of settings is about, for people who work for more than one."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, QueryDict

from klankbord.tenancy.fence import FencedRequest
from klankbord.tenancy.models import Organisation
from klankbord.tenancy.roles import Right


@dataclass(frozen=True, slots=True)
class House:
    """The organisation a page is about, and the other ones it could be about."""

    organisation: Organisation
    choices: list[Organisation] = field(default_factory=list)

    @property
    def query(self) -> str:
        """What keeps a link on this organisation; empty when there is no choice."""
        return f"?organisation={self.organisation.pk}" if len(self.choices) > 1 else ""


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is filled with: nothing yet when the page is only looked at, also when an empty form was sent."""
    return request.POST if request.method == "POST" else None


def number(text: str) -> int | None:
    """A number from an address, as far as it is one that the database knows."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


def whose(request: FencedRequest, *rights: Right) -> House:
    """The organisation asked for where one of these rights is held, else the first; PermissionDenied without any."""
    ids = {organisation for right in rights for organisation in request.sight.organisations_where(right)}
    choices = list(Organisation.objects.filter(pk__in=ids).order_by("name"))
    if not choices:
        raise PermissionDenied
    asked = request.GET.get("organisation", "")
    if not asked:
        return House(choices[0], choices)
    wanted = number(asked)
    for organisation in choices:
        if organisation.pk == wanted:
            return House(organisation, choices)
    raise Http404
