"""Somebody changes what they said: what dossiers found follows, nothing is lost and nothing counts twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from klankbord.channels.actions import bring_in
from klankbord.channels.models import Landing
from klankbord.intake.flow import take_in
from klankbord.intake.forgetting import forget_what_is_due
from klankbord.listening.actions.finds import mark_noise
from klankbord.listening.models import Count, Dossier, Match
from klankbord.posts.models import Post, Revision
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.paper import sheet

Say = Callable[..., None]
Figures = dict[tuple[str, str, str], int]


def followed(cast: Cast, name: str, query: str, **more: object) -> Dossier:
    today = timezone.localdate()
    with acting_for(cast.klankendam.pk):
        return Dossier.objects.create(
            organisation=cast.klankendam,
            name=name,
            query=query,
            reason="Oefening",
            legal_basis="AVG",
            ends_on=today + timedelta(days=9),
            review_on=today,
            state="active",
            **more,
        )


def overheard(say: Say, cast: Cast, text: str, key: str, **more: object) -> None:
    say(cast.square, "u1", text, key=key, addressed=False, **more)


def finds(cast: Cast) -> dict[str, list[str]]:
    with acting_for(cast.klankendam.pk):
        return {one.dossier.name: sorted(one.words) for one in Match.objects.select_related("dossier")}


def figures(cast: Cast) -> Figures:
    with acting_for(cast.klankendam.pk):
        return {(one.dossier.name, one.aspect, one.key): one.number for one in Count.objects.select_related("dossier")}


def test_finds_come_change_and_go_with_the_words(cast: Cast, say: Say) -> None:
    followed(cast, "Brug", "brug OR sluis")
    followed(cast, "Sluis", "sluis")
    overheard(say, cast, "De brug op het Marktplein", "1")
    assert finds(cast) == {"Brug": ["brug"], "Klankendam": ["marktplein"]}
    with acting_for(cast.klankendam.pk):
        kept_since = Match.objects.get(dossier__name="Brug").found_at
    overheard(say, cast, "De sluis dus", "2")
    assert finds(cast) == {"Brug": ["sluis"], "Sluis": ["sluis"]}
    assert figures(cast) == {
        (name, aspect, key): 1
        for name in ("Brug", "Sluis")
        for aspect, key in (("total", ""), ("word", "sluis"), ("source", "paper"), ("language", ""))
    }
    with acting_for(cast.klankendam.pk):
        # retention counts from the first day, however often it is changed
        assert Match.objects.get(dossier__name="Brug").found_at == kept_since


def test_a_find_that_says_nothing_of_it_any_more_goes_and_leaves_no_words(cast: Cast, say: Say) -> None:
    overheard(say, cast, "Vreemd feest op het Marktplein", "1")
    overheard(say, cast, "Vergeet het maar", "2")
    assert not finds(cast)
    assert not figures(cast)
    with acting_for(cast.klankendam.pk):
        Post.objects.update(received_at=timezone.now() - timedelta(minutes=2))
    forget_what_is_due()
    with acting_for(cast.klankendam.pk):
        assert not Post.objects.exists()
        assert not Revision.objects.exists()


def test_changed_back_it_is_found_and_counted_once(cast: Cast, say: Say) -> None:
    for key, text in enumerate(
        ("Op het Marktplein", "Elders", "Op het Marktplein", "Elders", "Toch op het Marktplein")
    ):
        overheard(say, cast, text, str(key))
    assert finds(cast) == {"Klankendam": ["marktplein"]}
    assert set(figures(cast).values()) == {1}
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get().text == "Toch op het Marktplein"


def test_said_and_changed_in_one_batch_is_found_as_it_stands(cast: Cast) -> None:
    followed(cast, "Sluis", "sluis")
    with acting_for(cast.klankendam.pk):
        for key, text in enumerate(("Het Marktplein", "Elders", "De sluis")):
            body = sheet("u1", text, addressed=False)
            bring_in(cast.square, [Landing(key=str(key), body=body, received_at=timezone.now())])
    take_in(cast.klankendam.pk, cast.square.pk)
    assert finds(cast) == {"Sluis": ["sluis"]}
    assert {name for name, _aspect, _key in figures(cast)} == {"Sluis"}


def test_what_was_said_to_us_is_found_by_its_new_words_and_stays_without_any(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "Gemeente, een vraag.")
    say(cast.square, "u1", "Gemeente, een vraag over het Marktplein.", key="edit")
    assert finds(cast) == {"Klankendam": ["marktplein"]}
    say(cast.square, "u1", "Gemeente, laat maar.", key="again")
    assert not finds(cast)
    assert not figures(cast)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get().text == "Gemeente, laat maar."


def test_a_private_message_that_changes_meets_no_dossier(cast: Cast, say: Say) -> None:
    say(cast.mail, "u1", "Een vraag.", visibility="direct")
    say(cast.mail, "u1", "Een vraag over het Marktplein.", visibility="direct", key="edit")
    assert finds(cast) == {}


def test_what_a_dossier_would_have_forgotten_by_now_is_not_found_again(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "Gemeente, het Marktplein is glad")
    long_ago = timezone.now() - timedelta(days=91)
    with acting_for(cast.klankendam.pk):
        Post.objects.update(received_at=long_ago)
        Match.objects.update(found_at=long_ago)
    forget_what_is_due()
    assert finds(cast) == {}
    say(cast.square, "u1", "Gemeente, het Marktplein is spekglad", key="edit")
    assert finds(cast) == {}
    assert figures(cast)["Klankendam", "total", ""] == 1


def test_an_ended_dossier_keeps_its_find_while_the_words_are_there_and_finds_nothing_new(cast: Cast, say: Say) -> None:
    over, other = followed(cast, "Brug", "brug"), followed(cast, "Sluis", "sluis")
    overheard(say, cast, "De brug", "1")
    with acting_for(cast.klankendam.pk):
        Dossier.objects.filter(pk__in=[over.pk, other.pk]).update(state="ended")
    overheard(say, cast, "De brug en de sluis", "2")
    assert finds(cast) == {"Brug": ["brug"]}
    overheard(say, cast, "De sluis", "3")
    assert finds(cast) == {}


def test_the_article_behind_the_same_headline_changes(cast: Cast, say: Say) -> None:
    overheard(say, cast, "Nieuws", "1", matched_text="Over het Marktplein")
    overheard(say, cast, "Nieuws", "2", matched_text="Over het Marktplein in Klankendam")
    assert finds(cast) == {"Klankendam": ["klankendam", "marktplein"]}
    overheard(say, cast, "Nieuws", "3", matched_text="Over iets anders")
    assert not finds(cast)
    assert not figures(cast)


def test_a_query_on_the_source_finds_what_was_overheard_there(cast: Cast, say: Say) -> None:
    followed(cast, "Nieuws", "brug bron:nieuws.example")
    overheard(say, cast, "De brug", "1", web_url="https://www.nieuws.example/1")
    assert "Nieuws" in finds(cast)
    overheard(say, cast, "De brug weer", "2", web_url="https://www.nieuws.example/1")
    assert "Nieuws" in finds(cast)


def test_what_colleagues_marked_stays_marked(cast: Cast, say: Say) -> None:
    overheard(say, cast, "Het Marktplein", "1")
    with acting_for(cast.klankendam.pk):
        find = Match.objects.select_related("dossier").get()
        mark_noise(find.dossier, find.post_id, by=cast.bram)
    overheard(say, cast, "Het Marktplein, zeg ik", "2")
    with acting_for(cast.klankendam.pk):
        assert Match.objects.count() == find.dossier.noise.count() == 1


VERSIONS = ["De brug", "De sluis", "De brug en de sluis op het Marktplein", "Niets", "brug brug BRUG"]


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=6), st.booleans())
def test_after_any_changes_it_stands_as_if_only_the_last_was_said(
    cast: Cast, say: Say, versions: list[str], addressed: bool
) -> None:
    with acting_for(cast.klankendam.pk):
        for model in (Match, Count, Revision):
            model.objects.all().delete()
        Dossier.objects.filter(is_place=False).delete()
    followed(cast, "Brug", "brug")
    followed(cast, "Sluis", "sluis NOT brug")
    mark = uuid4().hex
    for number, text in enumerate(versions):
        say(cast.square, f"w{mark}", text, key=f"{mark}{number}", addressed=addressed)
    walked, counted = finds(cast), figures(cast)
    with acting_for(cast.klankendam.pk):
        Match.objects.all().delete()
        Count.objects.all().delete()
    say(cast.square, f"z{mark}", versions[-1], key=f"{mark}z", addressed=addressed)
    assert (walked, counted) == (finds(cast), figures(cast))
