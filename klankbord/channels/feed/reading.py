"""From the bytes of a feed to its items, and what to remember of them. Pure."""

from __future__ import annotations

import calendar
import hashlib
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import feedparser

from klankbord.base.text.clean import html_to_text, safe_text

MOST_ITEMS = 500
LONGEST_SUMMARY = 20_000
_TRACKING = re.compile(r"utm_|fbclid$|gclid$|mc_(cid|eid)$|ref$|xtor$", re.IGNORECASE)


class NoFeed(Exception):
    """These bytes are no feed. ``page_of`` holds the address of a feed that a web page points to, or nothing."""

    def __init__(self, page_of: str = "") -> None:
        super().__init__(page_of)
        self.page_of = page_of


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a feed, in plain words."""

    id: str
    """What the feed calls it; the same item has the same id for ever."""
    link: str
    title: str
    summary: str
    published: datetime | None

    @property
    def mark(self) -> str:
        """Changes when its words change: layout, order of attributes and white space do not count."""
        words = "\n".join(" ".join(part.split()) for part in (self.title, self.summary, self.link))
        return hashlib.sha256(words.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Feed:
    title: str
    items: list[Item]


def read_feed(body: bytes) -> Feed:
    """The items of a feed, oldest first where they tell; raises NoFeed.

    What is malformed is read as far as it goes: half of the feeds in the world are.
    """
    if b"<!ENTITY" in body:
        # no feed needs entities of its own; they are how a small file becomes a large one, or reads one of ours
        raise NoFeed
    try:
        # a stream, never the bytes themselves: those it may take for the name of a file
        parsed = feedparser.parse(io.BytesIO(body))
    except Exception as problem:
        # whatever a parser stumbles over is no feed
        raise NoFeed from problem
    if not parsed.get("version") and not parsed.entries:
        raise NoFeed(_alternate(body))
    items = [item for entry in parsed.entries[:MOST_ITEMS] if (item := _item(entry))]
    items.sort(key=lambda item: item.published or datetime.max.replace(tzinfo=UTC))
    return Feed(_words(parsed.feed.get("title"))[:200], items)


def _item(entry: Mapping[str, Any]) -> Item | None:
    link = plain_link(str(entry.get("link") or ""))
    title, summary = _words(entry.get("title"))[:400], _words(entry.get("summary"))[:LONGEST_SUMMARY]
    if not title and not summary:
        return None
    id = safe_text(str(entry.get("id") or link or ""))[:900]
    if not id:
        id = hashlib.sha256(f"{title}\n{summary}".encode()).hexdigest()
    return Item(id, link, title, summary, _moment(entry))


def plain_link(link: str) -> str:
    """The address of an article without what only counts clicks; empty when it is no web address."""
    try:
        parts = urlsplit(safe_text(link).strip())
        asked = [(key, value) for key, value in parse_qsl(parts.query, True) if not _TRACKING.match(key)]
        plain = urlunsplit((parts.scheme, parts.netloc, parts.path, urlencode(asked), ""))
    except ValueError:
        return ""
    return plain if parts.scheme in ("http", "https") and parts.hostname and len(plain) <= 900 else ""


def _words(html: object) -> str:
    return html_to_text(str(html or ""))


def _moment(entry: Mapping[str, Any]) -> datetime | None:
    for name in ("published_parsed", "updated_parsed"):
        try:
            return datetime.fromtimestamp(calendar.timegm(entry[name]), UTC)
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
    return None


_LINK = re.compile(rb"<link\b[^>]{0,500}>", re.IGNORECASE)
_HREF = re.compile(rb"""href\s*=\s*["']([^"'<>\s]{1,500})["']""", re.IGNORECASE)


def _alternate(body: bytes) -> str:
    """The feed that a web page names in its head."""
    for tag in _LINK.findall(body[:200_000]):
        if re.search(rb"application/(rss|atom)\+xml", tag, re.IGNORECASE) and (href := _HREF.search(tag)):
            return href[1].decode("utf-8", "replace")
    return ""


def dump(item: Item, feed: Feed, at: datetime, page: str) -> bytes:
    """The durable form of one item, with the page of the article as it was fetched."""
    body = {
        "id": item.id,
        "link": item.link,
        "title": item.title,
        "summary": item.summary,
        "published": item.published.isoformat() if item.published else "",
        "mark": item.mark,
        "feed": feed.title,
        "at": at.isoformat(),
        "page": page,
    }
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
