"""Two things at the same moment: each goes on when the other is there too, or has to wait for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.db import connection

PATIENCE = 60  # seconds
LOOK_EVERY = 0.02  # seconds


class Meeting:
    """A place on the way that two threads pass together, unless one of them is held up by a lock of the other."""

    def __init__(self) -> None:
        self.there = 0

    def come(self) -> None:
        self.there += 1
        end = time.monotonic() + PATIENCE
        while self.there < 2 and not somebody_waits():
            assert time.monotonic() < end, "nobody else came"
            time.sleep(LOOK_EVERY)

    def before(self, act: Callable[..., Any]) -> Callable[..., Any]:
        """The same act, met before it is done."""

        def meet(*things: Any, **more: Any) -> Any:
            self.come()
            return act(*things, **more)

        return meet


def somebody_waits() -> bool:
    """Whether somebody waits for a lock in this database server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)")
        return bool(cursor.fetchone()[0])


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """What each gives, done in threads of their own with connections of their own."""

    def alone(act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(PATIENCE) for future in [pool.submit(alone, act) for act in acts]]
