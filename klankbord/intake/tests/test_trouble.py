"""When it is not the message that is wrong: a database in trouble, a worker that was away."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from klankbord.channels.actions import bring_in
from klankbord.channels.contract import DeliveryFailed, DeliverySeen, Event
from klankbord.channels.models import Arrival, Landing
from klankbord.intake import flow
from klankbord.intake.sweeping import seal_audit
from klankbord.posts.models import Post
from klankbord.posts.queries import search_threads
from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import AuditEntry, AuditSeal
from tests.cast import Cast
from tests.paper import Paper, sheet

Say = Callable[..., None]


def failing(state: type[psycopg.Error]) -> Callable[..., Any]:
    def store(*_: Any) -> None:
        raise OperationalError("nu even niet") from state("nu even niet")

    return store


def arrive(cast: Cast, uri: str) -> None:
    with acting_for(cast.klankendam.pk):
        bring_in(cast.square, [Landing(key=uri, body=sheet(uri, "De lantaarn is stuk."), received_at=timezone.now())])


def test_a_database_in_trouble_puts_nothing_in_quarantine(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    arrive(cast, "u1")
    with monkeypatch.context() as patch:
        patch.setattr(flow, "store_posts", failing(psycopg.errors.DeadlockDetected))
        with pytest.raises(OperationalError):
            flow.take_in(cast.klankendam.pk, cast.square.pk)
    with acting_for(cast.klankendam.pk):
        assert Arrival.objects.get().state == "new"
    flow.take_in(cast.klankendam.pk, cast.square.pk)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.count() == 1


def test_a_message_that_the_database_can_never_hold_goes_to_quarantine(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrive(cast, "u1")
    monkeypatch.setattr(flow, "store_posts", failing(psycopg.errors.ProgramLimitExceeded))
    flow.take_in(cast.klankendam.pk, cast.square.pk)
    with acting_for(cast.klankendam.pk):
        assert Arrival.objects.get().state == "quarantined"


@pytest.mark.parametrize("event", [DeliverySeen(""), DeliveryFailed("", "weg", permanent=True)])
def test_word_of_an_answer_without_identity_is_about_no_answer(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch, event: Event
) -> None:
    monkeypatch.setattr(Paper, "parse", lambda self, body: [event])
    say(cast.square, "u1", "x")
    with acting_for(cast.klankendam.pk):
        assert Arrival.objects.get().state == "quarantined"


def test_who_changed_a_message_is_still_found_by_name(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    say(cast.square, "u1", "De lantaarn doet het weer.", key="edited")
    with entered(cast.amal):
        assert search_threads("Bea Bewoner weer", [cast.square.pk], 10) == [(cast.klankendam.pk, "u1")]


def test_what_was_logged_while_the_worker_was_away_is_sealed_when_it_is_back(cast: Cast) -> None:
    with acting_for(cast.klankendam.pk):
        record(cast.klankendam.pk, "proef", "proef:1", by=None)
    seal_audit()
    with acting_for(cast.klankendam.pk):
        sealed = AuditSeal.objects.count()
        record(cast.klankendam.pk, "proef", "proef:2", by=None)
        assert AuditEntry.objects.count() == sealed + 1
    age(timedelta(hours=5))
    seal_audit()
    with acting_for(cast.klankendam.pk):
        assert AuditSeal.objects.count() == sealed + 1


def age(by: timedelta) -> None:
    """As if all this had happened longer ago: only the owner of the tables could change the log."""
    where = make_conninfo(os.environ["DATABASE_OWNER_URL"], dbname=connection.settings_dict["NAME"])
    with psycopg.connect(where) as owner:
        owner.execute("UPDATE tenancy_auditentry SET tijdstempel = tijdstempel - %s", [by])
        owner.execute("UPDATE tenancy_auditseal SET sealed_at = sealed_at - %s", [by])
