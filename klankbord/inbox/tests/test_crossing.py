"""Two who change the same answer and its conversation at once wait for each other in turn, never crosswise."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.channels.contract import DeliverySeen
from klankbord.channels.models import Channel, Delivery
from klankbord.inbox import drafts, sending, undoing
from klankbord.inbox.models import Conversation, Draft, Step
from klankbord.inbox.tests.test_desk import only_conversation
from klankbord.inbox.threads import move_conversations
from klankbord.intake import flow
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import User
from tests.at_once import Meeting, at_once
from tests.cast import Cast
from tests.paper import Paper

Say = Callable[..., None]
ClientOf = Callable[[User], Client]


def answered(client: Client, conversation: Conversation) -> Delivery:
    form = {"text": "Wij komen morgen.", "client_id": uuid4(), "seen": 10**9}
    assert client.post(f"/desk/{conversation.pk}/reply", form).status_code == 302
    with acting_for(conversation.organisation_id):
        return Delivery.objects.get()


def test_taking_back_while_the_sender_writes_down_that_it_could_not_send(
    cast: Cast, say: Say, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    client = client_of(cast.amal)
    settings.UNDO_SECONDS = 600
    delivery = answered(client, only_conversation(cast))
    with acting_for(cast.klankendam.pk):
        Channel.objects.update(enabled=False)
        Delivery.objects.update(next_attempt_at=timezone.now())
        step = Step.objects.get().pk
    both = Meeting()
    monkeypatch.setattr(sending, "_try_again", both.before(sending._try_again))
    monkeypatch.setattr(undoing, "_hold_back", both.before(undoing._hold_back))
    _sent, page = at_once(
        partial(sending.send, delivery.organisation_id, delivery.pk),
        partial(client.post, f"/desk/step/{step}/undo"),
    )
    assert page.status_code == 302
    with acting_for(cast.klankendam.pk):
        assert not Delivery.objects.exists()
        assert Draft.objects.get().text == "Wij komen morgen."


def test_a_late_parent_comes_in_while_the_answer_under_it_goes_out(
    cast: Cast, say: Say, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes in brings the answer under another thread; the sender gives it the name that the network knows."""
    say(cast.square, "u2", "En nu?", parent_uri="u1")
    delivery = answered(client_of(cast.amal), only_conversation(cast))
    both = Meeting()
    monkeypatch.setattr(flow, "move_conversations", both.before(move_conversations))
    monkeypatch.setattr(sending, "_sent", both.before(sending._sent))
    monkeypatch.setattr(sending, "RECORD_AGAIN_AFTER", ())
    at_once(
        partial(sending.send, delivery.organisation_id, delivery.pk),
        partial(say, cast.square, "u1", "De lantaarn is stuk.", parent_uri="u0"),
    )
    with acting_for(cast.klankendam.pk):
        post = Post.objects.get(direction="out")
        assert (post.uri, post.root_uri) == (f"paper:{delivery.client_id}", "u0")
        assert Conversation.objects.get().root_uri == "u0"


def test_an_answer_is_seen_on_the_network_while_its_sending_is_written_down(
    cast: Cast, say: Say, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    delivery = answered(client_of(cast.amal), only_conversation(cast))
    name = f"paper:{delivery.client_id}"
    with acting_for(cast.klankendam.pk):
        Delivery.objects.update(external_id=name)
    parse = Paper.parse
    monkeypatch.setattr(Paper, "parse", lambda paper, body: [*parse(paper, body), DeliverySeen(name)])
    both = Meeting()
    monkeypatch.setattr(sending, "came_back", both.before(sending.came_back))
    monkeypatch.setattr(sending, "_sent", both.before(sending._sent))
    monkeypatch.setattr(sending, "RECORD_AGAIN_AFTER", ())
    at_once(
        partial(sending.send, delivery.organisation_id, delivery.pk),
        partial(say, cast.square, "u2", "Dank!", parent_uri="u1"),
    )
    with acting_for(cast.klankendam.pk):
        assert Delivery.objects.get().state == "sent"
        assert Conversation.objects.get().status == "open"


def test_two_colleagues_take_over_the_draft_of_each_other(
    cast: Cast, say: Say, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation = only_conversation(cast)
    clients = {name: client_of(cast.everybody[name]) for name in ("amal", "gijs")}
    for name, client in clients.items():
        client.post(f"/desk/{conversation.pk}/draft/reply", {"text": f"Van {name}.", "client_id": uuid4()})
    with acting_for(cast.klankendam.pk):
        of = {draft.user_id: draft.pk for draft in Draft.objects.all()}
    monkeypatch.setattr(drafts, "take_draft", Meeting().before(drafts.take_draft))
    pages = at_once(
        partial(clients["amal"].post, f"/desk/draft/{of[cast.gijs.pk]}/take"),
        partial(clients["gijs"].post, f"/desk/draft/{of[cast.amal.pk]}/take"),
    )
    # who came second finds that the own draft went to the other, and what that other had is no draft any more
    assert sorted(page.status_code for page in pages) == [302, 404]
    with acting_for(cast.klankendam.pk):
        (left,) = Draft.objects.all()
    assert {"Van amal.", "Van gijs."} == set(left.text.split(drafts.BETWEEN))
