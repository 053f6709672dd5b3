"""Somebody is forgotten, and no column, file, log line, job row or live event holds a trace of them any more."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from psycopg import sql
from psycopg.conninfo import make_conninfo

from klankbord.inbox import actions
from klankbord.inbox.models import Conversation
from klankbord.listening.models import Dossier, DossierNote
from klankbord.tenancy.audit import record, seal, verify
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import Organisation, User
from tests.cast import Cast

Say = Callable[..., None]
WREN = {"network_id": "https://plein.example/users/wrenzel", "handle": "@wrenzel@plein.example", "name": "Wrenzela Quistorp"}
TRACES = ("wrenzel", "quistorp", "geheimtekst", "W-PICTURE")


@pytest.fixture
def owner() -> Iterator[psycopg.Connection[Any]]:
    url = make_conninfo(os.environ["DATABASE_OWNER_URL"], dbname=connection.settings_dict["NAME"])
    with psycopg.connect(url, autocommit=True) as made:
        yield made


def columns_with_traces(owner: psycopg.Connection[Any]) -> set[str]:
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
        for trace in TRACES:
            query = sql.SQL("SELECT count(*) FROM {} WHERE {} ILIKE %s").format(sql.Identifier(table), text)
            (number,) = owner.execute(query, [f"%{trace}%"]).fetchone() or (0,)
            if number:
                found.add(f"{table}.{column}")
    return found


def files_with_traces() -> set[str]:
    media = Path(settings.MEDIA_ROOT)
    return {
        str(path)
        for path in media.rglob("*")
        if path.is_file() and any(trace.lower().encode() in path.read_bytes().lower() for trace in TRACES)
    }


def talk(cast: Cast, say: Say) -> None:
    """Somebody is everywhere: said, answered, quoted, edited, sent as a file, overheard, noted, logged, misunderstood."""
    picture = {"filename": "wrenzel.txt", "content_type": "text/plain", "alt_text": "Quistorp", "url": "https://wrenzel.example/x"}
    root = "https://plein.example/users/wrenzel/1"
    say(cast.square, root, "Gemeente, geheimtekst over de lantaarn. Wrenzela", author=WREN, subject="geheimtekst",
        warning="geheimtekst", quoted="geheimtekst", web_url=root, html="<p>geheimtekst</p>",
        reply_data={"to": "wrenzel"})  # fmt: skip
    say(cast.square, root, "Gemeente, geheimtekst, anders. Wrenzela", author=WREN, key=f"{root}#edit")
    with entered(cast.amal):
        conversation = Conversation.objects.select_related("channel").get(root_uri=root)
        file = actions.NewFile("voor-wrenzel.txt", "text/plain", b"Aan Quistorp W-PICTURE", "Voor Wrenzela")
        actions.reply(conversation, "Beste Wrenzela Quistorp, wij komen.", by=cast.amal, client_id=uuid4(), seen=10**9, files=[])
        actions.write_note(conversation, "Wrenzela belde. Zie @wrenzel@plein.example", by=cast.amal)
        assert file.content
    say(cast.square, "https://elders.example/2", "@wrenzel@plein.example ik ook, Wrenzela!", parent_uri=root)
    say(cast.square, "https://elders.example/3", "Marktplein, zei Wrenzela Quistorp", addressed=False)
    say(cast.square, "https://plein.example/users/wrenzel/4", "Het Marktplein, geheimtekst", addressed=False, author=WREN)
    say(cast.square, "bad", "", body=b"onleesbaar https://plein.example/users/wrenzel geheimtekst")
    with acting_for(cast.klankendam.pk):
        dossier = Dossier.objects.get(is_place=True)
        DossierNote.objects.create(organisation=cast.klankendam, dossier=dossier, name="Amal",
                                   text="Let op Wrenzela Quistorp", at=dossier.created_at)  # fmt: skip
        record(cast.klankendam.pk, "proef", "proef:1", by=None, details={"aan": "@wrenzel@plein.example"})
        seal(cast.klankendam.pk)
    assert picture


def test_no_trace_is_left(
    cast: Cast, say: Say, owner: psycopg.Connection[Any], client_of: Callable[[User], Client], caplog: pytest.LogCaptureFixture
) -> None:
    talk(cast, say)
    before = columns_with_traces(owner)
    # else this test could not fail
    assert before >= {
        *("posts_author.name", "posts_author.handle", "posts_author.network_id", "posts_post.text", "posts_post.uri"),
        *("posts_post.tokens", "posts_revision.text", "inbox_conversation.author_name", "inbox_conversation.root_uri"),
        *("channels_arrival.body", "channels_arrival.key", "channels_delivery.outgoing", "tenancy_auditentry.details"),
        "listening_dossiernote.text",
    }
    fatma = client_of(cast.fatma)
    with caplog.at_level(logging.DEBUG):
        looked = fatma.post("/privacy/person", {"address": "@wrenzel@plein.example"})
        [known] = looked.context["found"]
        owner.execute("LISTEN klankbord")
        answer = fatma.post("/privacy/person", {"address": "@wrenzel@plein.example", "person": known.author.pk})
        assert answer.status_code == 302
    assert columns_with_traces(owner) == set()
    assert files_with_traces() == set()
    assert not any(trace.lower() in caplog.text.lower() for trace in TRACES)
    heard = [notice.payload for notice in owner.notifies(timeout=0.2)]
    assert heard
    assert not any(trace.lower() in payload.lower() for payload in heard for trace in TRACES)
    with acting_for(cast.klankendam.pk):
        assert verify(Organisation.objects.get(pk=cast.klankendam.pk)).whole


def test_the_conversation_holds_together_without_them(cast: Cast, say: Say, client_of: Callable[[User], Client]) -> None:
    talk(cast, say)
    fatma = client_of(cast.fatma)
    known = fatma.post("/privacy/person", {"address": "@wrenzel@plein.example"}).context["found"][0]
    fatma.post("/privacy/person", {"address": "@wrenzel@plein.example", "person": known.author.pk})
    with entered(cast.amal):
        [pk] = Conversation.objects.filter(channel=cast.square).values_list("pk", flat=True)
    page = client_of(cast.amal).get(f"/desk/{pk}")
    assert page.status_code == 200
    assert "Beste [vergeten], wij komen." in page.content.decode()


def test_what_is_fetched_again_does_not_come_back(cast: Cast, say: Say, owner: psycopg.Connection[Any], client_of: Callable[[User], Client]) -> None:
    talk(cast, say)
    fatma = client_of(cast.fatma)
    known = fatma.post("/privacy/person", {"address": "@wrenzel@plein.example"}).context["found"][0]
    fatma.post("/privacy/person", {"address": "@wrenzel@plein.example", "person": known.author.pk})
    root = "https://plein.example/users/wrenzel/1"
    say(cast.square, root, "Gemeente, geheimtekst over de lantaarn. Wrenzela", author=WREN)
    assert columns_with_traces(owner) == set()


@pytest.mark.parametrize("who", ["amal", "bram", "chantal", "daan", "eva", "gijs"])
def test_nobody_else_looks_people_up(cast: Cast, say: Say, client_of: Callable[[User], Client], who: str) -> None:
    talk(cast, say)
    assert client_of(cast.everybody[who]).post("/privacy/person", {"address": "@wrenzel@plein.example"}).status_code == 403
