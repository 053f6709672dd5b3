"""Which troubles of the database pass by themselves, and which lie in what was put to it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import structlog
from django.db import InterfaceError, OperationalError
from django.db.transaction import TransactionManagementError

# Classes of SQLSTATE: lost connection, deadlock and the like, no room or memory, stopped by an operator, faulty disk.
_PASSING = ("08", "40", "53", "55", "57", "58", "XX")
_WORDLESS = (
    OperationalError,
    InterfaceError,
    TransactionManagementError,
    psycopg.OperationalError,
    psycopg.InterfaceError,
)

logger = structlog.get_logger()


def is_passing(problem: BaseException) -> bool:
    """Whether the same may succeed later. Where the server gave no code, the connection itself was lost."""
    said = problem.__cause__ or problem
    state = getattr(said, "sqlstate", None)
    return str(state).startswith(_PASSING) if state else isinstance(said, _WORDLESS)


@contextmanager
def on_its_own(**what: object) -> Iterator[None]:
    """One part of a round over many: a fault in it is logged and holds up no other part.

    Trouble of the database that passes is raised: the other parts would meet the same, and the round comes again.
    """
    try:
        yield
    except Exception as problem:  # whatever it is, the other parts must not wait for it
        if is_passing(problem):
            raise
        logger.exception("a part of a round failed", **what)
