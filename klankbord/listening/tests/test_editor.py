"""The editor's help while typing: explanation, faults with a repair, persons, a preview."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from klankbord.tenancy.models import User
from tests.cast import Cast

Say = Callable[..., None]


def test_a_query_is_explained_and_tried(cast: Cast, bram: Client, say: Say) -> None:
    for number in range(20):
        say(cast.square, f"u{number}", f"Bericht {number} over het Marktplein", addressed=False)
    say(cast.square, "brug", "De brug bij het <b>Marktplein</b> is open", addressed=False)
    answer = bram.post("/dossiers/explain", {"query": "brug", "purpose": "service"})
    seen = answer.context["preview"]
    assert (seen.tried, seen.found, seen.nothing, seen.everything) == (21, 1, False, False)
    page = answer.content.decode()
    assert "De <mark>brug</mark> bij het &lt;b&gt;Marktplein&lt;/b&gt;" in page
    assert bram.post("/dossiers/explain", {"query": "marktplein", "purpose": "service"}).context["preview"].everything
    assert bram.post("/dossiers/explain", {"query": "zeehond", "purpose": "service"}).context["preview"].nothing


def test_a_fault_names_its_spot_and_a_repair(bram: Client) -> None:
    answer = bram.post("/dossiers/explain", {"query": 'brug AND "dicht'})
    assert answer.status_code == 200
    assert answer.context["spot"].spot.startswith('"')
    repair = answer.context["suggestion"]
    assert bram.post("/dossiers/explain", {"query": repair}).context["explanation"]


def test_a_person_is_named_while_typing(bram: Client) -> None:
    answer = bram.post("/dossiers/explain", {"query": '"Kees Dekker"', "purpose": "service"})
    assert [one["suspect"].term for one in answer.context["suspects"]] == ["Kees Dekker"]


@pytest.mark.parametrize("query", ["", "   ", "((((", "NEAR/5", "\0", "a" * 30_000, "<script>alert(1)</script>"])
def test_nothing_that_is_typed_breaks_it(bram: Client, query: str) -> None:
    answer = bram.post("/dossiers/explain", {"query": query, "purpose": "?"})
    assert answer.status_code == 200
    assert "<script>" not in answer.content.decode()


def test_who_may_not_write_gets_no_help(cast: Cast, client_of: Callable[[User], Client]) -> None:
    for name in ("amal", "fatma", "chantal", "daan", "eva"):
        assert client_of(cast.everybody[name]).post("/dossiers/explain", {"query": "brug"}).status_code == 403


def test_completion_knows_places_and_hashtags(cast: Cast, bram: Client, say: Say) -> None:
    say(cast.square, "u1", "Kom naar het Marktplein! #MarktpleinBruist", addressed=False)
    offered = bram.get("/dossiers/new").context["suggestions"]
    assert {"klankendam", "marktplein", "#marktpleinbruist"} <= set(offered)
