"""The demo has ways in of its own: a page for residents, calls at the desk, a newspaper. None needs a network."""

from __future__ import annotations

import re
import socket
import uuid
from datetime import timedelta
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from klankbord.channels.models import Channel, Delivery
from klankbord.channels.registry import connector_class
from klankbord.inbox.models import Conversation
from klankbord.posts.models import Post
from klankbord.project import demo
from klankbord.public import tickets
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Organisation, User
from tests.failpoints import do_jobs

LINK = re.compile(r'href="(/contact/[^"]+)"')


@pytest.fixture
def klankendam(
    clean_database: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, request: pytest.FixtureRequest
) -> Organisation:
    """The demo town, and a house in which nobody can open a connection to another machine."""
    monkeypatch.setattr(settings, "DATA", tmp_path)
    monkeypatch.setattr(settings, "MEDIA_ROOT", tmp_path)
    monkeypatch.setattr(tickets, "QUICKEST", timedelta(seconds=-1))
    assert demo.load(timezone.now())
    request.getfixturevalue("as_app")

    def no_network(*arguments: Any, **more: Any) -> Any:
        raise AssertionError(f"the demo reaches out: {arguments}")

    monkeypatch.setattr(socket, "create_connection", no_network)
    monkeypatch.setattr(socket, "getaddrinfo", no_network)
    return Organisation.objects.get(name__startswith="Gemeente Klankendam")


def links(client: Client, page: str) -> list[str]:
    return LINK.findall(client.get(page).content.decode())


def test_somebody_writes_as_a_resident_and_reads_the_answer_on_the_same_page(klankendam: Organisation) -> None:
    somebody, amal = Client(), Client()
    (door,) = links(somebody, "/")
    assert links(somebody, "/accounts/login/") == [door]
    page = somebody.get(door).content.decode()
    assert "OEFENING" in page
    typed = dict(re.findall(r'<input [^>]*name="(name|email|ticket)"[^>]*value="([^"]+)"', page))
    assert typed["email"].endswith(".example")
    sent = somebody.post(door, typed | {"text": "Mag ik hier vliegeren?"})
    assert sent.status_code == 302
    thanks = unescape(somebody.get(sent["Location"]).content.decode())
    assert "Dit is een oefening: er gaat geen mail uit." in thanks
    do_jobs()

    amal.force_login(User.objects.get(email="amal@klankendam.example"))
    with acting_for(klankendam.pk):
        post = Post.objects.get(text__startswith="Mag ik hier vliegeren?")
        conversation = Conversation.objects.get(root_uri=post.root_uri)
    assert "Mag ik hier vliegeren?" in amal.get("/desk/").content.decode()
    answer = {"text": "Dat mag, op het strandje.", "client_id": uuid.uuid4(), "seen": 10**9}
    assert amal.post(f"/desk/{conversation.pk}/reply", answer).status_code == 302
    do_jobs()
    thanks = somebody.get(sent["Location"]).content.decode()
    assert "Dat mag, op het strandje." in thanks
    assert "Wij hebben uw bericht ontvangen" in thanks
    with acting_for(klankendam.pk):
        states = Delivery.objects.filter(channel=conversation.channel_id).values_list("state", flat=True)
        assert set(states) == {Delivery.State.SENT}


def test_somebody_else_does_not_see_that_answer(klankendam: Organisation) -> None:
    (door,) = links(Client(), "/")
    for text in ("Vraag een", "Vraag twee"):
        client = Client()
        ticket = re.search(r'name="ticket" value="([^"]+)"', client.get(door).content.decode())
        assert ticket
        sent = client.post(door, {"ticket": ticket[1], "text": text, "email": f"{uuid.uuid4().hex}@bewoner.example"})
        do_jobs()
        page = client.get(sent["Location"]).content.decode()
        assert page.count('class="public-answer"') == 1, "the confirmation of another one"


def test_calls_can_be_taken_down_and_the_newspaper_is_found_by_a_dossier(klankendam: Organisation) -> None:
    amal = Client()
    amal.force_login(User.objects.get(email="amal@klankendam.example"))
    page = amal.get("/take-in/").content.decode()
    fields = dict(re.findall(r'<input type="hidden" name="(channel|mark)" value="([^"]+)"', page))
    assert amal.post("/take-in/", fields | {"text": "Belde over de markt.", "came_by": "phone"}).status_code == 302
    with acting_for(klankendam.pk):
        kinds = dict(Channel.objects.values_list("kind", "name"))
        assert {"form", "tip", "exercise"} == set(kinds)
        assert all(name.endswith("(oefening)") for name in Channel.objects.values_list("name", flat=True))
        came = Conversation.objects.filter(channel__kind__in=["form", "tip"])
        assert came.count() == 3
        news = Channel.objects.get(settings__network="news")
        assert Post.objects.filter(channel=news, overheard=True).exists()


def test_the_form_of_the_demo_stays_an_exercise_when_its_settings_change(klankendam: Organisation) -> None:
    from klankbord.channels.form.forms import SettingsForm

    with acting_for(klankendam.pk):
        before = Channel.objects.get(kind="form").settings
    filled = before["page"] | {"title": "Iets anders"}
    form = SettingsForm(filled, initial=before)
    assert form.is_valid(), form.errors
    after, secrets = form.to_settings()
    assert after["page"]["exercise"] == before["page"]["exercise"]
    assert connector_class("form")(after, secrets).check()


def test_without_a_demo_there_is_no_way_to_it(clean_database: None) -> None:
    assert links(Client(), "/") == []
    assert links(Client(), "/accounts/login/") == []
