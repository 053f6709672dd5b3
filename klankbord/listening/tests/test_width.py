"""From its words alone: does a query find nearly everything, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from klankbord.listening.finds import PREVIEWED
from klankbord.listening.models import Dossier
from klankbord.listening.query import Document, Refused, parse
from klankbord.listening.query.tests.made import CHANNELS, documents, queries
from klankbord.listening.tests.test_dossiers import as_analyst
from klankbord.listening.width import impossible, too_wide
from klankbord.tenancy.models import User
from tests.cast import Cast

Say = Callable[..., None]
KINDS = ["mastodon", "feed"]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("de", ["de"]),
        ("De OF brug", ["de"]),
        ("het een", ["het", "een"]),
        ("de NIET film", ["de"]),
        ("k* OF brug", ["k*"]),
        ("*en", ["*en"]),
        ("brug OF (van de)", ["van", "de"]),
        ("taal:nl de", ["de"]),
    ],
)
def test_what_stands_in_every_message_finds_nearly_everything(query: str, named: list[str]) -> None:
    [reason] = too_wide(parse(query))
    assert any(f"“{word}”" in reason for word in named)
    assert "brug" not in reason


@pytest.mark.parametrize(
    "query",
    [
        "brug",
        "de brug",
        '"de brug"',
        "klank*",
        "*dam",
        "brug OF sluis",
        "de (brug OF sluis)",
        "de BIJ/5 brug",
        "#de brug",
    ],
)
def test_a_word_that_tells_something_is_no_wide_query(query: str) -> None:
    assert too_wide(parse(query)) == []
    assert impossible(parse(query), KINDS) == []


@pytest.mark.parametrize(
    "query",
    [
        "brug NIET brug",
        "klankbrug NIET klank*",
        "klankb* NIET klank*",
        "klankdam NIET *dam",
        "(brug OF sluis) NIET brug NIET sluis",
        "brug kanaal:telefoon",
        "brug kanaal:mastodon kanaal:feed",
    ],
)
def test_what_cannot_be_there_is_told(query: str) -> None:
    assert impossible(parse(query), KINDS)


@pytest.mark.parametrize(
    "query",
    [
        "brug NIET sluis",
        "klank* NIET klankbrug",
        '"de brug" NIET brug',
        "(brug OF sluis) NIET brug",
        "*dam NIET klank*",
        "brug Kanaal:Mastodon",
        "brug (kanaal:mastodon OF kanaal:feed)",
    ],
)
def test_what_may_be_there_is_left_alone(query: str) -> None:
    assert impossible(parse(query), KINDS) == []


@given(queries, st.sampled_from(("", "NOT brug", "NOT br*", "NOT *pad", "NOT de NOT een")), st.lists(documents))
def test_what_can_find_nothing_finds_nothing(query: str, unwanted: str, said: list[Document]) -> None:
    try:
        asked = parse(f"({query}) {unwanted}")
    except Refused:
        return
    if impossible(asked, CHANNELS):
        assert not any(map(asked.match, said))


def test_for_public_order_the_warning_comes_without_looking_at_messages(
    cast: Cast, client_of: Callable[[User], Client], say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not PREVIEWED[Dossier.Purpose.PUBLIC_ORDER]
    as_analyst(cast)
    say(cast.square, "u1", "De brug bij het Marktplein", addressed=False)
    monkeypatch.setattr("klankbord.listening.finds.sample", pytest.fail)
    monkeypatch.setattr("klankbord.listening.views.editor.search_archive", pytest.fail)
    bram = client_of(cast.bram)
    for query, told in (("de", True), ("brug NIET brug", True), ("brug kanaal:telefoon", True), ("brug", False)):
        answer = bram.post("/dossiers/explain", {"query": query, "purpose": "public_order"})
        assert bool(answer.context["width"]) is told, query
        assert answer.context["preview"] is None
        assert "Marktplein" not in answer.content.decode()
        for reason in answer.context["width"]:
            assert reason in answer.content.decode()
