"""What a server finds by itself: its hashtag timelines, and its own search as far as it has one. Nothing is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from klankbord.channels.contract import ChannelError, Json, Permanent, PostArrived, Unparseable

from .client import Client, Missing
from .reading import facts_of
from .status import envelope_of, events_of

PAGE = 40


def search(client: Client, words: Sequence[str], now: datetime) -> list[PostArrived]:
    """Public messages that hold one of these words, newest first, as far as the server knows and shows them.

    Without a search of its own (or a token that may not use it) a server still has its hashtags.
    """
    facts = facts_of(client, {}, now)
    found: dict[str, PostArrived] = {}
    for word in words:
        for status in _statuses(client, word):
            try:
                events = events_of(envelope_of("status", status, {**facts, "ancestors": []}).body)
            except Unparseable:
                continue
            found |= {one.uri: one for one in events if isinstance(one, PostArrived) and not one.visibility.private}
    return sorted(found.values(), key=lambda one: one.published_at, reverse=True)


def _statuses(client: Client, word: str) -> Iterator[Json]:
    name = word.lstrip("#")
    refused: ChannelError | None = None
    if name.replace("_", "").isalnum():
        try:
            yield from client.tagged(name, [("limit", str(PAGE))]).items
        except (Missing, Permanent) as problem:
            refused = problem
    if word.startswith("#"):
        if refused:
            raise refused
        return
    try:
        yield from client.found(word, PAGE)
    except (Missing, Permanent):
        if refused:
            raise
