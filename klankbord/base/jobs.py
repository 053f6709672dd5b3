"""Work for later: Procrastinate on our own PostgreSQL. One job per batch, never one per post."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from klankbord.base.models import Heartbeat
from klankbord.base.trouble import is_passing

WORKER_CONCURRENCY = 4
TELL_AGAIN_AFTER = 1.0  # seconds

logger = structlog.get_logger()


def defer_once(task: str, key: str, *, after: float = 0, **arguments: int) -> None:
    """Have this task done after commit, unless the same is waiting already. Jobs with one key run one after another.

    ``after`` is how many seconds it waits at least.

    By name: a room asks for a job without importing the module that holds it, which imports the room.
    """
    try:
        # in a savepoint of its own: the refusal of a second one must not spoil the transaction around it
        with transaction.atomic():
            start = timezone.now() + timedelta(seconds=after) if after else None
            app.configure_task(task, queueing_lock=key, lock=key, schedule_at=start).defer(**arguments)
    except exceptions.AlreadyEnqueued:
        if connection.in_atomic_block and connection.needs_rollback:
            # the database went away before the savepoint could be taken back: nothing around this is kept, and Django
            # would end that transaction without a word
            raise OperationalError("the connection is closed") from None


def beat(part: str) -> None:
    """A sign of life of one part."""
    Heartbeat.objects.update_or_create(part=part, defaults={"at": timezone.now()})


class Stubborn(JobManager):
    """Goes on telling the database that a job is done until it has heard.

    A job that stays on "doing" while its worker lives would hold up every later one with the same key, for ever.
    """

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        while True:
            try:
                await super().finish_job(job, status, delete_job)
                return
            except exceptions.ConnectorException as problem:
                if not is_passing(problem):
                    raise
                logger.warning("the database has not heard yet that a job is done", job=job.id)
                await asyncio.sleep(TELL_AGAIN_AFTER)


def run_worker() -> None:
    """Run jobs until told to stop."""
    # Django's connector cannot wait for a notice; the worker brings a connection of its own
    worker = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # Django's connector has it
    running = app.with_connector(worker)
    running.job_manager = Stubborn(worker)
    running.run_worker(
        concurrency=WORKER_CONCURRENCY,
        fetch_job_polling_interval=1.0,
        delete_jobs="successful",
        install_signal_handlers=True,
        listen_notify=True,
        shutdown_graceful_timeout=10,
    )
