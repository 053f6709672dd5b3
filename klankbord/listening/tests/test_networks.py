"""The networks' own search: what it shows, and that nothing in this house knows of it afterwards."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg import sql
from psycopg.conninfo import make_conninfo

from klankbord.channels.contract import AuthorData, NotSent, PostArrived, Visibility
from klankbord.channels.models import Channel
from klankbord.listening.actions.dossiers import allow_public_order
from klankbord.listening.networks import words_to_ask
from klankbord.listening.query import parse
from klankbord.posts.forgetting import honour_objection
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Membership, User
from tests.cast import Cast
from tests.pages import says
from tests.paper import Paper

Log = psycopg.Connection[Any]
TRACES = ("wrenzel", "kwartelbrug", "plein.example/w")


class Searched:
    """What a network finds, and what it was asked."""

    posts: ClassVar[list[PostArrived]] = []
    asked: ClassVar[list[list[str]]] = []


def said(number: int, text: str, author: str = "wrenzel") -> PostArrived:
    return PostArrived(
        uri=f"https://plein.example/w/{number}",
        author=AuthorData(f"https://plein.example/users/{author}", f"@{author}@plein.example", "Wrenzela"),
        text=text,
        published_at=timezone.now() - timedelta(minutes=number),
        visibility=Visibility.PUBLIC,
        web_url=f"https://plein.example/w/{number}",
    )


@pytest.fixture(autouse=True)
def network(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def search(self: Paper, words: Sequence[str]) -> list[PostArrived]:
        Searched.asked.append(list(words))
        return Searched.posts

    Searched.posts, Searched.asked = [], []
    monkeypatch.setattr(Paper, "can_search", True)
    monkeypatch.setattr(Paper, "search", search)
    with acting_for(cast.klankendam.pk):
        Channel.objects.filter(pk=cast.mail.pk).update(enabled=False)
    cache.clear()


def ask(client: Client, query: str, purpose: str = "communication", **more: str) -> Any:
    cache.clear()
    return client.post("/dossiers/networks", {"query": query, "purpose": purpose} | more)


def test_what_a_network_shows_is_held_against_the_query_and_masked(bram: Client) -> None:
    Searched.posts = [
        said(1, "De Kwartelbrug is dicht, bel 06-12345678 of wrenzel@plein.example"),
        said(2, "De kwartelbrug is open"),
        said(3, "Iets anders"),
    ]
    page = ask(bram, "kwartelbrug NOT open")
    [answer] = page.context["answers"]
    assert (answer.looked, answer.found) == (3, 1)
    text = page.content.decode()
    assert "<mark>Kwartelbrug</mark>" in text
    for hidden in ("Wrenzela", "wrenzel", "12345678", "plein.example/w"):
        assert hidden not in text
    assert Searched.asked == [["kwartelbrug"]]
    kept = "Nothing of this was kept. A network shows what it knows itself, and often the newest messages only."
    assert says(page, kept)
    assert page.headers["Cache-Control"].startswith("max-age=0, no-cache, no-store")


def test_who_objected_is_not_shown_and_not_counted(cast: Cast, bram: Client) -> None:
    Searched.posts = [said(1, "De Kwartelbrug"), said(2, "De Kwartelbrug ook", author="ander")]
    with acting_for(cast.klankendam.pk):
        honour_objection(
            cast.klankendam.pk, "paper", "https://plein.example/users/wrenzel", timezone.now(), by=cast.fatma
        )
    [answer] = ask(bram, "kwartelbrug").context["answers"]
    assert (answer.looked, answer.found) == (1, 1)


def test_a_channel_that_cannot_search_says_so(bram: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Paper, "can_search", False)
    page = ask(bram, "kwartelbrug")
    assert says(page, "This channel has no search of its own.")
    assert Searched.asked == []


@pytest.mark.parametrize("fault", [NotSent("De server is even weg."), RuntimeError("kwartelbrug")])
def test_a_network_that_fails_says_so_and_logs_no_words(
    bram: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    def broken(self: Paper, words: Sequence[str]) -> list[PostArrived]:
        raise fault

    monkeypatch.setattr(Paper, "search", broken)
    with caplog.at_level(logging.DEBUG):
        [answer] = ask(bram, "kwartelbrug").context["answers"]
    assert answer.problem
    assert "kwartelbrug" not in caplog.text


def test_a_network_is_asked_once_in_ten_seconds(bram: Client) -> None:
    ask(bram, "kwartelbrug")
    page = bram.post("/dossiers/networks", {"query": "kwartelbrug", "purpose": "service"})
    assert says(page, "This network was asked just now. Try again in ten seconds.")
    assert len(Searched.asked) == 1


def test_a_person_is_not_looked_up(bram: Client) -> None:
    page = ask(bram, '"Kees Dekker"')
    assert says(page, "The networks were not asked.")
    assert Searched.asked == []
    ask(bram, '"Kees Dekker"', **{"stated-kees dekker": "nobody"})
    assert len(Searched.asked) == 1


@pytest.mark.parametrize("query", ["", "(((", "NOT brug", "\0", "a" * 30_000])
def test_what_cannot_be_read_is_not_asked(bram: Client, query: str) -> None:
    assert ask(bram, query).status_code == 200
    assert Searched.asked == []


def test_of_public_order_there_are_figures_only_and_for_the_analyst_only(cast: Cast, bram: Client) -> None:
    Searched.posts = [said(1, "Kom allen naar de Kwartelbrug")]
    assert ask(bram, "kwartelbrug", "public_order").status_code == 403
    with acting_for(cast.klankendam.pk):
        Membership.objects.filter(user=cast.bram).update(roles=["analyst"])
    assert ask(bram, "kwartelbrug", "public_order").status_code == 403
    with acting_for(cast.klankendam.pk):
        allow_public_order(cast.klankendam, True, by=cast.fatma)
    page = ask(bram, "kwartelbrug", "public_order")
    [answer] = page.context["answers"]
    assert (answer.found, answer.examples) == (1, [])
    assert "Kom allen" not in page.content.decode()


@pytest.mark.parametrize("who", ["amal", "chantal", "daan", "fatma", "eva"])
def test_nobody_else_asks(cast: Cast, client_of: Callable[[User], Client], who: str) -> None:
    assert ask(client_of(cast.everybody[who]), "kwartelbrug").status_code == 403
    assert Searched.asked == []


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("kwartelbrug AND dicht", ["kwartelbrug"]),
        ('"de kwartelbrug" OR sluis*', ["#dekwartelbrug", "kwartelbrug", "sluis"]),
        ("#bruggenfeest NOT film", ["#bruggenfeest"]),
        ("*brug", []),
        ("*brug AND sluizen", ["sluizen"]),
        ("kanaal:mastodon brug", ["brug"]),
    ],
)
def test_the_fewest_words_that_find_everything_are_asked(query: str, words: list[str]) -> None:
    assert words_to_ask(parse(query)) == words


# ---- nothing is kept ---------------------------------------------------------------------------------------


@pytest.fixture
def owner() -> Iterator[Log]:
    url = make_conninfo(os.environ["DATABASE_OWNER_URL"], dbname=connection.settings_dict["NAME"])
    with psycopg.connect(url, autocommit=True) as made:
        yield made


def rows(owner: Log) -> dict[str, list[str]]:
    """Every row of every table as text, seen beside the fence."""
    tables = owner.execute(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    ).fetchall()
    assert len(tables) > 40
    return {
        table: sorted(
            row for (row,) in owner.execute(sql.SQL("SELECT t::text FROM {} t").format(sql.Identifier(table)))
        )
        for (table,) in tables
    }


def files() -> dict[str, str]:
    return {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in Path(settings.MEDIA_ROOT).rglob("*")
        if path.is_file()
    }


def test_the_house_is_byte_for_byte_unaware_of_it(
    bram: Client, owner: Log, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    Searched.posts = [said(1, "De Kwartelbrug is dicht, zegt wrenzel")]
    ask(bram, "sluis")
    before, kept = rows(owner), files()
    cache.clear()
    owner.execute("LISTEN klankbord")
    with caplog.at_level(logging.DEBUG):
        [answer] = bram.post("/dossiers/networks", {"query": "kwartelbrug", "purpose": "service"}).context["answers"]
    assert answer.found == 1
    after = rows(owner)
    # that a channel was asked lately, by number: so that all processes wait for each other
    limiter = after.pop("base_cache")
    before.pop("base_cache")
    assert not any(trace in row.lower() for row in limiter for trace in TRACES)
    assert after == before
    assert files() == kept
    assert list(owner.notifies(timeout=0.2)) == []
    output = capfd.readouterr()
    assert not any(trace in (caplog.text + output.out + output.err).lower() for trace in TRACES)
