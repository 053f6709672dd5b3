"""Somebody is forgotten, and no column, file, log line, job row or live event holds a trace of them any more."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg import sql
from psycopg.conninfo import make_conninfo

from klankbord.inbox import actions
from klankbord.inbox.models import Conversation
from klankbord.listening.models import Dossier, DossierNote
from klankbord.posts.files import keep_file
from klankbord.posts.models import Attachment, Post
from klankbord.tenancy.audit import record, seal, verify
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import AuditEntry, Organisation, User
from tests.cast import Cast

Say = Callable[..., None]
Log = psycopg.Connection[Any]
HANDLE = "@wrenzel@plein.example"
ACTOR = "https://plein.example/users/wrenzel"
WREN = {"network_id": ACTOR, "handle": HANDLE, "name": "Wrenzela Quistorp"}
TRACES = ("wrenzel", "quistorp", "geheimtekst")


@pytest.fixture
def owner() -> Iterator[Log]:
    url = make_conninfo(os.environ["DATABASE_OWNER_URL"], dbname=connection.settings_dict["NAME"])
    with psycopg.connect(url, autocommit=True) as made:
        yield made


def columns_with_traces(owner: Log, traces: Sequence[str] = TRACES) -> set[str]:
    """Every column of every table that holds a trace, bytes included, seen beside the fence."""
    found = set()
    columns = owner.execute(
        "SELECT c.table_name, c.column_name, c.data_type FROM information_schema.columns c"
        " JOIN information_schema.tables t USING (table_schema, table_name)"
        " WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'"
    ).fetchall()
    assert len(columns) > 200
    for table, column, kind in columns:
        place = sql.Identifier(column)
        text = sql.SQL("encode({}, 'escape')").format(place) if kind == "bytea" else sql.SQL("{}::text").format(place)
        query = sql.SQL("SELECT EXISTS (SELECT FROM {} WHERE {} ~* %s)").format(sql.Identifier(table), text)
        if owner.execute(query, ["|".join(traces)]).fetchone() == (True,):
            found.add(f"{table}.{column}")
    return found


def files_with_traces() -> set[str]:
    return {
        str(path)
        for path in Path(settings.MEDIA_ROOT).rglob("*")
        if path.is_file() and any(trace.encode() in path.read_bytes().lower() for trace in TRACES)
    }


def talk(cast: Cast, say: Say) -> None:
    """Somebody is everywhere: said, changed, answered, overheard, named by others, sent along, noted and logged."""
    root = f"{ACTOR}/1"
    said: dict[str, Any] = {
        "subject": "geheimtekst",
        "warning": "geheimtekst",
        "quoted": "geheimtekst",
        "html": "<p>geheimtekst</p>",
    }
    said |= {"web_url": root, "reply_data": {"to": "wrenzel"}}
    say(cast.square, root, "Gemeente, geheimtekst over de lantaarn. Wrenzela", author=WREN, **said)
    say(cast.square, root, "Gemeente, geheimtekst, anders. Wrenzela", author=WREN, key=f"{root}#edit")
    with entered(cast.amal):
        conversation = Conversation.objects.select_related("channel").get(root_uri=root)
        answer = "Beste Wrenzela Quistorp, wij komen."
        actions.reply(conversation, answer, by=cast.amal, client_id=uuid4(), seen=10**9)
        actions.write_note(conversation, f"Wrenzela belde. Zie {HANDLE}", by=cast.amal)
    say(cast.square, "https://elders.example/2", f"{HANDLE} ik ook, Wrenzela!", parent_uri=root)
    say(cast.square, "https://elders.example/3", "Marktplein, zei Wrenzela Quistorp", addressed=False)
    say(cast.square, "https://elders.example/6", f"Marktplein? Vraag @wrenzel, {HANDLE}", addressed=False)
    say(cast.square, "https://elders.example/4", "Ook dat nog", parent_uri=f"{ACTOR}/nooit-gezien")
    say(cast.square, f"{ACTOR}/5", "Het Marktplein, zomaar", addressed=False, author=WREN)
    say(cast.square, "bad", "", body=f"onleesbaar {ACTOR} geheimtekst".encode())
    with acting_for(cast.klankendam.pk):
        town = cast.klankendam
        Attachment.objects.create(
            organisation=town,
            post=Post.objects.defer("tokens").get(uri=root),
            filename="wrenzel.txt",
            content_type="text/plain",
            alt_text="Quistorp",
            url="https://wrenzel.example/x",
            state=Attachment.State.KEPT,
            sha256=keep_file(town.pk, b"geheimtekst van Wrenzela"),
        )
        dossier, text = Dossier.objects.get(is_place=True), "Let op Wrenzela Quistorp"
        DossierNote.objects.create(organisation=town, dossier=dossier, name="Amal", text=text, at=timezone.now())
        record(town.pk, "proef", "proef:1", by=None, details={"aan": HANDLE})
        record(town.pk, "ander proef", "proef:1", by=cast.amal, details={"aan": "iemand anders"})
        seal(town.pk)


def forget(client: Client) -> None:
    [known] = client.post("/privacy/person", {"address": HANDLE}).context["found"]
    answer = client.post("/privacy/person", {"address": HANDLE, "person": known.author.pk})
    assert answer.status_code == 302


def test_no_trace_is_left(
    cast: Cast, say: Say, owner: Log, client_of: Callable[[User], Client], caplog: pytest.LogCaptureFixture
) -> None:
    talk(cast, say)
    # else this test could not fail
    assert columns_with_traces(owner) >= {
        *("posts_author.name", "posts_author.handle", "posts_author.network_id", "posts_post.text", "posts_post.uri"),
        *("posts_post.tokens", "posts_post.parent_uri", "posts_revision.text", "posts_attachment.filename"),
        *("inbox_conversation.author_name", "inbox_conversation.root_uri", "listening_dossiernote.text"),
        *("channels_arrival.body", "channels_arrival.key", "channels_delivery.outgoing", "tenancy_auditentry.details"),
    }
    assert files_with_traces()
    owner.execute("LISTEN klankbord")
    with caplog.at_level(logging.DEBUG):
        forget(client_of(cast.fatma))
    assert columns_with_traces(owner) == set()
    assert files_with_traces() == set()
    assert not any(trace in caplog.text.lower() for trace in TRACES)
    heard = [notice.payload for notice in owner.notifies(timeout=0.5)]
    assert heard
    assert not any(trace in payload.lower() for payload in heard for trace in TRACES)
    with acting_for(cast.klankendam.pk):
        assert verify(Organisation.objects.get(pk=cast.klankendam.pk)).whole
        # what else was done with the same thing is still there to read
        kept = AuditEntry.objects.get(actie="ander proef")
        assert (kept.actor, kept.details) == (cast.amal.name, {"aan": "iemand anders"})


def test_who_is_only_named_by_others_leaves_no_trace_at_all(
    cast: Cast, say: Say, owner: Log, caplog: pytest.LogCaptureFixture
) -> None:
    said = "Marktplein: @oeverloper, @oeverloper@plein.example, https://plein.example/@oeverloper/1"
    owner.execute("LISTEN klankbord")
    with caplog.at_level(logging.DEBUG):
        say(cast.square, "https://elders.example/7", said, addressed=False, subject=said, warning=said)
        say(cast.square, "https://elders.example/7", f"{said}!", addressed=False, key="edit", matched_text=said)
    with acting_for(cast.klankendam.pk):
        assert "Marktplein" in Post.objects.defer("tokens").get().text
    assert columns_with_traces(owner, ["oeverloper"]) == set()
    assert "oeverloper" not in caplog.text
    heard = [notice.payload for notice in owner.notifies(timeout=0.5)]
    assert "oeverloper" not in "".join(heard)


def test_what_is_fetched_again_does_not_come_back(
    cast: Cast, say: Say, owner: Log, client_of: Callable[[User], Client]
) -> None:
    talk(cast, say)
    forget(client_of(cast.fatma))
    say(cast.square, f"{ACTOR}/1", "Gemeente, geheimtekst over de lantaarn. Wrenzela", author=WREN)
    assert columns_with_traces(owner) == set()


def test_the_conversation_holds_together_without_them(
    cast: Cast, say: Say, client_of: Callable[[User], Client]
) -> None:
    talk(cast, say)
    with entered(cast.amal):
        pk = Conversation.objects.get(root_uri=f"{ACTOR}/1").pk
    forget(client_of(cast.fatma))
    page = client_of(cast.amal).get(f"/desk/{pk}")
    assert page.status_code == 200
    assert "Beste [vergeten], wij komen." in page.content.decode()
    assert "ik ook, [vergeten]!" in page.content.decode()


@pytest.mark.parametrize("who", ["amal", "bram", "chantal", "daan", "eva", "gijs"])
def test_nobody_else_looks_people_up(cast: Cast, say: Say, client_of: Callable[[User], Client], who: str) -> None:
    talk(cast, say)
    assert client_of(cast.everybody[who]).post("/privacy/person", {"address": HANDLE}).status_code == 403
