"""Answers: to whom they go, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from klankbord.channels.models import Channel, Delivery
from klankbord.inbox import sending
from klankbord.inbox.models import Conversation
from klankbord.inbox.tests.test_desk import answer, only_conversation, send_all, uncertain_answer
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import AuditEntry, User
from tests.cast import Cast
from tests.paper import Paper

Say = Callable[..., None]
ClientOf = Callable[[User], Client]


def test_nothing_goes_out_by_a_channel_that_was_switched_off(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    answer(client_of(cast.amal), only_conversation(cast))
    with acting_for(cast.klankendam.pk):
        Channel.objects.filter(pk=cast.square.pk).update(enabled=False)
    (waiting,) = send_all(cast)
    assert (waiting.state, waiting.attempts, Paper.sent) == ("pending", 0, [])
    assert waiting.problem
    with acting_for(cast.klankendam.pk):
        Channel.objects.filter(pk=cast.square.pk).update(enabled=True)
        Delivery.objects.update(next_attempt_at=None)
    assert [d.state for d in send_all(cast)] == ["sent"]


def test_an_answer_whose_file_is_gone_stays_uncertain_with_the_reason(
    cast: Cast, say: Say, client_of: ClientOf
) -> None:
    _, delivery = uncertain_answer(cast, say, client_of, arrived=True)
    with acting_for(cast.klankendam.pk):
        file = {"filename": "a.txt", "content_type": "text/plain", "alt_text": "", "sha256": "0" * 64}
        Delivery.objects.update(outgoing=delivery.outgoing | {"files": [file]})
    sending.look_up(delivery.organisation_id, delivery.pk)
    with acting_for(cast.klankendam.pk):
        fresh = Delivery.objects.get()
        assert (fresh.state, fresh.looked_up_at is None) == ("uncertain", False)


def test_two_threads_that_turn_out_to_be_one_become_one_conversation(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "root", "Eerst dit.")
    with entered(cast.amal):
        first = Conversation.objects.get()
    client_of(cast.amal).post(f"/desk/{first.pk}/close")
    say(cast.square, "child", "En daarom ben ik boos.", parent_uri="middle")
    with entered(cast.amal):
        assert Conversation.objects.count() == 2
    say(cast.square, "middle", "Dan dit.", parent_uri="root", addressed=False)
    joined = only_conversation(cast)
    assert (joined.pk, joined.status, joined.waiting_since is None) == (first.pk, "open", False)
    with entered(cast.amal):
        assert Post.objects.filter(root_uri="root").count() == 3
        assert AuditEntry.objects.filter(actie="gesprekken samenvoegen").count() == 1


def test_what_we_said_ourselves_stays_when_the_network_takes_it_away(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    answer(client_of(cast.amal), only_conversation(cast))
    (sent,) = send_all(cast)
    say(cast.square, sent.external_id, "", key="gone", deleted=True)
    with entered(cast.amal):
        kept = Post.objects.get(direction="out")
        assert (kept.text, kept.deleted_at) == ("Dank u wel, wij kijken ernaar.", None)
