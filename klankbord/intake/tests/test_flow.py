"""The road of a post, from envelope to conversation."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from klankbord.channels.actions import bring_in, fetch_now, replay_quarantine
from klankbord.channels.contract import Batch, Event, Json, Permanent, Unparseable
from klankbord.channels.models import Arrival, Channel, Landing, Source
from klankbord.channels.queries import quarantine_counts, quarantine_list
from klankbord.inbox.actions import assign_conversation, close_conversation
from klankbord.inbox.models import Conversation
from klankbord.inbox.threads import open_conversations
from klankbord.intake import flow
from klankbord.intake.flow import collect, take_in
from klankbord.intake.rereading import reread_open_conversations
from klankbord.intake.sweeping import route_landings, seal_audit
from klankbord.listening.models import Count, Match
from klankbord.posts.actions import Stored
from klankbord.posts.models import Post
from klankbord.tenancy.audit import record, seal, verify
from klankbord.tenancy.fence import acting_for, entered
from tests.cast import Cast
from tests.paper import Paper, envelope, sheet

Say = Callable[..., None]


def test_a_message_becomes_an_open_conversation(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "Waarom is het Marktplein in Klankendam afgesloten?")
    with entered(cast.amal):
        conversation = Conversation.objects.get()
        assert conversation.status == "open"
        assert conversation.author_name == "Bea Bewoner"
        assert conversation.waiting_since is not None
        assert Post.objects.get().text.startswith("Waarom")


def test_what_nobody_asked_for_is_never_written(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "Mijn buurvrouw bakt taart.", addressed=False)
    with acting_for(cast.klankendam.pk):
        assert not Post.objects.exists()
        arrival = Arrival.objects.get()
        assert (arrival.state, arrival.body) == ("parsed", None)
        assert "door geen dossier gevraagd" in arrival.outcome


def test_what_a_dossier_asks_for_is_kept_and_counted_but_opens_nothing(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "Druk op het Marktplein van #Klankendam vandaag.", addressed=False)
    with acting_for(cast.klankendam.pk):
        assert Match.objects.get().words == ["klankendam", "marktplein"]
        assert {(count.aspect, count.key): count.number for count in Count.objects.all()} == {
            ("total", ""): 1,
            ("word", "klankendam"): 1,
            ("word", "marktplein"): 1,
            ("source", "paper"): 1,
            ("language", ""): 1,
        }
        assert not Conversation.objects.exists()


def test_a_private_message_never_meets_a_dossier(cast: Cast, say: Say) -> None:
    say(cast.mail, "u1", "Ik woon in Klankendam.", visibility="direct")
    with acting_for(cast.klankendam.pk):
        assert Post.objects.exists()
        assert not Match.objects.exists()
        assert not Count.objects.exists()


def test_what_others_say_in_a_thread_of_ours_belongs_to_it(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "Vraag aan de gemeente.")
    say(cast.square, "u2", "Ik heb dat ook.", parent_uri="u1", addressed=False)
    with acting_for(cast.klankendam.pk):
        assert set(Post.objects.values_list("root_uri", flat=True)) == {"u1"}
        assert Post.objects.count() == 2


def test_the_same_thing_twice_is_one_post(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "Vraag aan de gemeente.")
    say(cast.square, "u1", "Vraag aan de gemeente.", key="again")
    with acting_for(cast.klankendam.pk):
        assert Post.objects.count() == Conversation.objects.count() == 1


def test_a_parent_that_comes_after_its_child_joins_the_thread(cast: Cast, say: Say) -> None:
    say(cast.square, "child", "En daarom ben ik boos.", parent_uri="parent")
    say(cast.square, "parent", "Eerst dit.", parent_uri="root", addressed=False, root_uri="root", visibility="public")
    with acting_for(cast.klankendam.pk):
        assert set(Post.objects.values_list("root_uri", flat=True)) == {"root"}
        assert Conversation.objects.get().root_uri == "root"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"{}",
        b"[1, 2]",
        b'{"uri": "u", "text": "x"}',
        sheet("u" * 2000, "een veel te lang adres"),
        sheet("nul\0uri", "x"),
    ],
)
def test_what_cannot_be_understood_waits_in_quarantine_and_stops_nobody(cast: Cast, say: Say, body: bytes) -> None:
    with acting_for(cast.klankendam.pk):
        letters = [("bad", body), ("good", sheet("good", "Een gewone vraag."))]
        bring_in(cast.square, [Landing(key=key, body=letter, received_at=timezone.now()) for key, letter in letters])
    take_in(cast.klankendam.pk, cast.square.pk)
    with acting_for(cast.klankendam.pk):
        assert [post.uri for post in Post.objects.all()] == ["good"]
        bad = Arrival.objects.get(key="bad")
        assert bad.state == "quarantined"
        assert bytes(bad.body or b"") == body


def test_a_text_with_nul_and_lone_surrogates_is_kept_as_far_as_it_can_be(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn\0 is \ud800stuk.")
    with acting_for(cast.klankendam.pk):
        assert "stuk" in Post.objects.get().text


def test_quarantine_goes_back_to_the_start_after_a_repair(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(self: Paper, body: bytes) -> list[Event]:
        raise Unparseable("kapot")

    with monkeypatch.context() as patch:
        patch.setattr(Paper, "parse", broken)
        say(cast.square, "u1", "Een gewone vraag.")
    with entered(cast.chantal):
        assert quarantine_counts() == {cast.square.pk: (1, 0)}
        assert [one.outcome for one in quarantine_list(cast.square)] == ["kapot"]
        assert replay_quarantine(cast.square, by=cast.chantal) == 1
    take_in(cast.klankendam.pk, cast.square.pk)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get().uri == "u1"


def test_the_wrong_organisation_neither_sees_nor_replays_a_quarantine(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "x", body=b"geen papier")
    with entered(cast.eva):
        assert quarantine_counts() == {}
        assert quarantine_list(cast.square) == []
    with acting_for(cast.zwijgerswaard.pk), connection.cursor() as cursor:
        cursor.execute("SELECT quarantine_replay(%s)", [cast.square.pk])
        assert cursor.fetchone() == (0,)


def due(channel: Channel) -> None:
    Source.objects.filter(pk=channel.source_id).update(next_fetch_at=timezone.now())


def test_collecting_lands_routes_and_moves_the_cursor(cast: Cast) -> None:
    Paper.tray = [envelope("u1", "Eerste."), envelope("u2", "Tweede.")]
    due(cast.square)
    assert collect(timezone.now())
    assert not Landing.objects.exists()
    assert Source.objects.get(pk=cast.square.source_id).cursor == {"done": 2}
    take_in(cast.klankendam.pk, cast.square.pk)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.count() == 2


def test_a_source_that_fails_waits_and_tells_why(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Paper, cursor: Json) -> Batch:
        raise Permanent("Het wachtwoord klopt niet.")

    monkeypatch.setattr(Paper, "fetch", refused)
    due(cast.square)
    now = timezone.now()
    assert collect(now)
    source = Source.objects.get(pk=cast.square.source_id)
    assert source.failure == "Het wachtwoord klopt niet."
    assert source.failing_since == now
    assert source.next_fetch_at > now
    assert not collect(now)


def test_a_source_that_two_want_is_fetched_once_and_given_to_both(cast: Cast) -> None:
    with acting_for(cast.zwijgerswaard.pk):
        shared = Channel.objects.create(
            organisation=cast.zwijgerswaard, source_id=cast.square.source_id, kind="paper", name="ook", settings={}
        )
    Paper.tray = [envelope("u1", "Voor ons allebei.")]
    due(cast.square)
    assert collect(timezone.now())
    for channel in (cast.square, shared):
        take_in(channel.organisation_id, channel.pk)
        with acting_for(channel.organisation_id):
            assert Post.objects.filter(organisation=channel.organisation_id).count() == 1


def test_a_source_nobody_wants_rests(cast: Cast) -> None:
    with acting_for(cast.klankendam.pk):
        Channel.objects.filter(pk=cast.square.pk).update(enabled=False)
    Paper.tray = [envelope("u1", "Niemand luistert.")]
    due(cast.square)
    assert collect(timezone.now())
    assert not Landing.objects.exists()
    assert not collect(timezone.now())


def test_an_edit_and_a_deletion_come_in_by_rereading_open_conversations(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    say(cast.square, "u2", "Iets anders.")
    say(cast.square, "u3", "Weer iets anders.")
    Paper.tray = [
        envelope("u1", "De lantaarn is stuk.", key="u1"),
        envelope("u2", "Iets heel anders.", key="u2-edited"),
        envelope("u3", "", key="u3-gone", deleted=True),
        envelope("u4", "Onbekend.", key="u4"),
    ]
    reread_open_conversations()
    take_in(cast.klankendam.pk, cast.square.pk)
    with acting_for(cast.klankendam.pk):
        posts = {post.uri: post for post in Post.objects.all()}
    assert set(posts) == {"u1", "u2", "u3"}
    assert posts["u1"].edited_at is None
    assert posts["u2"].text == "Iets heel anders."
    assert posts["u3"].deleted_at is not None


def test_nobody_edits_what_somebody_else_wrote(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    stranger = {"network_id": "vreemde", "handle": "@vreemde", "name": "Vreemde"}
    say(cast.square, "u1", "Alles is prima.", key="forged", author=stranger)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get().text == "De lantaarn is stuk."


def test_a_network_without_edits_has_none(cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Paper, "has_edits", False)
    say(cast.square, "u1", "De lantaarn is stuk.")
    say(cast.square, "u1", "Een kopie van een lijst.", key="copy")
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get().text == "De lantaarn is stuk."


def test_what_landed_when_the_channel_was_switched_off_waits_until_it_is_on_again(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def switch(enabled: bool) -> None:
        with acting_for(cast.klankendam.pk):
            Channel.objects.filter(pk=cast.square.pk).update(enabled=enabled)

    def fetch_while_somebody_switches_off(_self: Paper, _cursor: Json) -> Batch:
        switch(False)
        return Batch(envelopes=[envelope("u1", "Waarom is het Marktplein afgesloten?")], cursor={"done": 1})

    monkeypatch.setattr(Paper, "fetch", fetch_while_somebody_switches_off)
    due(cast.square)
    assert collect(timezone.now())
    assert Landing.objects.count() == 1
    switch(True)
    route_landings(timezone.now() + timedelta(minutes=1))
    take_in(cast.klankendam.pk, cast.square.pk)
    assert not Landing.objects.exists()
    with acting_for(cast.klankendam.pk):
        assert Post.objects.count() == 1


def test_a_hint_that_comes_while_we_read_is_followed_at_once(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch_while_something_arrives(_self: Paper, _cursor: Json) -> Batch:
        fetch_now(cast.square.source_id, timezone.now())
        return Batch(envelopes=[], cursor={"done": 0})

    monkeypatch.setattr(Paper, "fetch", fetch_while_something_arrives)
    due(cast.square)
    assert collect(timezone.now())
    assert Source.objects.get(pk=cast.square.source_id).next_fetch_at <= timezone.now()


def test_two_conversations_that_turn_out_to_be_one_thread_become_one(cast: Cast, say: Say) -> None:
    say(cast.square, "root", "Eerst dit.")
    say(cast.square, "child", "En daarom ben ik boos.", parent_uri="parent")
    with entered(cast.amal):
        root, child = (Conversation.objects.get(root_uri=uri) for uri in ("root", "parent"))
        assign_conversation(child, cast.amal, by=cast.amal)
        close_conversation(root, by=cast.amal)
    say(cast.square, "parent", "Toen dat.", parent_uri="root")
    with entered(cast.amal):
        one = Conversation.objects.get()
        assert one.pk == root.pk
        assert one.status == "open"
        assert one.waiting_since == child.waiting_since
        assert one.assignee == cast.amal
        assert set(Post.objects.values_list("root_uri", flat=True)) == {"root"}


@pytest.mark.parametrize("code", ["40P01", "53100", "57P01"])
def test_trouble_of_the_database_puts_nothing_in_quarantine(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def trouble(*_: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DO $$ BEGIN RAISE EXCEPTION 'oefening' USING ERRCODE = '{code}'; END $$")

    Paper.tray = [envelope("u1", "Eerste."), envelope("u2", "Tweede.")]
    due(cast.square)
    assert collect(timezone.now())
    with monkeypatch.context() as troubled:
        troubled.setattr(flow, "open_conversations", trouble)
        with pytest.raises(OperationalError):
            take_in(cast.klankendam.pk, cast.square.pk)
    with acting_for(cast.klankendam.pk):
        assert set(Arrival.objects.values_list("state", flat=True)) == {"new"}
    take_in(cast.klankendam.pk, cast.square.pk)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.count() == 2


def test_a_message_the_database_cannot_hold_goes_to_quarantine_alone(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_much(channel: Channel, stored: list[Stored], now: datetime) -> None:
        if any(item.event.uri == "u1" for item in stored):
            with connection.cursor() as cursor:
                cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'oefening' USING ERRCODE = '54000'; END $$")
        open_conversations(channel, stored, now)

    Paper.tray = [envelope("u1", "Eerste."), envelope("u2", "Tweede.")]
    due(cast.square)
    assert collect(timezone.now())
    monkeypatch.setattr(flow, "open_conversations", too_much)
    take_in(cast.klankendam.pk, cast.square.pk)
    with acting_for(cast.klankendam.pk):
        assert dict(Arrival.objects.values_list("key", "state")) == {"u1": "quarantined", "u2": "parsed"}


def test_what_was_logged_just_before_a_long_silence_is_sealed_after_it(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    yesterday = timezone.now() - timedelta(days=1)
    with monkeypatch.context() as then, acting_for(cast.klankendam.pk):
        then.setattr(timezone, "now", lambda: yesterday)
        record(cast.klankendam.pk, "eerste", "huis:1", by=None)
        seal(cast.klankendam.pk)
        record(cast.klankendam.pk, "laatste voor de nacht", "huis:1", by=None)
        assert verify(cast.klankendam).unsealed == 1
    seal_audit(timezone.now())
    with acting_for(cast.klankendam.pk):
        verdict = verify(cast.klankendam)
    assert (verdict.whole, verdict.sealed, verdict.unsealed) == (True, 2, 0)
