"""Answers: to whom they go, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client

from klankbord.channels.contract import Permanent
from klankbord.channels.models import Channel, Delivery
from klankbord.inbox import sending
from klankbord.inbox.models import Conversation
from klankbord.inbox.tests.test_desk import answer, only_conversation, send_all, uncertain_answer
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import AuditEntry, User
from tests.cast import Cast
from tests.pages import says
from tests.paper import Paper

Say = Callable[..., None]
ClientOf = Callable[[User], Client]


NEIGHBOUR = {"network_id": "buur", "handle": "@buur", "name": "Kees Buur"}


def test_an_answer_goes_to_whom_it_was_written_also_when_somebody_else_speaks_meanwhile(
    cast: Cast, say: Say, client_of: ClientOf
) -> None:
    say(cast.square, "u1", "Onder ons: ik heb schulden.", visibility="direct")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    page = client.get(f"/desk/{conversation.pk}")
    head = page.context["conversation"]
    assert head["answers_name"] == "Bea Bewoner"
    assert f'name="answers" value="{head["answers"]}"' in page.content.decode()
    say(cast.square, "u2", "En ik ben de buurman.", parent_uri="u1", visibility="direct", author=NEIGHBOUR)
    answer(client, conversation, text="Over uw schulden", answers=str(head["answers"]))
    send_all(cast)
    assert [(one.to.network_id, one.parent_uri) for one in Paper.sent] == [("bewoner-1", "u1")]


def test_the_composer_names_who_gets_a_private_answer(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    say(cast.square, "u2", "Alleen voor jullie.", parent_uri="u1", visibility="direct", author=NEIGHBOUR)
    page = client_of(cast.amal).get(f"/desk/{only_conversation(cast).pk}")
    assert says(page, "Private answer: only %(name)s can read this", name="Kees Buur")


def test_what_is_answered_must_still_be_there_and_in_this_thread(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    say(cast.square, "u2", "Iets anders.")
    with entered(cast.amal):
        elsewhere = Post.objects.get(uri="u2").pk
    answer(client, conversation, answers=str(elsewhere))
    assert send_all(cast) == []


def storm(_: object) -> None:
    raise Permanent("Het adres bestaat niet.")


def test_an_answer_that_went_well_does_not_hide_one_that_did_not(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    answer(client, conversation)
    Paper.weather.append(storm)
    (failed,) = send_all(cast)
    answer(client, conversation, text="Een tweede antwoord.")
    assert [d.state for d in send_all(cast)] == ["failed", "sent"]
    assert only_conversation(cast).delivery_problem
    client.post(f"/desk/delivery/{failed.pk}/confirm")
    assert not only_conversation(cast).delivery_problem


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
