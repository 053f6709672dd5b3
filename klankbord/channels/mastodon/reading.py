"""Bringing in what is new, without a hole and without trusting a server to page the way the documentation says.

The cursor is JSON: ``newest`` (the id to read on from), ``since`` (when that one was made), ``known`` (ids seen
lately), ``facts`` (account and server, refreshed daily) and, during a long walk back, ``below``.

Forwards: ask what is above ``newest``, oldest page first (``min_id``, as Mastodon and GoToSocial do it). Some servers
take ``min_id`` as "the newest page, cut off at that id" (snac) or ignore it. So each time something new comes, one
more question tells whether what lies directly below it is known. When it is not, walk down page by page until it is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from django.utils.translation import gettext as _

from klankbord.channels.contract import Batch, Envelope, Gap, Json, NotSent, Permanent

from .client import Client, Missing, Page
from .status import envelope_of, gone

PAGE = 40
ENOUGH = PAGE
"""Envelopes after which a batch is closed: each may cost a question of its own, and the lease is a minute."""
BUDGET = 20.0
"""Seconds after which no new page is begun, for the same reason."""
OVERLAP = timedelta(minutes=10)
SLACK = timedelta(minutes=2)
"""Notifications are made in the order of their ids, but not to the second."""
FACTS_KEEP = timedelta(hours=24)
KNOWN = 200
CHAIN = 50


def fetch(client: Client, cursor: Json, now: datetime) -> Batch:
    """What is new since the cursor, oldest first, with the thread each message stands in."""
    return _Reading(client, cursor, now).run()


def reread(client: Client, known: Sequence[tuple[str, Json]], now: datetime) -> list[Envelope]:
    """Posts we have, as they are on the server now: ``(uri, reply_data)`` in, an envelope for each out.

    A post that is unchanged gives the same key as before. One that is gone gives a deletion, but only when the
    server still knows our account: a server that is being moved must not empty our archive.
    """
    facts = facts_of(client, {}, now)
    envelopes = []
    for uri, reply_data in known:
        try:
            status = client.status(str(reply_data["status_id"]))
        except KeyError:
            continue
        except Missing:
            envelopes.append(gone(uri, now))
        except NotSent:
            if not envelopes:
                raise
            break
        else:
            # Its place in the thread does not change, so that is not asked again.
            envelopes.append(envelope_of("status", status, {**facts, "ancestors": []}))
    return envelopes


def facts_of(client: Client, known: Json, now: datetime) -> Json:
    """Whose account this is and what the server runs: needed to understand a status later, so it goes along."""
    checked = _moment(known.get("checked"))
    if checked is not None and timedelta(0) <= now - checked < FACTS_KEEP:
        return known
    account, instance = client.own_account(), client.instance()
    domain = str(instance.get("domain") or instance.get("uri") or "")
    return {
        "us": {name: account.get(name) for name in ("id", "uri", "url")},
        "version": str(instance.get("version") or ""),
        "domain": domain.removeprefix("https://").removeprefix("http://").rstrip("/"),
        "checked": now.isoformat(),
    }


def _ancestors(client: Client, status: Json) -> list[Json] | None:
    """The thread above a status, from its first post on; ``None`` when the server does not tell."""
    status = status["reblog"] if isinstance(status.get("reblog"), dict) else status
    parent = status.get("in_reply_to_id")
    if not parent:
        return []
    try:
        chain = client.context(str(status.get("id"))).get("ancestors")
        if not isinstance(chain, list) or not chain:
            chain = [client.status(str(parent))]
    except (Missing, Permanent):
        return None
    found = [{"id": entry.get("id"), "uri": entry.get("uri")} for entry in chain if isinstance(entry, dict)]
    return found if len(found) <= CHAIN else [found[0], *found[1 - CHAIN :]]


@dataclass
class _Reading:
    """One fetch: the cursor as it was, and as it becomes."""

    client: Client
    cursor: Json
    now: datetime

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.newest = str(self.cursor.get("newest") or "")
        self.since = _moment(self.cursor.get("since"))
        self.known = [str(one) for one in self.cursor.get("known") or []]
        self.seen: set[str] = set()
        self.facts = facts_of(self.client, self.cursor.get("facts") or {}, self.now)
        self.found: list[Json] = []
        """Newest first, like the server's own pages."""

    def run(self) -> Batch:
        if not self.cursor:
            return self._first()
        below = self.cursor.get("below")
        if isinstance(below, dict):
            return self._walk_down(str(below.get("max_id")), below)
        return self._forward()

    def _first(self) -> Batch:
        """From now on, with a little of what came just before."""
        page = self.client.notifications([("limit", str(PAGE))])
        recent = [one for one in page.items if (_moment(one.get("created_at")) or self.now) >= self.now - OVERLAP]
        # The server's own clock: when it shows nothing yet, all that ever comes is new.
        self.since = self._no_later(_made(page.items[0])) if page.items else None
        self._learn(page.items)
        self.newest = page.newest
        return self._batch(recent)

    def _forward(self) -> Batch:
        page = self._above()
        fresh = self._fresh(page)
        if not fresh:
            return self._batch([])
        if any(self._old(one) for one in page.items):
            # The page reaches down to what we know: nothing lies between.
            return self._advance(fresh, page.newest, more=False)
        if not self._joins(page):
            self.found = fresh
            top = [_id(one) for one in fresh]
            return self._walk_down(page.oldest, {"newest": page.newest, "since": _made(fresh[0]), "top": top})
        found = fresh
        while len(found) < ENOUGH and self._time_left():
            self._remember(fresh, page.newest)
            page = self._above()
            fresh = self._fresh(page)
            if not fresh:
                return self._batch(found)
            found = fresh + found
        return self._advance(found, page.newest, more=True)

    def _joins(self, page: Page) -> bool:
        """Does this page begin directly above what we know?"""
        if not self.newest:
            return False
        underneath = self.client.notifications([("max_id", page.oldest), ("limit", "1")])
        if underneath.items:
            return self._old(underneath.items[0])
        # Nothing below: all we knew was cleared, or the server shows its latest only. One that pages upwards
        # has more above a full page; one that shows its latest has not.
        top = self.client.notifications([("limit", "1")])
        return bool(top.items) and top.newest != page.newest

    def _walk_down(self, max_id: str, goal: Json) -> Batch:
        """Collect downwards until something known; when that takes long, go on in the next batch."""
        gap = None
        while True:
            page = self.client.notifications([("max_id", max_id), ("limit", str(PAGE))])
            fresh = self._fresh(page)
            self.found += fresh
            if any(self._old(one) for one in page.items):
                break
            if not fresh or page.oldest == max_id:
                gap = self._hole(goal)
                break
            max_id = page.oldest
            if len(self.found) >= ENOUGH or not self._time_left():
                goal = {**goal, "max_id": max_id, "lowest": _made(self.found[-1])}
                return self._batch(self.found, more=True, below={**goal, "walked": self._walked(goal)})
        self.known = list(dict.fromkeys([*map(str, goal.get("top") or []), *self.known]))[:KNOWN]
        self.newest, self.since = str(goal.get("newest")), self._no_later(goal.get("since")) or self.since
        return self._batch(self.found, more=True, gap=gap)

    def _above(self) -> Page:
        above = [("min_id", self.newest)] if self.newest else []
        return self.client.notifications([*above, ("limit", str(PAGE))])

    def _fresh(self, page: Page) -> list[Json]:
        """What of a page is new: down to the first thing we know; what was met before in this fetch counts once."""
        fresh = [one for one in takewhile(lambda one: not self._old(one), page.items) if _id(one) not in self.seen]
        self.seen.update(map(_id, fresh))
        return fresh

    def _old(self, one: Json) -> bool:
        """Known by id, or surely made before what we knew last."""
        made = _moment(one.get("created_at"))
        if _id(one) in self.known:
            return True
        return made is not None and self.since is not None and made < self.since - SLACK

    def _walked(self, goal: Json) -> int:
        return int(goal.get("walked", 0)) + len(self.found)

    def _hole(self, goal: Json) -> Gap | None:
        """The listing ended before anything known: a server that shows only its latest (snac: 64) has lost some."""
        if not self.newest or self._walked(goal) < PAGE:
            return None
        lowest = _made(self.found[-1]) if self.found else goal.get("lowest")
        return Gap(
            self.since, _moment(lowest) or self.now, _("More came in than the server shows. Messages may be missing.")
        )

    def _remember(self, fresh: list[Json], newest: str) -> None:
        self._learn(fresh)
        self.newest = newest
        self.since = self._no_later(_made(fresh[0])) or self.since

    def _no_later(self, made: Any) -> datetime | None:
        """A moment of the server, but never in our future: its clock may be put right, and all that follows is new."""
        moment = _moment(made)
        return min(moment, self.now) if moment else None

    def _advance(self, found: list[Json], newest: str, *, more: bool) -> Batch:
        self._remember(found, newest)
        return self._batch(found, more=more)

    def _learn(self, items: Sequence[Json]) -> None:
        ids = [_id(one) for one in items]
        self.known = list(dict.fromkeys(ids + self.known))[:KNOWN]

    def _time_left(self) -> bool:
        return time.monotonic() - self.began < BUDGET

    def _batch(
        self, found: list[Json], *, more: bool = False, gap: Gap | None = None, below: Json | None = None
    ) -> Batch:
        cursor: Json = {
            "newest": self.newest,
            "since": self.since.isoformat() if self.since else "",
            "known": self.known,
            "facts": self.facts,
        }
        if below is not None:
            cursor["below"] = below
        return Batch([self._envelope(one) for one in reversed(found)], cursor, more, gap)

    def _envelope(self, notification: Json) -> Envelope:
        status = notification.get("status")
        ancestors = _ancestors(self.client, status) if isinstance(status, dict) else []
        return envelope_of("notification", notification, {**self.facts, "ancestors": ancestors})


def _id(notification: Json) -> str:
    return str(notification.get("id"))


def _made(notification: Json) -> str:
    return str(notification.get("created_at"))


def _moment(value: Any) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
