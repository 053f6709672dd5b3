"""Calls, tips and files that colleagues bring in: one conversation each, told and recorded, and only where they may."""

from __future__ import annotations

import base64
import re
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext

from klankbord.channels import registry
from klankbord.channels.actions import connect_channel
from klankbord.channels.models import Arrival, Channel, Delivery
from klankbord.channels.tip.channel import Tip
from klankbord.inbox import sending
from klankbord.inbox.models import Conversation
from klankbord.inbox.presentation import delivery_sentence
from klankbord.intake.flow import take_in
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Mandate
from tests.cast import Cast
from tests.pages import acts_of, says
from tests.paper import Paper

PEOPLE = ["bram", "chantal", "daan", "fatma", "eva"]
ROWS = "naam;telefoon;bericht\nBea;0612345678;De lantaarn is stuk\nJo;;De stoep ligt los\n"
MAIL = b"From: Bea <bea@bewoner.example>\r\nSubject: Lantaarn\r\nMessage-ID: <a@b.example>\r\n\r\nStuk.\r\n"


@pytest.fixture
def calls(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Channel:
    monkeypatch.setattr(registry, "connectors", lambda: {"paper": Paper, "tip": Tip})
    with acting_for(cast.klankendam.pk):
        return connect_channel(cast.klankendam, "tip", "Telefoon en balie", {"id": "k"}, {}, by=None)


@pytest.fixture
def neighbours_calls(cast: Cast, calls: Channel) -> Channel:
    with acting_for(cast.luisterveen.pk):
        return connect_channel(cast.luisterveen, "tip", "Telefoon", {"id": "l"}, {}, by=None)


def body(channel: Channel, **more: Any) -> dict[str, Any]:
    return {
        "channel": channel.pk,
        "came_by": "phone",
        "mark": uuid.uuid4(),
        "text": "De lantaarn is stuk.",
        "name": "Bea Bewoner",
        "phone": "06-12345678",
    } | more


def upload(client: Client, channel: Channel, content: bytes) -> Any:
    return client.post("/take-in/file", {"channel": channel.pk, "file": SimpleUploadedFile("lijst.csv", content)})


def confirm(client: Client, preview: Any) -> Any:
    page = preview.content.decode()
    found = {name: re.search(rf'name="{name}" value="([^"]*)"', page) for name in ("channel", "content")}
    return client.post("/take-in/file", {name: one[1] for name, one in found.items() if one})


def test_a_call_is_a_conversation_at_once(cast: Cast, calls: Channel, client_of: Callable[..., Client]) -> None:
    client = client_of(cast.amal)
    call_back = timezone.localtime() + timedelta(hours=2)
    typed = body(calls, call_back=call_back.strftime("%Y-%m-%dT%H:%M"))
    answer = client.post("/take-in/", typed)
    with acting_for(cast.klankendam.pk):
        conversation = Conversation.objects.get()
    assert answer.headers["Location"] == f"/desk/{conversation.pk}"
    assert (conversation.author_name, conversation.private, conversation.status) == ("Bea Bewoner", True, "open")
    page = client.get(answer.headers["Location"])
    assert call_back.strftime("%H:%M") in page.content.decode()
    assert says(page, "Record that it was told")
    # the same page once more is the same call
    assert client.post("/take-in/", typed).headers["Location"] == f"/desk/{conversation.pk}"
    with acting_for(cast.klankendam.pk):
        assert Post.objects.count() == 1
    assert acts_of(cast.klankendam.pk).count("met de hand innemen") == 1


def test_an_answer_is_the_record_that_it_was_told(cast: Cast, calls: Channel, client_of: Callable[..., Client]) -> None:
    client = client_of(cast.amal)
    where = client.post("/take-in/", body(calls)).headers["Location"]
    client.post(f"{where}/reply", {"text": "Teruggebeld: morgen gemaakt.", "client_id": uuid.uuid4(), "seen": 10**9})
    with acting_for(cast.klankendam.pk):
        delivery = Delivery.objects.get()
    sending.send(cast.klankendam.pk, delivery.pk)
    with acting_for(cast.klankendam.pk):
        assert Delivery.objects.get().state == "sent"
        assert Conversation.objects.get().status == "answered"
        told = delivery_sentence(Delivery.objects.get())
    assert told.startswith(gettext("Told by a colleague; recorded on %(at)s.").partition("%")[0])
    assert "Teruggebeld: morgen gemaakt." in client.get(where).content.decode()


def test_the_way_back_from_a_record_does_not_speak_of_sending(
    cast: Cast, calls: Channel, client_of: Callable[..., Client], settings: Any
) -> None:
    settings.UNDO_SECONDS = 60
    client = client_of(cast.amal)
    where = client.post("/take-in/", body(calls)).headers["Location"]
    client.post(f"{where}/reply", {"text": "Teruggebeld.", "client_id": uuid.uuid4(), "seen": 10**9})
    page = client.get(where)
    assert says(page, "It is recorded that you told it. Nothing is sent.")
    assert not says(page, "Your answer goes out in a moment.")
    assert says(page, "Undo")


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"text": "\u200e \0"},
        {"text": "x" * 10_001},
        {"email": "geen adres"},
        {"call_back": "morgen"},
        {"phone": "", "call_back": "2030-01-01T10:00"},
        {"came_by": "postduif"},
        {"mark": "geen uuid"},
        {"channel": "999999"},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_is_filled_in_wrong_keeps_nothing_but_what_was_typed(
    cast: Cast, calls: Channel, client_of: Callable[..., Client], wrong: dict[str, Any]
) -> None:
    answer = client_of(cast.amal).post("/take-in/", body(calls, subject="Mijn onderwerp") | wrong)
    assert answer.status_code == 422
    assert "Mijn onderwerp" in answer.content.decode()
    with acting_for(cast.klankendam.pk):
        assert not Arrival.objects.exists()


def test_a_file_is_shown_first_and_then_comes_in_whole_and_once(
    cast: Cast, calls: Channel, client_of: Callable[..., Client]
) -> None:
    client = client_of(cast.amal)
    asked = client.get("/take-in/file")
    assert asked.status_code == 200
    assert f'value="{calls.pk}"' in asked.content.decode()
    preview = upload(client, calls, ROWS.encode())
    assert preview.status_code == 200
    assert "De stoep ligt los" in preview.content.decode()
    with acting_for(cast.klankendam.pk):
        assert not Arrival.objects.exists()
    for _press in range(2):
        assert confirm(client, preview).status_code == 302
    take_in(cast.klankendam.pk, calls.pk)
    with acting_for(cast.klankendam.pk):
        assert Conversation.objects.count() == Post.objects.count() == 2
    again = upload(client, calls, (ROWS + "Kim;;De put stinkt\n").encode())
    assert (again.context["fresh"], again.context["known"]) == (1, 2)
    confirm(client, again)
    take_in(cast.klankendam.pk, calls.pk)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.count() == 3


def test_a_file_with_one_wrong_row_brings_in_nothing(
    cast: Cast, calls: Channel, client_of: Callable[..., Client]
) -> None:
    client = client_of(cast.amal)
    preview = upload(client, calls, (ROWS + "Kim;;\n").encode())
    assert preview.status_code == 422
    assert says(preview, "The message is empty.")
    # also when somebody sends the second page by hand
    sent = client.post(
        "/take-in/file", {"channel": calls.pk, "content": base64.b64encode((ROWS + "Kim;;\n").encode()).decode()}
    )
    assert sent.status_code == 422
    for content in ("%%%", "AAAA", "x" * 2_000_000):
        assert client.post("/take-in/file", {"channel": calls.pk, "content": content}).status_code == 422
    with acting_for(cast.klankendam.pk):
        assert not Arrival.objects.exists()


def test_a_saved_mail_comes_in_from_the_resident_once(
    cast: Cast, calls: Channel, client_of: Callable[..., Client]
) -> None:
    client = client_of(cast.amal)
    for _time in range(2):
        confirm(client, upload(client, calls, MAIL))
        take_in(cast.klankendam.pk, calls.pk)
    with acting_for(cast.klankendam.pk):
        assert [one.author.handle for one in Post.objects.select_related("author") if one.author] == [
            "bea@bewoner.example"
        ]


def test_without_such_a_channel_the_page_says_whom_to_ask(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, client_of: Callable[..., Client]
) -> None:
    client = client_of(cast.amal)
    for address in ("/take-in/", "/take-in/file"):
        assert says(client.get(address), "Nobody can take down calls yet")
        assert client.post(address, {"text": "x"}).status_code == 422


@pytest.mark.parametrize("who", PEOPLE)
def test_who_does_not_work_at_this_desk_brings_in_nothing(
    cast: Cast, calls: Channel, client_of: Callable[..., Client], who: str
) -> None:
    client = client_of(cast.everybody[who])
    assert "Telefoon en balie" not in client.get("/take-in/").content.decode()
    client.post("/take-in/", body(calls))
    upload(client, calls, ROWS.encode())
    client.post("/take-in/file", {"channel": calls.pk, "content": "YmVyaWNodApoYWxsbwo="})
    with acting_for(cast.klankendam.pk):
        assert not Arrival.objects.exists()


def test_a_desk_takes_calls_for_its_neighbours_until_the_mandate_ends(
    cast: Cast, neighbours_calls: Channel, client_of: Callable[..., Client]
) -> None:
    client = client_of(cast.amal)
    assert client.post("/take-in/", body(neighbours_calls)).status_code == 302
    with acting_for(cast.luisterveen.pk):
        assert Conversation.objects.get().channel_id == neighbours_calls.pk
        now = timezone.now()
        Mandate.objects.update(valid_from=now - timedelta(days=2), valid_until=now - timedelta(seconds=1))
    assert client.post("/take-in/", body(neighbours_calls, text="Te laat")).status_code == 422
    with acting_for(cast.luisterveen.pk):
        assert Arrival.objects.count() == 1


def test_a_channel_that_is_off_takes_nothing(cast: Cast, calls: Channel, client_of: Callable[..., Client]) -> None:
    with acting_for(cast.klankendam.pk):
        Channel.objects.filter(pk=calls.pk).update(enabled=False)
    client_of(cast.amal).post("/take-in/", body(calls))
    with acting_for(cast.klankendam.pk):
        assert not Arrival.objects.exists()
