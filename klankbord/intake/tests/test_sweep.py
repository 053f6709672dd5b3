"""A round over many: a fault in one part holds up no other."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from klankbord.channels.models import Channel, Delivery, Landing, Source
from klankbord.inbox.tests.test_sending import answer
from klankbord.intake import flow, sweeping
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.paper import sheet

Say = Callable[..., None]


@pytest.fixture
def waits(cast: Cast, say: Say) -> Channel:
    """An answer that is due, and a message on the doormat of two channels."""
    say(cast.square, "u1", "De lantaarn is stuk.")
    answer(cast)
    long_ago = timezone.now() - timedelta(minutes=1)
    with acting_for(cast.klankendam.pk):
        Delivery.objects.update(next_attempt_at=long_ago)
    for channel in (cast.square, cast.mail):
        body = sheet(f"op de mat {channel.pk}", "Hallo?")
        Landing.objects.create(source_id=channel.source_id, key="k", body=body, received_at=long_ago)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    return cast.square


def jobs() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name FROM procrastinate_jobs")
        return {name for (name,) in cursor.fetchall()}


def stumble_over(monkeypatch: pytest.MonkeyPatch, channel: Channel, problem: Exception) -> None:
    route = flow.route

    def stumble(source: Source) -> None:
        if source.pk == channel.source_id:
            raise problem
        route(source)

    monkeypatch.setattr(flow, "route", stumble)


def test_a_fault_at_one_source_holds_up_no_other_and_no_other_part(
    waits: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    stumble_over(monkeypatch, waits, ValueError("rommel"))
    sweeping.sweep()
    assert Landing.objects.get().source_id == waits.source_id
    assert {"intake.take_in", "inbox.send_answer"} <= jobs()


def test_trouble_of_the_database_ends_the_round(waits: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    stumble_over(monkeypatch, waits, OperationalError("the connection is closed"))
    with pytest.raises(OperationalError):
        sweeping.sweep()
    assert "inbox.send_answer" not in jobs()
