"""What was not said to us: kept without who said it, masked, for a while, and not at all when somebody objects."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Func
from django.test import Client
from django.utils import timezone

from klankbord.base.keyed_hash import unseal
from klankbord.channels.models import Arrival
from klankbord.inbox.models import Conversation
from klankbord.intake.forgetting import forget_what_is_due
from klankbord.listening.actions.dossiers import start_dossier
from klankbord.listening.archive import search_archive
from klankbord.listening.models import Count, Dossier, Match
from klankbord.listening.persons import suspects
from klankbord.listening.query import parse
from klankbord.posts import overheard as find_module
from klankbord.posts.forgetting import honour_objection
from klankbord.posts.models import Author, Objection, Post, Revision
from klankbord.posts.overheard import pseudonym
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import User
from tests.cast import Cast

Say = Callable[..., None]
BEA = {"network_id": "https://plein.example/users/bea", "handle": "@bea@plein.example", "name": "Bea Bewoner"}


def overheard(say: Say, cast: Cast, uri: str, text: str, **more: object) -> None:
    say(cast.square, uri, text, addressed=False, author=BEA, **more)


def test_a_find_is_kept_without_its_author_and_masked(cast: Cast, say: Say) -> None:
    uri = "https://plein.example/@bea/1"
    more = {
        "html": "<p>Bea</p>",
        "quoted": "Bea",
        "web_url": uri,
        "reply_data": {"to": "bea"},
        "subject": "06-12345678",
    }
    overheard(say, cast, uri, "Bel 06-12345678, ik sta op het Marktplein met GX-123-B", **more)
    with acting_for(cast.klankendam.pk):
        post, author = Post.objects.get(), Author.objects.get()
        assert "12345678" not in post.text + post.subject
        assert "GX-123" not in post.text
        assert "Marktplein" in post.text
        assert (author.handle, author.name) == ("", "")
        assert (post.html, post.quoted, post.web_url, post.reply_data) == ("", "", "", {})
        assert unseal(cast.klankendam.pk, post.source) == uri
        arrival = Arrival.objects.get()
        assert arrival.body is None
        assert arrival.key.startswith("vergeten:")
        kept = json.dumps([list(Post.objects.values()), list(Author.objects.values())], default=str)
        # the three letters alone may stand in a keyed hash
        assert not re.search(r"\bbea\b|bewoner", kept, re.IGNORECASE)


def test_others_who_are_named_by_their_account_are_covered(cast: Cast, say: Say) -> None:
    said = "@koen en https://plein.example/@koen/7: zie @klankendam en @Klankendam@plein.example over het Marktplein"
    overheard(say, cast, "u1", said, subject="@koen", warning="@koen@plein.example")
    with acting_for(cast.klankendam.pk):
        post = Post.objects.get()
        assert post.text == said.replace("@koen", "@████")
        assert (post.subject, post.warning) == ("@████", "@████")
        assert "koen" not in str(Post.objects.values_list("tokens", flat=True).get())
    say(cast.square, "u2", said, author=BEA)
    with acting_for(cast.klankendam.pk):
        # who speaks to us may name whom they like
        assert Post.objects.get(uri="u2").text == said


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("@klankendam", "Wat zegt @klankendam ervan?"),
        ("@wethouder@plein.example", "Dag @wethouder@plein.example en @koen"),
        ("@wethouder", "Dag @wethouder@elders.example en @koen"),
        ("dag AND @wethouder", "Dag @wethouder, @koen"),
    ],
)
def test_a_dossier_finds_the_accounts_it_may_follow(cast: Cast, say: Say, query: str, found: str) -> None:
    with acting_for(cast.klankendam.pk):
        stated = [{"term": one.term, "key": one.key, "as": "official"} for one in suspects(query, ["@klankendam"])]
        dossier = Dossier.objects.create(
            organisation=cast.klankendam,
            owner=cast.bram,
            name="Wethouder",
            query=query,
            declared=stated,
            reason="Oefening",
            legal_basis="AVG",
            ends_on=timezone.localdate() + timedelta(days=9),
            review_on=timezone.localdate(),
        )
        start_dossier(dossier, by=cast.bram)
    overheard(say, cast, "u1", found)
    overheard(say, cast, "u2", "Dag @koen")
    with acting_for(cast.klankendam.pk):
        post = Post.objects.get()
        assert post.text == found.replace("@koen", "@████")
        assert Match.objects.filter(dossier=dossier).count() == 1
        # the archive holds what the matcher saw
        page = search_archive(parse(query), [cast.square.pk])
        assert [find.post.pk for find in page.finds] == [post.pk]


def test_what_nobody_asked_for_leaves_no_address_and_does_not_come_in_twice(cast: Cast, say: Say) -> None:
    for _twice in range(2):
        overheard(say, cast, "https://plein.example/@bea/9", "Mijn buurvrouw bakt taart.")
    with acting_for(cast.klankendam.pk):
        assert "@bea" not in Arrival.objects.get().key
        assert not Post.objects.exists()


def test_two_organisations_know_the_same_person_under_two_names(cast: Cast) -> None:
    names = {pseudonym(town.pk, "paper", "bea") for town in (cast.klankendam, cast.luisterveen)}
    assert len(names) == 2
    assert pseudonym(1, "paper", "bea") != pseudonym(1, "mastodon", "bea")


def test_who_addresses_us_is_known_by_name(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "Gemeente, bel mij op 06-12345678 over het Marktplein", author=BEA)
    with acting_for(cast.klankendam.pk):
        assert Author.objects.get().name == "Bea Bewoner"
        assert "06-12345678" in Post.objects.get().text


def test_the_same_find_twice_is_one_and_an_edit_is_an_edit(cast: Cast, say: Say) -> None:
    overheard(say, cast, "u1", "Het Marktplein is glad")
    overheard(say, cast, "u1", "Het Marktplein is glad", key="again")
    overheard(say, cast, "u1", "Het Marktplein is spekglad", key="edit")
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get().text == "Het Marktplein is spekglad"
        assert Revision.objects.get().text == "Het Marktplein is glad"
        assert Match.objects.count() == 1


def test_finds_from_before_houses_were_covered_are_covered_by_the_migration(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(find_module, "rounded", str)
        overheard(say, cast, "u1", "Marktplein: brand op Galmstraat 14")
        overheard(
            say, cast, "u1", "Marktplein: brand op Galmstraat 16", key="edit", matched_text="Artikel over Klankweg"
        )
    say(cast.square, "u2", "Gemeente, kom naar Galmstraat 14 aan het Marktplein", author=BEA)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get(overheard=True).text.endswith("16")
        import_module("klankbord.posts.migrations.0009_round_finds").round_finds(
            apps, SimpleNamespace(connection=connection)
        )
        assert Post.objects.get(overheard=True).text == "Marktplein: brand op Galmstraat ██"
        assert Revision.objects.get().text == "Marktplein: brand op Galmstraat ██"
        terms = set(
            Post.objects.filter(overheard=True).values_list(Func("tokens", function="tsvector_to_array"), flat=True)[0]
        )
        assert terms & {"16", "galmstraat", "klankweg"} == {"galmstraat", "klankweg"}
        # what was said to us is as it was said
        assert Post.objects.get(overheard=False).text == "Gemeente, kom naar Galmstraat 14 aan het Marktplein"


def test_finds_from_before_accounts_were_covered_are_covered_by_the_migration(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = "Marktplein: @koen en @klankendam"
    with monkeypatch.context() as before:
        before.setattr(find_module, "mask", lambda text, _known: text)
        overheard(say, cast, "u1", said)
        overheard(say, cast, "u1", f"{said}!", key="edit", matched_text="Artikel over Klankweg")
    say(cast.square, "u2", said, author=BEA)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get(overheard=True).text == f"{said}!"
        import_module("klankbord.listening.migrations.0008_cover_accounts").cover_accounts(
            apps, SimpleNamespace(connection=connection)
        )
        assert Post.objects.get(overheard=True).text == "Marktplein: @████ en @klankendam!"
        assert Revision.objects.get().text == "Marktplein: @████ en @klankendam"
        terms = set(
            Post.objects.filter(overheard=True).values_list(Func("tokens", function="tsvector_to_array"), flat=True)[0]
        )
        assert terms & {"@koen", "koen", "@klankendam", "klankweg"} == {"@klankendam", "klankweg"}
        assert Post.objects.get(overheard=False).text == said


def test_a_find_that_its_author_takes_away_is_emptied(cast: Cast, say: Say) -> None:
    overheard(say, cast, "u1", "Het Marktplein is glad")
    say(cast.square, "u1", "", key="gone", deleted=True)
    with acting_for(cast.klankendam.pk):
        post = Post.objects.get()
        assert post.deleted_at
        assert post.text == ""


def test_what_turns_out_to_be_said_to_us_takes_the_place_of_the_find_and_counts_once(cast: Cast, say: Say) -> None:
    overheard(say, cast, "u1", "Het Marktplein is glad")
    say(cast.square, "u1", "Het Marktplein is glad", key="mention", author=BEA)
    with acting_for(cast.klankendam.pk):
        post = Post.objects.select_related("author").get()
        assert (post.uri, post.overheard) == ("u1", False)
        assert post.author is not None
        assert post.author.name == "Bea Bewoner"
        assert Match.objects.count() == 1
        assert [count.number for count in Count.objects.filter(aspect="total")] == [1]
        assert Conversation.objects.get().root_uri == "u1"


def test_what_was_said_to_us_and_is_heard_again_stays_as_it_is(cast: Cast, say: Say) -> None:
    said = "Gemeente, het Marktplein is glad, bel @koen@plein.example op 06-12345678"
    say(cast.square, "u1", said, author=BEA)
    overheard(say, cast, "u1", said, key="again")
    with acting_for(cast.klankendam.pk):
        post = Post.objects.get()
        assert (post.overheard, post.text) == (False, said)
        assert not Revision.objects.exists()


def test_a_find_comes_under_the_conversation_that_answers_it(cast: Cast, say: Say) -> None:
    overheard(say, cast, "u1", "Het Marktplein is glad")
    say(cast.square, "u2", "@gemeente zie hierboven", parent_uri="u1")
    with acting_for(cast.klankendam.pk):
        assert set(Post.objects.values_list("root_uri", flat=True)) == {"u1"}
        assert Conversation.objects.get().root_uri == "u1"


def test_an_answer_to_what_others_said_in_our_thread_stays_in_it(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "Vraag aan de gemeente.")
    overheard(say, cast, "u2", "Ik heb dat ook.", parent_uri="u1")
    say(cast.square, "u3", "@gemeente wij allemaal", parent_uri="u2")
    with acting_for(cast.klankendam.pk):
        assert set(Post.objects.values_list("root_uri", flat=True)) == {"u1"}
        assert Conversation.objects.count() == 1


def test_an_objection_removes_finds_and_keeps_them_out(cast: Cast, say: Say) -> None:
    overheard(say, cast, "u1", "Het Marktplein is glad")
    with acting_for(cast.klankendam.pk):
        assert honour_objection(cast.klankendam.pk, "paper", BEA["network_id"], timezone.now(), by=None) == 1
        assert not Post.objects.exists()
        assert not Author.objects.exists()
        assert "users/bea" not in Objection.objects.get().person
    overheard(say, cast, "u2", "Het Marktplein is weer glad")
    say(cast.square, "u3", "Iemand anders op het Marktplein", addressed=False)
    say(cast.square, "u4", "Gemeente, ik vraag iets", author=BEA)
    with acting_for(cast.klankendam.pk):
        assert set(Post.objects.values_list("text", flat=True)) == {
            "Iemand anders op het Marktplein",
            "Gemeente, ik vraag iets",
        }


def test_finds_go_on_their_day_and_figures_stay(cast: Cast, say: Say) -> None:
    overheard(say, cast, "old", "Het Marktplein is glad")
    overheard(say, cast, "young", "Het Marktplein is droog")
    say(cast.square, "ours", "Gemeente, strooi op het Marktplein", author=BEA)
    long_ago = timezone.now() - timedelta(days=31)
    with acting_for(cast.klankendam.pk):
        Dossier.objects.update(retention_days=30)
        Match.objects.exclude(post__text__contains="droog").update(found_at=long_ago)
        Post.objects.exclude(text__contains="droog").update(received_at=long_ago)
        Post.objects.filter(text__contains="droog").update(received_at=timezone.now() - timedelta(hours=1))
    forget_what_is_due()
    with acting_for(cast.klankendam.pk):
        assert set(Post.objects.values_list("text", flat=True)) == {
            "Het Marktplein is droog",
            "Gemeente, strooi op het Marktplein",
        }
        assert sum(Count.objects.filter(aspect="total").values_list("number", flat=True)) == 3
        assert Author.objects.count() == 2


def test_a_dossier_ends_by_itself(cast: Cast) -> None:
    with acting_for(cast.klankendam.pk):
        made = Dossier.objects.create(
            organisation=cast.klankendam,
            name="Over",
            query="brug",
            reason="Oefening",
            legal_basis="AVG",
            ends_on=timezone.localdate() - timedelta(days=1),
            review_on=timezone.localdate(),
            state="active",
        )
    forget_what_is_due()
    with acting_for(cast.klankendam.pk):
        made.refresh_from_db()
        assert made.state == "ended"
        assert Dossier.objects.get(is_place=True).state == "active"


@pytest.mark.parametrize("text", ["", "\ud800", "a\0b 0612345678 Marktplein", "Marktplein " + "0" * 100_000])
def test_nothing_overheard_breaks_the_road(cast: Cast, say: Say, text: str) -> None:
    overheard(say, cast, "u1", text)
    with acting_for(cast.klankendam.pk):
        assert Arrival.objects.get().state == "parsed"


def test_no_door_is_kept_and_none_goes_out(cast: Cast, say: Say, client_of: Callable[[User], Client]) -> None:
    overheard(say, cast, "u1", "Herrie op het Marktplein 12, 9711 AB, zie 52.374030,4.889690")
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get().text == "Herrie op het Marktplein ██, 9711 ██, zie 52.37██,4.88██"
        pk = Dossier.objects.get(is_place=True).pk
    taken = client_of(cast.bram).post(f"/dossiers/{pk}/export").content.decode()
    assert "52.37" not in taken
    say(cast.square, "u2", "Gemeente, de lantaarn bij Marktplein 12 is stuk", author=BEA)
    with acting_for(cast.klankendam.pk):
        # who asks for something says where it is
        assert "Marktplein 12" in Post.objects.get(uri="u2").text


def test_what_a_stranger_says_in_a_thread_of_ours_never_stands_in_the_list(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk", author=BEA)
    say(cast.square, "u2", "Bij mij ook", addressed=False, parent_uri="u1", author=BEA | {"network_id": "stranger"})
    say(cast.square, "u1", "De lantaarn is kapot", key="edit", author=BEA)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.filter(overheard=True).count() == 1
        assert Conversation.objects.get().preview == "De lantaarn is kapot"
