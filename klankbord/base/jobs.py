"""Work for later: Procrastinate on our own PostgreSQL. One job per batch, never one per post."""

from __future__ import annotations

from django.db import OperationalError, transaction
from django.utils import timezone
from procrastinate import exceptions
from procrastinate.contrib.django import app

from klankbord.base.models import Heartbeat

WORKER_CONCURRENCY = 4


def defer_once(task: str, key: str, **arguments: int) -> None:
    """Have this task done after commit, unless the same is waiting already. Jobs with one key run one after another.

    By name: a room asks for a job without importing the module that holds it, which imports the room.
    """
    try:
        # in a savepoint of its own: the refusal of a second one must not spoil the transaction around it
        with transaction.atomic():
            app.configure_task(task, queueing_lock=key, lock=key).defer(**arguments)
    except exceptions.AlreadyEnqueued:
        return


# Classes of SQLSTATE (PostgreSQL manual, appendix A): connection, rollback, resources, object in use, operator.
TROUBLE = frozenset({"08", "40", "53", "55", "57"})


def in_trouble(problem: BaseException) -> bool:
    """Whether the database could not do it at this moment, whatever it was asked: the same work may succeed later."""
    state = getattr(problem.__cause__, "sqlstate", None)
    return state[:2] in TROUBLE if state else isinstance(problem, OperationalError)


def beat(part: str) -> None:
    """A sign of life of one part."""
    Heartbeat.objects.update_or_create(part=part, defaults={"at": timezone.now()})


def run_worker() -> None:
    """Run jobs until told to stop."""
    # Django's connector cannot wait for a notice; the worker brings a connection of its own
    worker = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # Django's connector has it
    app.with_connector(worker).run_worker(
        concurrency=WORKER_CONCURRENCY,
        fetch_job_polling_interval=1.0,
        delete_jobs="successful",
        install_signal_handlers=True,
        listen_notify=True,
        shutdown_graceful_timeout=10,
    )
