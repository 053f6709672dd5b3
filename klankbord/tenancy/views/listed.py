"""A long list by name: what somebody looks for in it, a page at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from django.core.paginator import Page, Paginator
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse

from klankbord.tenancy.municipalities import folded

PAGE = 50
ROW = TypeVar("ROW")
MODEL = TypeVar("MODEL", bound=Model)


@dataclass(frozen=True, slots=True)
class Listed(Generic[ROW]):
    """The part of a list that is on the screen."""

    rows: list[ROW]
    page: Page[int]
    """Their keys; it knows which page this is and how many were found."""
    total: int
    """How many there are when nothing is looked for."""
    q: str
    address: str
    asked: QueryDict
    turned_by: str
    """The name in the address that says which page."""

    @property
    def is_long(self) -> bool:
        """Whether there is something to look for; short lists need no search box."""
        return self.total > PAGE

    @property
    def previous_url(self) -> str:
        return self._turned(self.page.previous_page_number()) if self.page.has_previous() else ""

    @property
    def next_url(self) -> str:
        return self._turned(self.page.next_page_number()) if self.page.has_next() else ""

    def _turned(self, to: int) -> str:
        asked = self.asked.copy()
        asked[self.turned_by] = str(to)
        return f"{self.address}?{asked.urlencode()}"


def listed(
    request: HttpRequest,
    view: str,
    named: Iterable[tuple[int, str]],
    fetch: Callable[[list[int]], Mapping[int, ROW]],
    turned_by: str = "page",
) -> Listed[ROW]:
    """What carries the name that was typed, as people type it in a hurry; ``fetch`` gets what is on the page."""
    q = request.GET.get("q", "").replace("\0", "")[:80]
    wanted = folded(q)
    everything = list(named)
    found = [key for key, name in everything if wanted in folded(name)] if wanted else [key for key, _ in everything]
    page = Paginator(found, PAGE).get_page(request.GET.get(turned_by))
    fetched = fetch(list(page))
    return Listed([fetched[key] for key in page], page, len(everything), q, reverse(view), request.GET, turned_by)


def listed_rows(
    request: HttpRequest, view: str, rows: QuerySet[MODEL], *names: str, turned_by: str = "page"
) -> Listed[MODEL]:
    """The rows in whose fields ``names`` it stands."""
    known = rows.prefetch_related(None).values_list("pk", *names)
    return listed(request, view, ((pk, " ".join(words)) for pk, *words in known), rows.in_bulk, turned_by)
