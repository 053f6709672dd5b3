"""Archive search gives the matcher's answer, page by page, behind the fence."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings

from klankbord.base.text.tokens import CUT, index_terms
from klankbord.channels.contract import AuthorData, PostArrived, Visibility
from klankbord.channels.models import Channel
from klankbord.listening import archive
from klankbord.listening.archive import candidates_for, search_archive
from klankbord.listening.finds import document
from klankbord.listening.matching import Matcher
from klankbord.listening.models import Dossier, Match
from klankbord.listening.query import Document, Query, Refused, parse
from klankbord.listening.query.tests import made
from klankbord.listening.query.tests.brute_force import finds
from klankbord.posts.actions import store_posts
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import User
from tests.cast import Cast

BEGAN = datetime(2026, 11, 22, 8, 55, tzinfo=UTC)


def keep(channel: Channel, texts: Sequence[str], visibility: Visibility = Visibility.PUBLIC, since: int = 0) -> None:
    """Store posts on a channel, a minute after each other; every third at the same moment as the one before."""
    chance = random.Random(since)
    events = [
        PostArrived(
            uri=f"{channel.pk}:{since + number}",
            author=AuthorData("bea", "bea", "Bea Brug"),
            text=text,
            published_at=BEGAN + timedelta(minutes=(since + number) // 3 * 3),
            visibility=visibility,
            language=chance.choice(made.LANGUAGES),
            web_url=f"https://{chance.choice(made.SOURCES) or 'elders.example'}/{number}",
        )
        for number, text in enumerate(texts)
    ]
    with acting_for(channel.organisation_id):
        store_posts(channel, events, BEGAN)


def everything(query: Query, channels: list[int], limit: int = 7) -> list[Post]:
    """All finds, page after page."""
    found: list[Post] = []
    after = None
    for _page in range(1_000):
        page = search_archive(query, channels, after=after, limit=limit)
        found += [find.post for find in page.finds]
        if page.further is None:
            return found
        after = page.further
    raise AssertionError("the pages do not end")


def some_texts(count: int) -> list[str]:
    chance = random.Random(count)
    words = [*made.WORDS, *made.HASHTAGS]
    return ["".join(f"{chance.choice(words)} " for _ in range(chance.randrange(1, 12))) for _ in range(count)]


def test_archive_matcher_and_brute_force_give_one_answer(cast: Cast) -> None:
    keep(cast.square, [*some_texts(150), "gat in het fietspad " * 5_000 + "#KlankbrugDicht é"])
    with entered(cast.bram):
        posts = [(post.pk, document(post)) for post in Post.objects.order_by("-published_at", "-pk")]
        assert len(posts) == 151
        assert max(len(text.text) for _pk, text in posts) > 100_000 - 20

        @given(made.queries)
        @settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
        def agree(text: str) -> None:
            try:
                query = parse(text)
            except Refused:
                return
            expected = [pk for pk, said in posts if finds(query, said)]
            assert [post.pk for post in everything(query, [cast.square.pk])] == expected
            matcher = Matcher()
            matcher.add("one", query)
            assert [pk for pk, said in posts if matcher.match(said)] == expected

        agree()


def test_a_find_says_why(cast: Cast) -> None:
    keep(cast.square, ["De Klankbrug is dicht", "De sluis is dicht"])
    with entered(cast.bram):
        (find,) = search_archive(parse("klank* NEAR/2 dicht"), [cast.square.pk]).finds
        assert find.found.why == ["klank* NEAR/2 dicht"]


def test_the_name_of_who_addressed_us_neither_finds_nor_hides(cast: Cast) -> None:
    keep(cast.square, ["de sluis is dicht"])
    with entered(cast.bram):
        assert not search_archive(parse("bea"), [cast.square.pk]).finds
        assert len(search_archive(parse("sluis NOT brug"), [cast.square.pk]).finds) == 1


def test_a_post_too_long_for_its_index_is_found_by_its_last_word(cast: Cast) -> None:
    text = " ".join(f"woord{number}x" for number in range(120_000)) + " laatstewoord"
    assert CUT in index_terms(text)
    assert "laatstewoord" not in index_terms(text)
    keep(cast.square, [text, "iets anders"])
    with entered(cast.bram):
        for query in ("laatstewoord", "*atstewoord", '"woord119999x laatstewoord"'):
            assert len(everything(parse(query), [cast.square.pk])) == 1, query


@pytest.mark.parametrize(
    ("who", "sees"), [("bram", True), ("amal", True), ("eva", False), ("daan", False), ("chantal", False)]
)
def test_the_fence_holds_whatever_channels_are_asked(cast: Cast, who: str, sees: bool) -> None:
    keep(cast.square, ["de Klankbrug is dicht"])
    user: User = cast.everybody[who]
    for query in ("klankbrug", "*brug"):
        with entered(user):
            channels = [cast.square.pk, cast.mail.pk, cast.luisterveen_mail.pk, cast.zwijgerswaard_mail.pk]
            assert bool(search_archive(parse(query), channels).finds) is sees
            assert not search_archive(parse(query), [cast.mail.pk]).finds


def test_a_mandate_that_ended_closes_the_archive_the_same_minute(cast: Cast) -> None:
    keep(cast.luisterveen_mail, ["de Veenkade is dicht"])
    query, channels = parse("veenkade"), [cast.luisterveen_mail.pk]
    with entered(cast.amal):
        assert search_archive(query, channels).finds
    with acting_for(cast.luisterveen.pk):
        mandate = type(cast.mandate).objects.get(pk=cast.mandate.pk)
        mandate.valid_until = mandate.valid_from + timedelta(seconds=1)
        mandate.save()
    with entered(cast.amal):
        assert not search_archive(query, channels).finds


def test_private_messages_are_never_searched(cast: Cast) -> None:
    keep(cast.mail, ["de Klankbrug is dicht"], Visibility.DIRECT)
    for query in ("klankbrug", "*brug"):
        with entered(cast.amal):
            assert Post.objects.exists()
            assert not search_archive(parse(query), [cast.mail.pk]).finds


def test_a_page_looks_at_a_bounded_number_of_posts(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_EXAMINED", 100)
    keep(cast.square, ["de brug"] * 600)
    with entered(cast.bram):
        # every candidate holds both words, none has them in this order
        query = parse('"brug de"')
        with CaptureQueriesContext(connection) as captured:
            page = search_archive(query, [cast.square.pk], limit=20)
        assert page.finds == []
        assert page.further is not None
        assert len(captured) <= 3 * archive.MOST_ROUNDS
        assert everything(query, [cast.square.pk]) == []


@pytest.mark.parametrize(
    ("query", "terms", "patterns"),
    [
        ("brug", "(('brug')) | '…'", []),
        ("brug NOT sluis", "(('brug')) | '…'", []),
        ("=Haren", "(('haren')) | '…'", []),
        ("klank* dicht", "(('klank':*) & ('dicht')) | '…'", []),
        ('"den haag"', "(('#denhaag' | 'den') & ('#denhaag' | 'haag')) | '…'", []),
        ("*dam brug", "(('brug')) | '…'", []),
        ("*dam", "", ["…", "%dam"]),
        ("*dam OF 100*", "", ["…", "100%", "%dam"]),
        ("#foo_bar OF *dam", "", ["…", "%dam", "#foo\\_bar"]),
        ("d'r", "(('d''r')) | '…'", []),
    ],
)
def test_candidates_are_asked_of_the_index(query: str, terms: str, patterns: list[str]) -> None:
    assert candidates_for(parse(query)) == (terms, patterns)


def test_the_documents_of_live_and_archive_are_alike(cast: Cast) -> None:
    keep(cast.square, ["Één\r\nbrug\u202e"])
    with entered(cast.bram):
        (post,) = Post.objects.all()
        assert document(post) == Document(post.text, "paper", post.language, post.web_url)


@pytest.mark.parametrize(("purpose", "seen"), [("public_order", False), ("communication", True)])
def test_what_only_a_public_order_dossier_found_is_searched_for_nothing_else(
    cast: Cast, purpose: str, seen: bool
) -> None:
    keep(cast.square, ["de Klankbrug is dicht"])
    with acting_for(cast.klankendam.pk):
        post = Post.objects.get(channel=cast.square)
        post.overheard = True
        post.save(update_fields=["overheard"])
        dossier = Dossier.objects.create(
            organisation=cast.klankendam, name="Oefening", query="klankbrug", purpose=purpose, review_on=BEGAN.date()
        )
        Match.objects.create(
            organisation=cast.klankendam, dossier=dossier, post=post, words=["klankbrug"], found_at=BEGAN
        )
    with entered(cast.bram):
        assert bool(search_archive(parse("klankbrug"), [cast.square.pk]).finds) is seen
