"""Taking back what one just did: an answer before it goes out, an assignment, a closing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from klankbord.channels.models import Delivery
from klankbord.inbox import sending, undoing
from klankbord.inbox.models import Conversation, Draft, Step
from klankbord.inbox.tests.test_desk import only_conversation
from klankbord.posts.models import Attachment, Post
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import Mandate, User
from tests.cast import Cast
from tests.pages import acts_of, says
from tests.paper import Paper

Say = Callable[..., None]
ClientOf = Callable[[User], Client]
FIELDS = [*undoing.FIELDS, "preview", "delivery_problem"]
FILE_GONE = "The file “%(name)s” is not with it any more. Choose it again."


@pytest.fixture
def held(settings: Any) -> None:
    settings.UNDO_SECONDS = 60  # longer than a slow machine needs


def answer(client: Client, conversation: Conversation, text: str = "Wij komen morgen.") -> None:
    form = {"text": text, "client_id": uuid4(), "seen": 10**9, "visibility": "direct"}
    assert client.post(f"/desk/{conversation.pk}/reply", form).status_code == 302


def step_of(cast: Cast) -> int:
    with acting_for(cast.klankendam.pk):
        return Step.objects.get().pk


def as_it_is(cast: Cast) -> dict[str, object]:
    with entered(cast.amal):
        return dict(Conversation.objects.values(*FIELDS).get())


def test_an_answer_that_is_held_goes_out_when_its_time_has_come(
    cast: Cast, say: Say, client_of: ClientOf, held: None
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    answer(client_of(cast.amal), only_conversation(cast))
    with acting_for(cast.klankendam.pk):
        delivery = Delivery.objects.get()
    sending.send(delivery.organisation_id, delivery.pk)
    assert Paper.sent == []
    with acting_for(cast.klankendam.pk):
        Delivery.objects.update(next_attempt_at=timezone.now())
    sending.send(delivery.organisation_id, delivery.pk)
    assert len(Paper.sent) == 1


def test_an_answer_that_is_taken_back_never_was(cast: Cast, say: Say, client_of: ClientOf, held: None) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, before, client = only_conversation(cast), as_it_is(cast), client_of(cast.amal)
    answer(client, conversation)
    assert as_it_is(cast) != before
    with acting_for(cast.klankendam.pk):
        delivery = Delivery.objects.get()
    page = client.post(f"/desk/step/{step_of(cast)}/undo", follow=True)
    assert page.context["reply_text"] == "Wij komen morgen."
    assert as_it_is(cast) == before
    with acting_for(cast.klankendam.pk):
        assert not Delivery.objects.exists()
        assert not Post.objects.filter(direction="out").exists()
        assert Draft.objects.get().visibility == "direct"
    # the job is still there, and finds nothing
    sending.send(delivery.organisation_id, delivery.pk)
    assert Paper.sent == []
    assert "antwoord tegenhouden" in acts_of(cast.klankendam.pk)


def test_what_one_typed_since_is_kept_behind_the_answer(cast: Cast, say: Say, client_of: ClientOf, held: None) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    answer(client, conversation, "Morgen.")
    client.post(f"/desk/{conversation.pk}/draft/reply", {"text": "Of nee,", "client_id": uuid4()})
    client.post(f"/desk/step/{step_of(cast)}/undo")
    with acting_for(cast.klankendam.pk):
        assert Draft.objects.get().text == "Morgen.\n\nOf nee,"


def answer_with_a_file(client: Client, conversation: Conversation) -> Any:
    file = SimpleUploadedFile("plan.txt", b"plan", "text/plain")
    form = {"text": "Zie het plan.", "client_id": uuid4(), "seen": 10**9, "file": file, "alt": "plan"}
    return client.post(f"/desk/{conversation.pk}/reply", form)


@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}])
def test_an_answer_with_a_file_is_taken_back_as_a_whole(
    cast: Cast, say: Say, client_of: ClientOf, held: None, headers: dict[str, str]
) -> None:
    say(cast.mail, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    answer_with_a_file(client, conversation)
    with acting_for(cast.klankendam.pk):
        assert Attachment.objects.exists()
    page = client.post(f"/desk/step/{step_of(cast)}/undo", follow=True, headers=headers)
    assert says(page, FILE_GONE, name="plan.txt")
    assert page.context["reply_text"] == "Zie het plan."
    with acting_for(cast.klankendam.pk):
        assert not Attachment.objects.exists()


@pytest.mark.parametrize("state", ["sending", "sent", "uncertain"])
def test_what_is_on_its_way_is_not_taken_back(
    cast: Cast, say: Say, client_of: ClientOf, held: None, state: str
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    answer(client, conversation)
    with acting_for(cast.klankendam.pk):
        Delivery.objects.update(state=state)
    after = as_it_is(cast)
    page = client.post(f"/desk/step/{step_of(cast)}/undo", follow=True)
    assert says(page, "It is too late to undo this: the answer is on its way.")
    assert as_it_is(cast) == after
    with acting_for(cast.klankendam.pk):
        assert Post.objects.filter(direction="out").count() == 1
        assert not Draft.objects.exists()


def test_who_is_too_late_is_told(cast: Cast, say: Say, client_of: ClientOf, held: None) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    answer(client, conversation)
    with acting_for(cast.klankendam.pk):
        Step.objects.update(until=timezone.now() - timedelta(seconds=1))
    assert says(client.post(f"/desk/step/{step_of(cast)}/undo", follow=True), "It is too late to undo this.")


def test_a_resident_who_wrote_meanwhile_still_waits_since_the_first_time(
    cast: Cast, say: Say, client_of: ClientOf, held: None
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, before, client = only_conversation(cast), as_it_is(cast), client_of(cast.amal)
    answer(client, conversation)
    say(cast.square, "u2", "Hallo?", parent_uri="u1")
    client.post(f"/desk/step/{step_of(cast)}/undo")
    after = as_it_is(cast)
    assert (after["status"], after["waiting_since"]) == ("open", before["waiting_since"])
    assert after["preview"] == "Hallo?"


@pytest.mark.parametrize(
    ("first", "act", "form"),
    [
        (None, "close", {}),
        (None, "assign", {"assignee": "me"}),
        ("close", "reopen", {}),
    ],
)
def test_an_act_in_the_house_is_undone(
    cast: Cast, say: Say, client_of: ClientOf, first: str | None, act: str, form: dict[str, str]
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    client.get(f"/desk/{conversation.pk}")
    if first:
        client.post(f"/desk/{conversation.pk}/{first}")
    before = as_it_is(cast)
    page = client.post(f"/desk/{conversation.pk}/{act}", form, follow=True)
    address = f"/desk/step/{step_of(cast)}/undo"
    assert f'action="{address}?seconds=' in page.content.decode()
    assert as_it_is(cast) != before
    client.post(address)
    assert as_it_is(cast) == before
    assert client.post(address).status_code == 404


def test_what_a_colleague_changed_since_is_not_undone(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    client.post(f"/desk/{conversation.pk}/assign", {"assignee": "me"})
    step = step_of(cast)
    client_of(cast.gijs).post(f"/desk/{conversation.pk}/assign", {"assignee": "me"})
    page = client.post(f"/desk/step/{step}/undo", follow=True)
    assert says(page, "Somebody changed this conversation meanwhile. Nothing was undone.")
    assert as_it_is(cast)["assignee_name"] == "Gijs"


@pytest.mark.parametrize("who", ["gijs", "bram", "eva", "daan", "chantal", "fatma"])
def test_nobody_takes_back_what_another_did(cast: Cast, say: Say, client_of: ClientOf, who: str, held: None) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    answer(client_of(cast.amal), only_conversation(cast))
    assert client_of(cast.everybody[who]).post(f"/desk/step/{step_of(cast)}/undo").status_code == 404
    with acting_for(cast.klankendam.pk):
        assert Delivery.objects.count() == 1


def test_when_the_mandate_has_ended_nothing_is_taken_back(
    cast: Cast, say: Say, client_of: ClientOf, held: None
) -> None:
    say(cast.luisterveen_mail, "u1", "Wanneer wordt er gemaaid?", visibility="direct")
    client = client_of(cast.amal)
    answer(client, only_conversation(cast))
    with acting_for(cast.luisterveen.pk):
        step = Step.objects.get().pk
        Mandate.objects.update(valid_from="2020-01-01T00:00Z", valid_until="2020-01-02T00:00Z")
    assert client.post(f"/desk/step/{step}/undo").status_code == 404
    with acting_for(cast.luisterveen.pk):
        assert Delivery.objects.count() == 1
