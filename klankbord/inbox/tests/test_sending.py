"""What becomes of an answer, however its news comes in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from klankbord.channels.contract import Outgoing, Receipt, Uncertain
from klankbord.channels.models import ChannelSecret, Delivery
from klankbord.inbox import actions, sending
from klankbord.inbox.models import Conversation
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for, entered
from tests.cast import Cast
from tests.paper import Paper

Say = Callable[..., None]


def storm(_: Outgoing) -> None:
    raise Uncertain("De verbinding viel weg.")


def answer(cast: Cast, text: str = "Morgen.") -> Delivery:
    with entered(cast.amal):
        conversation = Conversation.objects.select_related("channel").get()
        post = actions.reply(conversation, text, by=cast.amal, client_id=uuid4(), seen=10**9)
        return Delivery.objects.get(posts=post)


def fresh(delivery: Delivery) -> Delivery:
    with acting_for(delivery.organisation_id):
        return Delivery.objects.get(pk=delivery.pk)


def test_an_answer_that_is_seen_while_it_waits_to_be_sent_again_is_out(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    delivery = answer(cast)
    with acting_for(cast.klankendam.pk):
        Delivery.objects.update(external_id="paper:seen", attempts=1)
        sending.came_back(cast.klankendam.pk, "paper:seen", timezone.now())
    sending.send(delivery.organisation_id, delivery.pk)
    assert fresh(delivery).state == "sent"
    assert Paper.sent == []


def test_an_answer_that_went_well_does_not_hide_that_another_is_uncertain(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    first, second = answer(cast, "Morgen."), answer(cast, "Of overmorgen.")
    Paper.weather.append(storm)
    for delivery in (first, second):
        sending.send(delivery.organisation_id, delivery.pk)
    assert [fresh(one).state for one in (first, second)] == ["uncertain", "sent"]
    with entered(cast.amal):
        assert Conversation.objects.get().delivery_problem
    sending.look_up(first.organisation_id, first.pk)
    sending.send(first.organisation_id, first.pk)
    with acting_for(cast.klankendam.pk):
        Delivery.objects.filter(pk=first.pk).update(next_attempt_at=None)
    sending.send(first.organisation_id, first.pk)
    with entered(cast.amal):
        assert not Conversation.objects.get().delivery_problem


def test_an_answer_that_another_channel_of_ours_heard_first_still_counts_as_sent(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    delivery = answer(cast)
    say(cast.mail, f"paper:{delivery.client_id}", "Morgen.")
    sending.send(delivery.organisation_id, delivery.pk)
    assert fresh(delivery).state == "sent"
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get(direction="out").uri == f"out:{delivery.client_id}"


def test_a_message_that_comes_in_while_an_answer_is_recorded_keeps_the_conversation_open(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    delivery = answer(cast)
    locked = []

    def note_lock(execute: Callable[..., object], sql: str, *rest: object) -> object:
        if 'FROM "inbox_conversation"' in sql:
            locked.append("FOR UPDATE" in sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note_lock):
        sending.send(delivery.organisation_id, delivery.pk)
    assert locked
    assert all(locked)


def test_a_database_that_restarts_while_an_answer_goes_out_does_not_make_it_uncertain(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "RECORD_AGAIN_AFTER", (0, 0))
    say(cast.square, "u1", "De lantaarn is stuk.")
    delivery = answer(cast)

    def restart(_: Outgoing) -> None:
        connection.connection.close()

    Paper.weather.append(restart)
    sending.send(delivery.organisation_id, delivery.pk)
    assert fresh(delivery).state == "sent"
    assert len(Paper.sent) == 1


def test_a_database_that_stays_away_leaves_the_answer_to_the_lease(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "RECORD_AGAIN_AFTER", ())
    say(cast.square, "u1", "De lantaarn is stuk.")
    delivery = answer(cast)

    def restart(_: Outgoing) -> None:
        connection.connection.close()

    Paper.weather.append(restart)
    with pytest.raises(OperationalError):
        sending.send(delivery.organisation_id, delivery.pk)
    connection.close()
    assert fresh(delivery).state == "sending"


def test_an_answer_that_cannot_be_looked_up_for_want_of_a_password_is_looked_up_later(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    delivery = answer(cast)
    Paper.weather.append(storm)
    sending.send(delivery.organisation_id, delivery.pk)
    before = fresh(delivery)
    with acting_for(cast.klankendam.pk):
        ChannelSecret.objects.filter(channel=cast.square).update(ciphertext=b"met een andere sleutel")
    sending.look_up(delivery.organisation_id, delivery.pk)
    after = fresh(delivery)
    assert after.state == "uncertain"
    assert after.looked_up_at is not None
    assert before.problem != after.problem


def test_a_receipt_without_an_address_keeps_the_one_we_gave(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    delivery = answer(cast)
    Paper.found = lambda _outgoing: Receipt("")
    Paper.weather.append(storm)
    sending.send(delivery.organisation_id, delivery.pk)
    sending.look_up(delivery.organisation_id, delivery.pk)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get(direction="out").uri == f"out:{delivery.client_id}"


def test_a_sender_that_was_given_up_too_early_is_still_believed(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    delivery = answer(cast)

    def take_long(_: Outgoing) -> None:
        with acting_for(cast.klankendam.pk):
            sending.expire_sending(delivery.pk, timezone.now() + timedelta(hours=1))
        sending.look_up(delivery.organisation_id, delivery.pk)
        assert fresh(delivery).state == "pending"

    Paper.weather.append(take_long)
    sending.send(delivery.organisation_id, delivery.pk)
    sending.send(delivery.organisation_id, delivery.pk)
    assert fresh(delivery).state == "sent"
    assert len(Paper.sent) == 1
