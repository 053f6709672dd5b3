"""Somebody asks what is held on them, and gets all of it, and nothing of others."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from klankbord.intake.access import held_on
from klankbord.posts.models import Author
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import AuditEntry, User
from tests.cast import Cast
from tests.pages import acts_of
from tests.test_forgotten import ACTOR, HANDLE, WREN, Log, columns_with_traces, forget, owner, talk

Say = Callable[..., None]
__all__ = ["owner"]

HANDED_OVER = {
    *("posts_author.name", "posts_author.handle", "posts_author.network_id", "posts_post.text", "posts_post.uri"),
    *("posts_post.subject", "posts_post.warning", "posts_post.quoted", "posts_post.html", "posts_post.web_url"),
    *("posts_post.reply_data", "posts_post.parent_uri", "posts_post.root_uri", "posts_revision.text"),
    *("posts_attachment.filename", "posts_attachment.alt_text", "posts_attachment.url", "channels_delivery.outgoing"),
    *("inbox_conversation.author_name", "inbox_conversation.subject"),
    *("inbox_conversation.root_uri", "listening_dossiernote.text", "channels_arrival.body"),
}
"""Columns of which the words stand in the file."""
SAID_OTHERWISE = {
    "posts_post.tokens": "the index of the text",
    "channels_arrival.key": "the address of the message, which is there",
    "inbox_conversation.preview": "how the newest message in it begins, whoever said that",
    "inbox_step.before": "how a conversation was a moment ago, so that it can be taken back",
    "inbox_step.after": "the same",
    "tenancy_auditentry.details": "what was done is there; the names of colleagues are not",
}
"""Columns that hold the same once more, or what is about others."""


@pytest.fixture
def fatma(cast: Cast, client_of: Callable[[User], Client]) -> Client:
    return client_of(cast.fatma)


def handed_over(client: Client, address: str = HANDLE) -> zipfile.ZipFile:
    [known] = client.post("/privacy/person", {"address": address}).context["found"]
    answer = client.post("/privacy/person", {"address": address, "person": known.author.pk, "act": "access"})
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-store"
    stream: Iterator[bytes] = answer.streaming_content  # type: ignore[attr-defined]  # a file
    return zipfile.ZipFile(io.BytesIO(b"".join(stream)))


def content(file: zipfile.ZipFile) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read("gegevens.json"))
    return found


def test_all_there_is_is_handed_over(cast: Cast, say: Say, fatma: Client, owner: Log) -> None:
    talk(cast, say)
    here = columns_with_traces(owner)
    assert here <= HANDED_OVER | set(SAID_OTHERWISE), "a column that holds people: put it in intake/access.py"
    file = handed_over(fatma)
    held = content(file)
    assert held["persoon"]["naam"] == WREN["name"]
    assert [one["tekst"] for one in held["berichten"]] == ["Gemeente, geheimtekst, anders. Wrenzela"]
    assert [one["tekst"] for one in held["berichten"][0]["eerdere versies"]] == [
        "Gemeente, geheimtekst over de lantaarn. Wrenzela"
    ]
    assert [one["tekst"] for one in held["opgevangen"]] == ["Het Marktplein, zomaar"]
    assert [one["tekst"] for one in held["antwoorden"]] == ["Beste Wrenzela Quistorp, wij komen."]
    assert [one["tekst"] for one in held["aantekeningen"]] == [f"Wrenzela belde. Zie {HANDLE}"]
    assert [one["dossier"] for one in held["dossiers"]] == ["Klankendam"]
    assert held["notities bij dossiers"][0]["tekst"] == "Let op Wrenzela Quistorp"
    assert held["wie het ontving"] == []
    assert any("onleesbaar" in one["zoals het binnenkwam"] for one in held["ruwe kopieën"])
    [attachment] = held["berichten"][0]["bestanden"]
    assert file.read(attachment["in dit bestand"]) == b"geheimtekst van Wrenzela"
    page = file.read("lees-mij.html").decode()
    assert "Gemeente, geheimtekst, anders. Wrenzela" in page
    assert "<h2>Berichten</h2>" in page
    assert "oefening" in page


def test_nothing_of_others_goes_along(cast: Cast, say: Say, fatma: Client) -> None:
    talk(cast, say)
    say(cast.square, "https://elders.example/9", "Een vraag van Bea zelf")
    file = handed_over(fatma)
    told = file.read("gegevens.json").decode() + file.read("lees-mij.html").decode()
    for others in ("ik ook, Wrenzela", "Bea Bewoner", "Een vraag van Bea", "Amal", "Fatma"):
        assert others not in told, others


def test_that_it_was_handed_over_is_in_the_log_without_a_name(cast: Cast, say: Say, fatma: Client) -> None:
    talk(cast, say)
    handed_over(fatma)
    assert acts_of(cast.klankendam.pk)[-2:] == ["persoon opzoeken", "inzage geven"]
    with acting_for(cast.klankendam.pk):
        entry = AuditEntry.objects.latest("pk")
    assert entry.details["berichten"] == 1
    assert "wrenzel" not in json.dumps(entry.details).lower() + entry.object


def test_who_was_only_overheard_is_found_by_the_address_and_by_nothing_else(
    cast: Cast, say: Say, fatma: Client
) -> None:
    say(cast.square, f"{ACTOR}/5", "Het Marktplein, zomaar", addressed=False, author=WREN)
    assert fatma.post("/privacy/person", {"address": HANDLE}).context["found"] == []
    held = content(handed_over(fatma, ACTOR))
    assert [one["tekst"] for one in held["opgevangen"]] == ["Het Marktplein, zomaar"]
    assert (held["persoon"]["naam"], held["berichten"]) == ("", [])
    # forgetting them is objecting: the pseudonym itself must stay, or they come in again
    [known] = fatma.post("/privacy/person", {"address": ACTOR}).context["found"]
    assert fatma.post("/privacy/person", {"address": ACTOR, "person": known.author.pk}).status_code == 200
    with acting_for(cast.klankendam.pk):
        assert Author.objects.filter(pk=known.author.pk, forgotten_at__isnull=True).exists()


def test_after_forgetting_there_is_nothing_to_hand_over(cast: Cast, say: Say, fatma: Client) -> None:
    talk(cast, say)
    with acting_for(cast.klankendam.pk):
        author = Author.objects.get(handle=HANDLE)
    forget(fatma)
    assert fatma.post("/privacy/person", {"address": HANDLE}).context["found"] == []
    with acting_for(cast.klankendam.pk):
        author.refresh_from_db()
        told = json.dumps(held_on(author), ensure_ascii=False).lower()
    assert not any(trace in told for trace in ("wrenzel", "quistorp", "geheimtekst"))


@pytest.mark.parametrize("who", ["amal", "bram", "chantal", "daan", "eva", "gijs"])
def test_nobody_else_is_handed_anything(cast: Cast, say: Say, client_of: Callable[[User], Client], who: str) -> None:
    talk(cast, say)
    with acting_for(cast.klankendam.pk):
        pk = Author.objects.get(handle=HANDLE).pk
    data = {"address": HANDLE, "person": pk, "act": "access"}
    assert client_of(cast.everybody[who]).post("/privacy/person", data).status_code == 403
