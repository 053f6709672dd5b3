"""Dying in the middle: a step is broken off at each statement it puts to the database, one after another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from klankbord.channels.models import Delivery, Source
from klankbord.intake import sweeping
from klankbord.intake.flow import collect
from klankbord.tenancy.fence import acting_for


class Killed(BaseException):
    """What SIGKILL is to a process: nothing in the house catches it, and the open transaction is gone."""


def kill() -> None:
    raise Killed


def lose_the_database() -> None:
    """The server went away: the connection is dead and stays dead until a new one is made."""
    connection.connection.close()


def deadlock() -> None:
    """The server breaks this transaction off, so that another one can go on."""
    with connection.cursor() as cursor:
        cursor.execute("DO $$ BEGIN RAISE EXCEPTION 'deadlock (exercise)' USING ERRCODE = '40P01'; END $$")


class Point:
    """The place at which it breaks off, and whether the step came that far."""

    reached = False

    def __init__(self, number: int, happens: Callable[[], None]) -> None:
        self._left, self._happens = number, happens

    def __call__(self, execute: Callable[..., Any], *statement: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            self.reached = True
            # what happens may put statements of its own
            self._left = -1
            self._happens()
        return execute(*statement)


@contextmanager
def breaking_at(number: int, happens: Callable[[], None]) -> Iterator[Point]:
    """Let it happen just before the ``number``-th statement of the block; the database comes back afterwards."""
    point = Point(number, happens)
    try:
        with connection.execute_wrapper(point):
            yield point
    finally:
        connection.close()


def at_every_statement(happens: Callable[[], None], scenario: Callable[[int], Iterator[None]]) -> int:
    """Run a scenario again and again, broken off one statement later each time, until it runs to its end.

    A scenario is a generator: it sets the scene, yields, does what is broken off, yields, recovers and checks. It gets
    the number of its run, to name its things by. Returns how many places there were.
    """
    for number in range(1, 500):
        story = scenario(number)
        next(story)
        with breaking_at(number, happens) as point:
            try:
                next(story)
            except Killed:
                raise AssertionError("a scenario catches its own end") from None
        if next(story, "the end") != "the end":
            raise AssertionError("a scenario yields twice")
        if not point.reached:
            return number - 1
    raise AssertionError("this does not end")


# ---- what the house does by itself afterwards --------------------------------------------------------------


def do_jobs() -> None:
    """What a worker does: each waiting job, once; a job that is broken off stays."""
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, task_name, args FROM procrastinate_jobs WHERE status = 'todo' ORDER BY id LIMIT 1"
            )
            row = cursor.fetchone()
        if row is None:
            return
        job, name, arguments = row
        app.tasks[name].func(**json.loads(arguments))
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM procrastinate_jobs WHERE id = %s", [job])


def an_hour_later(organisation_id: int) -> None:
    """A new worker and a new listener, without a single job of the old ones: only what the tables say."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs")
    later = timezone.now() + timedelta(hours=1)
    for _source in range(Source.objects.count()):
        collect(later)
    sweeping.route_landings(later)
    sweeping.take_in_arrivals(later)
    do_jobs()
    for _turn in range(3):
        with acting_for(organisation_id):
            due = Delivery.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())
        if not due:
            break
        sweeping.move_deliveries(timezone.now())
        do_jobs()
    sweeping.fetch_wanted_files(later)
    do_jobs()
    sweeping.seal_audit(later)
