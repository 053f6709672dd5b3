"""A feed (RSS or Atom): the news that is said about us, found by what a dossier asks and by nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from klankbord.base.outside.http import Answer, Blocked, Limits, NotReached, Outside, OutsideError, TooLarge
from klankbord.base.text.clean import preview
from klankbord.channels.contract import (
    AuthorData,
    Batch,
    ChannelError,
    Connector,
    Envelope,
    Event,
    Gap,
    Json,
    NotSent,
    Outgoing,
    Permanent,
    PostArrived,
    Receipt,
    Unparseable,
)
from klankbord.channels.feed.pages import Pages, article_text
from klankbord.channels.feed.reading import Feed, Item, NoFeed, dump, read_feed

LARGEST_FEED = 1_000_000  # bytes
PATIENCE = Limits(connect=5.0, read=10.0, total=20.0, size=LARGEST_FEED)
SECONDS_FOR_PAGES = 20.0
"""With the feed itself well within the minute for which a source is ours."""
FIRST_OVERLAP = timedelta(days=1)
QUOTATION = 300
"""Characters: the right to quote is for a short part."""


class NewsFeed(Connector):
    """One feed, fetched once for everybody who follows it."""

    kind = "feed"
    label = gettext_noop("News and blogs (RSS, Atom)")
    open_to_all = True
    can_reply = False
    can_search = True
    poll_every = timedelta(minutes=5)

    @classmethod
    def address(cls, settings: Json) -> str:
        return str(settings["url"])

    def check(self) -> str:
        with Outside(attempts=1) as outside:
            feed = self._read(self._ask(outside, {}))
        newest = max((item.published for item in feed.items if item.published), default=None)
        found = _("“%(title)s”: %(count)s items.") % {"title": feed.title, "count": len(feed.items)}
        if newest and datetime.now(UTC) - newest > timedelta(days=60):
            old = _("The newest is more than two months old: is this feed still kept up?")
            return f"{found} {old}"
        return found

    def fetch(self, cursor: Json) -> Batch:
        now = datetime.now(UTC)
        with Outside() as outside:
            answer = self._ask(outside, cursor)
            if answer.status == 304:
                return Batch([], cursor | {"at": now.isoformat()})
            feed = self._read(answer)
            pages = Pages(outside, cursor.get("robots", {}), now, SECONDS_FOR_PAGES)
            return self._batch(feed, answer, cursor, pages, now)

    def search(self, words: Sequence[str]) -> list[PostArrived]:
        """A feed has no search: what stands in it now, headlines and summaries, newest first."""
        now = datetime.now(UTC)
        with Outside(attempts=1) as outside:
            feed = self._read(self._ask(outside, {}))
        return [_post(json.loads(dump(item, feed, now, ""))) for item in reversed(feed.items)]

    def parse(self, body: bytes) -> list[Event]:
        try:
            return [_post(json.loads(body))]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as problem:
            raise Unparseable(_("This is not an item of a feed.")) from problem

    def send(self, outgoing: Outgoing) -> Receipt:
        raise Permanent(_("You cannot answer on this channel."))

    def look_up(self, outgoing: Outgoing) -> Receipt | None:
        return None

    def _batch(self, feed: Feed, answer: Answer, cursor: Json, pages: Pages, now: datetime) -> Batch:
        """What is new or changed since the last look; the next look says what it has seen of this one."""
        seen: dict[str, str] = cursor.get("seen", {})
        envelopes: list[Envelope] = []
        now_seen: dict[str, str] = {}
        finished = True
        for item in feed.items:
            if seen.get(item.id) == item.mark or (not cursor and _is_old(item, now)):
                now_seen[item.id] = item.mark
            elif not finished or (envelopes and pages.time_is_up):
                # the rest comes at once after this; what was not looked at is not remembered
                finished = False
                if item.id in seen:
                    now_seen[item.id] = seen[item.id]
            else:
                page = pages.fetch(item.link) if self.settings.get("full_text", True) else ""
                envelopes.append(Envelope(_key(item), dump(item, feed, now, page)))
                now_seen[item.id] = item.mark
        following: Json = {"seen": now_seen, "robots": pages.rules, "at": now.isoformat()}
        if finished:
            following |= {
                "etag": answer.headers.get("etag", "")[:500],
                "modified": answer.headers.get("last-modified", "")[:100],
            }
        return Batch(envelopes, following, more=not finished, gap=_gap(feed, seen, cursor, now))

    def _ask(self, outside: Outside, cursor: Json) -> Answer:
        headers = {"Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, */*;q=0.5"}
        if cursor.get("etag"):
            headers["If-None-Match"] = cursor["etag"]
        if cursor.get("modified"):
            headers["If-Modified-Since"] = cursor["modified"]
        host = urlsplit(self.settings["url"]).hostname or ""
        try:
            answer = outside.request("GET", self.settings["url"], headers=headers, limits=PATIENCE)
        except Blocked:
            raise Permanent(_("The address %(host)s cannot be used for a feed.") % {"host": host}) from None
        except TooLarge:
            raise ChannelError(_("This feed is larger than 1 MB.")) from None
        except NotReached:
            raise NotSent(_("The website %(host)s cannot be reached.") % {"host": host}) from None
        except OutsideError:
            raise NotSent(_("The website %(host)s gave no complete answer.") % {"host": host}) from None
        if answer.ok or (answer.status == 304 and cursor):
            return answer
        if answer.status in (401, 403, 404, 410):
            raise ChannelError(
                _("The website says that this feed is not there, or not for us (%(status)s).")
                % {"status": answer.status}
            )
        raise NotSent(_("The website gives an error (%(status)s).") % {"status": answer.status}, answer.retry_after())

    def _read(self, answer: Answer) -> Feed:
        try:
            return read_feed(answer.body)
        except NoFeed as problem:
            if problem.page_of:
                where = urljoin(answer.url, problem.page_of)
                raise ChannelError(_("This is a web page. Its feed is at %(where)s") % {"where": where}) from None
            raise ChannelError(_("There is no feed at this address.")) from None


def _key(item: Item) -> str:
    """An item that changed is another thing; long names are known by what they begin with and their hash."""
    return f"{item.id[:500]}:{item.mark}"


def _is_old(item: Item, now: datetime) -> bool:
    return item.published is not None and now - item.published > FIRST_OVERLAP


def _gap(feed: Feed, seen: dict[str, str], cursor: Json, now: datetime) -> Gap | None:
    """A feed shows its newest items only: when none of them was there last time, there may have been others between."""
    if not seen or not feed.items or any(item.id in seen for item in feed.items):
        return None
    reason = _("Since the last look all items of this feed are new: items between may have been missed.")
    return Gap(datetime.fromisoformat(cursor["at"]), now, reason)


def _post(said: Json) -> PostArrived:
    at = datetime.fromisoformat(said["at"])
    published = datetime.fromisoformat(said["published"]) if said["published"] else at
    link, title, summary = str(said["link"]), str(said["title"]), str(said["summary"])
    host = (urlsplit(link).hostname or "").removeprefix("www.")
    quotation = preview(summary, QUOTATION)
    if at.tzinfo is None or published.tzinfo is None:
        raise ValueError("no time zone")
    return PostArrived(
        uri=link or f"feed:{said['id']}",
        # the publisher speaks, not the journalist
        author=AuthorData(network_id=f"feed:{host or said['feed']}"[:300], handle=host, name=str(said["feed"])),
        text="\n\n".join(part for part in (title, quotation if quotation != title else "") if part),
        published_at=min(published, at),
        web_url=link,
        addressed=False,
        matched_text="\n".join((summary, _article(said["page"]))),
    )


def _article(page: Any) -> str:
    return article_text(page) if isinstance(page, str) else ""
