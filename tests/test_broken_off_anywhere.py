"""Every step may be broken off at any statement, by a kill or by a database that goes away, and simply goes on later.

The rounds in ``tests/kill`` try this with real processes at random moments; here each moment is tried, one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, InterfaceError, transaction
from django.test import Client
from django.utils import timezone
from procrastinate.exceptions import ConnectorException

from klankbord.channels.actions import fetch_now, land, lease_due_source
from klankbord.channels.contract import AttachmentData, Batch, Event, Outgoing, PostArrived
from klankbord.channels.models import Arrival, Delivery, Landing, Source
from klankbord.inbox import sending
from klankbord.inbox.models import Conversation
from klankbord.intake import sweeping
from klankbord.intake.flow import collect
from klankbord.posts.models import Attachment, Post
from klankbord.tenancy.audit import verify
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import AuditEntry
from tests.cast import Cast
from tests.failpoints import Killed, an_hour_later, at_every_statement, deadlock, do_jobs, kill, lose_the_database
from tests.paper import Paper, envelope

BROKEN = pytest.mark.parametrize("happens", [kill, lose_the_database])
TROUBLED = pytest.mark.parametrize("happens", [kill, lose_the_database, deadlock])
LOST = (Killed, DatabaseError, InterfaceError, ConnectorException)
Happens = Callable[[], None]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "RECORD_AGAIN_AFTER", (0,))


@pytest.fixture(autouse=True)
def files_folder(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def arrives(cast: Cast, uri: str) -> None:
    """A question comes in without anything going wrong."""
    Paper.tray.append(envelope(uri, "Wanneer komt de vuilniswagen?"))
    fetch_now(cast.square.source_id, timezone.now())
    collect(timezone.now())
    do_jobs()


def conversation_of(cast: Cast, uri: str) -> Conversation:
    with entered(cast.amal):
        return Conversation.objects.select_related("channel").get(root_uri=uri)


@TROUBLED
def test_what_arrives_is_one_post_and_one_conversation(
    cast: Cast, happens: Happens, monkeypatch: pytest.MonkeyPatch
) -> None:
    parse = Paper.parse
    photo = AttachmentData("kuil.png", "image/png", "Een kuil", content=PNG)

    def parse_with_photo(self: Paper, body: bytes) -> list[Event]:
        from dataclasses import replace

        return [replace(e, attachments=(photo,)) if isinstance(e, PostArrived) else e for e in parse(self, body)]

    monkeypatch.setattr(Paper, "parse", parse_with_photo)

    def scenario(run: int) -> Iterator[None]:
        Paper.tray += [
            envelope(f"{run}", "Er zit een kuil in de weg."),
            envelope(f"{run}-re", "Hij wordt groter.", parent_uri=f"{run}"),
            envelope("", "geen adres", key=f"{run}-bad"),
            envelope(f"{run}", "Er zit een grote kuil in de weg.", key=f"{run}-edited"),
        ]
        fetch_now(cast.square.source_id, timezone.now())
        yield
        with suppress(*LOST):
            while collect(timezone.now()):
                continue
            do_jobs()
        yield
        an_hour_later(cast.klankendam.pk)
        with acting_for(cast.klankendam.pk):
            posts = list(Post.objects.filter(root_uri=f"{run}").order_by("uri"))
            assert [post.uri for post in posts] == [f"{run}", f"{run}-re"]
            assert posts[0].text == "Er zit een grote kuil in de weg."
            assert posts[0].revisions.count() == 1
            assert Conversation.objects.filter(root_uri=f"{run}").count() == 1
            assert Attachment.objects.filter(post__in=posts, state="kept").count() == 2
            assert Arrival.objects.filter(state="new").count() == 0
            # one quarantined message per run: the bad one, never a good one that met a fault of ours
            assert Arrival.objects.filter(state="quarantined").count() == run
        assert not Landing.objects.exists()

    assert at_every_statement(happens, scenario) > 30


@BROKEN
def test_an_answer_is_written_once_however_often_the_form_is_sent(cast: Cast, happens: Happens) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(cast.amal)

    def scenario(run: int) -> Iterator[None]:
        arrives(cast, f"{run}")
        conversation = conversation_of(cast, f"{run}")
        form = {"text": "Morgen.", "client_id": str(uuid4()), "seen": "999999"}
        yield
        with suppress(*LOST):
            response = client.post(f"/desk/{conversation.pk}/reply", form)
            if response.status_code >= 500:
                assert 'class="kb-error-number"' in response.content.decode()
        yield
        assert client.post(f"/desk/{conversation.pk}/reply", form).status_code == 302
        an_hour_later(cast.klankendam.pk)
        with acting_for(cast.klankendam.pk):
            assert Post.objects.filter(root_uri=f"{run}", direction="out").count() == 1
            assert Delivery.objects.filter(client_id=form["client_id"], state="sent").count() == 1
        with entered(cast.gijs):
            subject = f"gesprek:{conversation.pk}"
            assert AuditEntry.objects.filter(actie="antwoord versturen", object=subject).count() == 1
        assert [one.client_id for one in Paper.sent].count(form["client_id"]) == 1

    assert at_every_statement(happens, scenario) > 15


@TROUBLED
def test_an_answer_is_sent_once(cast: Cast, happens: Happens) -> None:
    client = Client()
    client.force_login(cast.amal)

    def scenario(run: int) -> Iterator[None]:
        arrives(cast, f"{run}")
        form = {"text": "Morgen.", "client_id": str(uuid4()), "seen": "999999"}
        assert client.post(f"/desk/{conversation_of(cast, f'{run}').pk}/reply", form).status_code == 302
        yield
        with suppress(*LOST):
            do_jobs()
        yield
        an_hour_later(cast.klankendam.pk)
        with acting_for(cast.klankendam.pk):
            delivery = Delivery.objects.get(client_id=form["client_id"])
            assert delivery.state == "sent"
            assert Post.objects.get(delivery=delivery).uri == f"paper:{form['client_id']}"
            assert not Conversation.objects.get(root_uri=f"{run}").delivery_problem
        assert [one.client_id for one in Paper.sent].count(form["client_id"]) == 1

    assert at_every_statement(happens, scenario) > 8


@BROKEN
def test_an_uncertain_answer_is_looked_up_and_never_sent_twice(cast: Cast, happens: Happens) -> None:
    client = Client()
    client.force_login(cast.amal)

    def scenario(run: int) -> Iterator[None]:
        arrives(cast, f"{run}")
        form = {"text": "Morgen.", "client_id": str(uuid4()), "seen": "999999"}
        assert client.post(f"/desk/{conversation_of(cast, f'{run}').pk}/reply", form).status_code == 302
        # every second answer got out before the line broke
        Paper.weather.append(lambda outgoing: _vanish(outgoing if run % 2 else None))
        with suppress(Killed):
            do_jobs()
        yield
        with suppress(*LOST):
            with acting_for(cast.klankendam.pk):
                Delivery.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())
            for _turn in range(2):
                sweeping.move_deliveries(timezone.now())
                do_jobs()
        yield
        an_hour_later(cast.klankendam.pk)
        with acting_for(cast.klankendam.pk):
            assert Delivery.objects.get(client_id=form["client_id"]).state == "sent"
        assert [one.client_id for one in Paper.sent].count(form["client_id"]) == 1

    assert at_every_statement(happens, scenario) > 10


def _vanish(outgoing: Outgoing | None) -> None:
    if outgoing is not None:
        Paper.sent.append(outgoing)
    raise Killed


def test_a_decision_of_a_colleague_is_carried_out_once(cast: Cast) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(cast.amal)

    def scenario(run: int) -> Iterator[None]:
        arrives(cast, f"{run}")
        form = {"text": "Morgen.", "client_id": str(uuid4()), "seen": "999999"}
        assert client.post(f"/desk/{conversation_of(cast, f'{run}').pk}/reply", form).status_code == 302
        with acting_for(cast.klankendam.pk):
            delivery = Delivery.objects.get(client_id=form["client_id"])
            Delivery.objects.filter(pk=delivery.pk).update(state="sending")
            sending.expire_sending(delivery.pk, timezone.now())
        yield
        with suppress(*LOST):
            client.post(f"/desk/delivery/{delivery.pk}/resend")
            do_jobs()
        yield
        client.post(f"/desk/delivery/{delivery.pk}/resend")
        an_hour_later(cast.klankendam.pk)
        assert [one.client_id for one in Paper.sent].count(form["client_id"]) == 1

    assert at_every_statement(kill, scenario) > 10


@BROKEN
def test_the_audit_chain_stays_whole(cast: Cast, happens: Happens) -> None:
    client = Client()
    client.force_login(cast.amal)
    arrives(cast, "u")
    conversation = conversation_of(cast, "u")

    def scenario(run: int) -> Iterator[None]:
        assert client.post(f"/desk/{conversation.pk}/note", {"text": f"notitie {run}"}).status_code == 302
        yield
        with suppress(*LOST):
            sweeping.seal_audit(timezone.now())
        yield
        sweeping.seal_audit(timezone.now())
        with acting_for(cast.klankendam.pk):
            verdict = verify(cast.klankendam)
        assert verdict.whole
        assert verdict.unsealed == 0
        assert verdict.sealed == run

    assert at_every_statement(happens, scenario) > 5


def test_a_listener_that_was_taken_for_dead_and_comes_back_late_doubles_and_loses_nothing(cast: Cast) -> None:
    Paper.tray += [envelope("1", "Eerste vraag."), envelope("2", "Tweede vraag.")]
    fetch_now(cast.square.source_id, timezone.now())
    with transaction.atomic():
        slow = lease_due_source(timezone.now())
    assert slow is not None
    early = Batch(envelopes=Paper.tray[:1], cursor={"done": 1})
    # its lease lapses, and another one fetches everything
    assert collect(timezone.now() + timedelta(minutes=2))
    land(slow, early, timedelta(0), timezone.now())
    assert Source.objects.get(pk=slow.pk).cursor == {"done": 1}
    Paper.tray.append(envelope("3", "Derde vraag."))
    an_hour_later(cast.klankendam.pk)
    with acting_for(cast.klankendam.pk):
        assert sorted(Post.objects.values_list("uri", flat=True)) == ["1", "2", "3"]
        assert Conversation.objects.count() == 3
    assert not Landing.objects.exists()
