"""Every job that a room asks for by name exists, and is asked for once."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from django.db import connection, transaction
from procrastinate.contrib.django import app

import klankbord
import klankbord.inbox.jobs
import klankbord.intake.jobs  # what a worker knows
from klankbord.base.jobs import defer_once
from tests.cast import Cast


def test_every_job_asked_for_by_name_exists() -> None:
    asked = {
        name
        for path in Path(klankbord.__path__[0]).rglob("*.py")
        for name in re.findall(r'"((?:inbox|intake)\.[a-z_]+)"', path.read_text())
    }
    assert {"intake.take_in", "intake.fetch_files", "inbox.send_answer", "inbox.look_up_answer"} <= asked
    assert asked <= set(app.tasks)


def waiting() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'")
        return int(cursor.fetchone()[0])


def test_the_same_job_waits_once_and_the_transaction_goes_on(cast: Cast) -> None:
    with transaction.atomic():
        for _ in range(3):
            defer_once("intake.take_in", "take-in:1", organisation=1, channel=1)
        assert waiting() == 1
    assert waiting() == 1


def test_a_job_for_what_is_gone_ends_quietly(cast: Cast) -> None:
    gone = 10**9
    jobs: list[tuple[Callable[..., object], dict[str, int]]] = [
        (klankbord.intake.jobs.route, {"source": gone}),
        (klankbord.intake.jobs.take_in, {"organisation": cast.klankendam.pk, "channel": gone}),
        (klankbord.intake.jobs.fetch_files, {"organisation": gone}),
        (klankbord.inbox.jobs.send_answer, {"organisation": cast.klankendam.pk, "delivery": gone}),
        (klankbord.inbox.jobs.look_up_answer, {"organisation": cast.klankendam.pk, "delivery": gone}),
        (klankbord.inbox.jobs.give_back, {"user": gone}),
    ]
    for job, arguments in jobs:
        job(**arguments)
    assert waiting() == 0
