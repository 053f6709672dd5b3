"""What a killed worker left half done is done again, and can never block what comes after it."""

from __future__ import annotations

import pytest
from django.db import connection

from klankbord.intake.sweeping import release_dead_jobs

pytestmark = pytest.mark.usefixtures("as_app")


def add(status: str, *, waits_once: str | None = None, worker_heard: str | None = None) -> int:
    """A job as Procrastinate keeps it, with a worker that was heard of so long ago (None: no worker any more)."""
    with connection.cursor() as cursor:
        worker = None
        if worker_heard:
            cursor.execute(
                "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - %s::interval) RETURNING id",
                [worker_heard],
            )
            (worker,) = cursor.fetchone()
        cursor.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, priority, args, status, attempts, queueing_lock,"
            " abort_requested, worker_id)"
            " VALUES ('default', 'a.job', 0, '{}', %s::procrastinate_job_status, 0, %s, false, %s) RETURNING id",
            [status, waits_once, worker],
        )
        (job,) = cursor.fetchone()
        return int(job)


def statuses() -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, status::text FROM procrastinate_jobs")
        return dict(cursor.fetchall())


def test_jobs_of_dead_workers_wait_again_and_those_of_living_ones_go_on() -> None:
    lost, silent, alive = add("doing"), add("doing", worker_heard="1 minute"), add("doing", worker_heard="5 seconds")
    release_dead_jobs()
    assert statuses() == {lost: "todo", silent: "todo", alive: "doing"}


def test_a_dead_job_makes_way_for_the_same_one_that_waits_behind_it() -> None:
    add("doing", waits_once="sweep")
    waiting = add("todo", waits_once="sweep")
    release_dead_jobs()
    assert statuses() == {waiting: "todo"}


def test_of_two_dead_jobs_with_one_queueing_lock_one_is_done_again() -> None:
    first, second = add("doing", waits_once="sweep"), add("doing", waits_once="sweep")
    release_dead_jobs()
    assert statuses() in ({first: "todo"}, {second: "todo"})
