"""Live events: ids go from the database to open browsers; what they stand for is fetched behind the fence.

An action announces in its own transaction and PostgreSQL delivers on commit. Each web process has one listening
connection for all its streams, and asks the database in one question which of its listeners may know of an event.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field

import psycopg
import structlog
from django.db import connection

LISTEN_CHANNEL = "klankbord"
IDS_PER_NOTICE = 500  # a payload stays under PostgreSQL's 8,000 bytes
BACKLOG = 1000
PATIENCE = 5.0  # seconds for the database to answer

logger = structlog.get_logger()


def announce(channel_id: int, ids: Sequence[int], *, private: bool, event: str = "conversation") -> None:
    """Tell on commit that something about these conversations of this channel changed; ``event`` says what."""
    with connection.cursor() as cursor:
        for start in range(0, len(ids), IDS_PER_NOTICE):
            some = list(ids[start : start + IDS_PER_NOTICE])
            payload = {"event": event, "channel": channel_id, "private": private, "ids": some}
            cursor.execute("SELECT pg_notify(%s, %s)", [LISTEN_CHANNEL, json.dumps(payload)])


@dataclass(eq=False)
class Listener:
    """One open stream: who listens, and what waits to be sent."""

    user_id: int
    queue: asyncio.Queue[tuple[str, int] | None] = field(default_factory=lambda: asyncio.Queue(BACKLOG))

    def put(self, event: str, conversation_id: int) -> None:
        try:
            self.queue.put_nowait((event, conversation_id))
        except asyncio.QueueFull:
            # the browser has not read for a thousand events: let it come back and catch up
            self.close()

    def close(self) -> None:
        while not self.queue.empty():
            self.queue.get_nowait()
        self.queue.put_nowait(None)


async def _may_see(
    question: psycopg.AsyncConnection[tuple[int]], users: list[int], channel_id: int, private: bool
) -> set[int]:
    found = await question.execute("SELECT * FROM fence_may_see(%s, %s, %s)", [users, channel_id, private])
    return {user for (user,) in await found.fetchall()}


class Switchboard:
    """All open streams of one web process on two database connections, however many there are."""

    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo
        self.listeners: set[Listener] = set()
        self.task: asyncio.Task[None] | None = None
        self.hears = asyncio.Event()

    def connect(self, user_id: int) -> Listener:
        """Add a stream; the first one starts the listening."""
        listener = Listener(user_id)
        self.listeners.add(listener)
        if self.task is None or self.task.done():
            self.hears = asyncio.Event()
            self.task = asyncio.create_task(self._run())
        return listener

    async def ready(self) -> bool:
        """Wait until no later event can be missed; False when the database does not answer."""
        try:
            await asyncio.wait_for(self.hears.wait(), PATIENCE)
        except TimeoutError:
            return False
        return True

    def disconnect(self, listener: Listener) -> None:
        self.listeners.discard(listener)
        if not self.listeners and self.task is not None:
            self.task.cancel()
            self.task = None

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as problem:
                logger.warning("live events lost the database", problem=str(problem))
                self.hears.clear()
                # events may have passed unseen: every browser reconnects and fetches its list again
                for listener in self.listeners:
                    listener.close()
                await asyncio.sleep(1)

    async def _listen(self) -> None:
        async with (
            await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as ear,
            await psycopg.AsyncConnection.connect(self.conninfo, autocommit=True) as question,
        ):
            await ear.execute(f"LISTEN {LISTEN_CHANNEL}")
            self.hears.set()
            async for notice in ear.notifies():
                event = json.loads(notice.payload)
                users = list({listener.user_id for listener in self.listeners})
                allowed = await _may_see(question, users, event["channel"], event["private"])
                for listener in self.listeners:
                    if listener.user_id in allowed:
                        for conversation_id in event["ids"]:
                            listener.put(event["event"], conversation_id)


async def events(
    listener: Listener, still_welcome: Callable[[], Awaitable[bool]], every: float
) -> AsyncIterator[bytes]:
    """The body of a server-sent event stream: ids only. Asks each ``every`` seconds whether the user may stay."""
    yield b"retry: 2000\n\nevent: hello\ndata: {}\n\n"
    clock = asyncio.get_running_loop().time
    ask_at = clock() + every
    while True:
        try:
            news = await asyncio.wait_for(listener.queue.get(), max(0.0, ask_at - clock()))
        except TimeoutError:
            if not await still_welcome():
                return
            ask_at = clock() + every
            yield b": still here\n\n"
            continue
        if news is None:
            return
        event, conversation_id = news
        yield f'event: {event}\ndata: {{"id": {conversation_id}}}\n\n'.encode()
