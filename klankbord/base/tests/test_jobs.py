"""A worker and a database that goes away for a moment."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError
from procrastinate import exceptions
from procrastinate.connector import BaseAsyncConnector
from procrastinate.jobs import Job, Status

from klankbord.base import jobs
from klankbord.base.jobs import Stubborn, defer_once
from klankbord.base.trouble import is_passing


class Restarting(BaseAsyncConnector):
    """A database that fails a few times, and notes what it heard in the end."""

    def __init__(self, *failures: Exception) -> None:
        self.failures = list(failures)
        self.heard: list[dict[str, Any]] = []

    async def execute_query_async(self, query: str, **arguments: Any) -> None:
        if self.failures:
            raise exceptions.ConnectorException from self.failures.pop(0)
        self.heard.append(arguments)


JOB = Job(id=7, queue="default", lock=None, queueing_lock=None, task_name="a.job", priority=0)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "TELL_AGAIN_AFTER", 0)


def test_a_job_that_is_done_is_told_until_the_database_hears_it() -> None:
    database = Restarting(psycopg.errors.AdminShutdown(), psycopg.OperationalError("the connection is closed"))
    asyncio.run(Stubborn(database).finish_job(JOB, Status.SUCCEEDED, delete_job=True))
    assert [told["job_id"] for told in database.heard] == [7]


def test_a_job_that_somebody_else_finished_is_not_told_for_ever() -> None:
    database = Restarting(psycopg.errors.RaiseException("Job was not found"))
    with pytest.raises(exceptions.ConnectorException):
        asyncio.run(Stubborn(database).finish_job(JOB, Status.SUCCEEDED, delete_job=True))
    assert database.heard == []


@pytest.mark.usefixtures("as_app")
def test_nobody_gets_a_connection_that_died_in_the_pool() -> None:
    def own_number() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return int(cursor.fetchone()[0])

    before = own_number()
    connection.close()
    parameters = {"dbname": connection.settings_dict["NAME"]}
    with psycopg.connect(os.environ["KLANKBORD_TEST_APP_URL"], **parameters) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [before])
    assert own_number() != before


@pytest.mark.parametrize(
    ("problem", "passes"),
    [
        (psycopg.OperationalError("the connection is closed"), True),
        (psycopg.errors.DeadlockDetected(), True),
        (psycopg.errors.DiskFull(), True),
        (psycopg.errors.AdminShutdown(), True),
        (TransactionManagementError(), True),
        (psycopg.errors.ProgramLimitExceeded(), False),
        (psycopg.errors.StringDataRightTruncation(), False),
        (psycopg.errors.UniqueViolation(), False),
        (ValueError(), False),
    ],
)
def test_trouble_that_passes_is_told_from_what_the_database_cannot_hold(problem: Exception, passes: bool) -> None:
    wrapped = OperationalError()
    wrapped.__cause__ = problem
    assert is_passing(wrapped) is is_passing(problem) is passes


@pytest.mark.usefixtures("as_app")
def test_a_second_one_that_loses_the_database_does_not_let_what_is_around_it_vanish_in_silence() -> None:
    defer_once("intake.sweep", "one")

    def go_away(execute: Callable[..., Any], statement: str, *rest: Any) -> Any:
        if str(statement).startswith("ROLLBACK TO SAVEPOINT"):
            connection.connection.close()
        return execute(statement, *rest)

    with pytest.raises(OperationalError) as problem, transaction.atomic(), connection.execute_wrapper(go_away):
        defer_once("intake.sweep", "one")
    assert is_passing(problem.value)
    connection.close()
