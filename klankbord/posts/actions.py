"""All writes to what people said. What comes in is stored per batch: as many statements for one post as for many."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import connection

from klankbord.base.text.clean import clean_html, safe_text
from klankbord.base.text.tokens import index_terms
from klankbord.channels.contract import AuthorData, PostArrived, PostDeleted, Visibility
from klankbord.channels.models import Channel, Delivery
from klankbord.posts.files import keep_file
from klankbord.posts.models import Attachment, Author, Post, Revision
from klankbord.posts.overheard import FIND, Overheard, find_uri

UNIT = "\x1f"  # separates terms; no term holds a control character

INSERT_POSTS = """
INSERT INTO posts_post (
    organisation_id, channel_id, author_id, direction, visibility, private, uri, parent_uri, root_uri, subject,
    text, quoted, html, warning, language, web_url, overheard, source, reply_data, signed, tokens, published_at,
    received_at, edited_at)
SELECT %(organisation)s, %(channel)s, author, 'in', visibility, private, uri, parent_uri, root_uri, subject,
       text, quoted, html, warning, language, web_url, overheard, source, reply_data, '',
       array_to_tsvector(string_to_array(terms, chr(31))), published_at, %(now)s, edited_at
-- one JSON text: an array for each column costs twice as much, mostly to write it
FROM json_to_recordset(%(posts)s::json) AS new (
    author bigint, visibility text, private boolean, uri text, parent_uri text, root_uri text, subject text, text text,
    quoted text, html text, warning text, language text, web_url text, overheard boolean, source text, reply_data jsonb,
    terms text, published_at timestamptz, edited_at timestamptz)
ON CONFLICT (organisation_id, uri) DO NOTHING
RETURNING id, uri
"""


@dataclass(frozen=True, slots=True)
class Said:
    """The words of a message as they can be kept: without what no column and no screen can hold."""

    subject: str
    warning: str
    text: str
    matched: str = ""
    """Searched and not kept."""

    @classmethod
    def of(cls, event: PostArrived) -> Said:
        subject, warning = safe_text(event.subject)[:400], safe_text(event.warning)[:400]
        return cls(subject, warning, safe_text(event.text), safe_text(event.matched_text))

    @property
    def terms(self) -> list[str]:
        return terms_of(self.subject, self.warning, self.text, self.matched)


@dataclass(frozen=True, slots=True)
class Stored:
    """A post as it came in, with its row and its place in a thread."""

    id: int
    author_id: int
    root_uri: str
    said: Said
    terms: frozenset[str]
    event: PostArrived


def terms_of(*texts: str) -> list[str]:
    """The index terms of everything searchable in a post."""
    return index_terms("\n".join(text for text in texts if text))


@lru_cache(maxsize=10_000)
def _names(name: str, handle: str) -> list[str]:
    """By what somebody can be found; who speaks once often speaks again."""
    return terms_of(safe_text(name), safe_text(handle))


def remember_authors(channel: Channel, authors: Sequence[AuthorData]) -> dict[str, int]:
    """Keep who spoke, once per organisation and network; the row id per network id."""
    spoke = {author.network_id: (safe_text(author.handle)[:320], safe_text(author.name)[:200]) for author in authors}
    same = {
        network_id: pk
        for pk, network_id, *names in Author.objects.filter(
            organisation_id=channel.organisation_id, kind=channel.kind, network_id__in=spoke
        ).values_list("pk", "network_id", "handle", "name")
        if spoke[network_id] == tuple(names)
    }
    fresh = [(network_id, *names) for network_id, names in spoke.items() if network_id not in same]
    if not fresh:
        return same
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO posts_author (organisation_id, kind, network_id, handle, name)"
            " SELECT %s, %s, network_id, handle, name"
            " FROM unnest(%s::text[], %s::text[], %s::text[]) AS new (network_id, handle, name)"
            " ON CONFLICT (organisation_id, kind, network_id)"
            " DO UPDATE SET handle = excluded.handle, name = excluded.name"
            " RETURNING network_id, id",
            [channel.organisation_id, channel.kind, *map(list, zip(*fresh, strict=True))],
        )
        return same | dict(cursor.fetchall())


def _roots(organisation_id: int, events: Sequence[PostArrived]) -> dict[str, str]:
    """The root of each post's thread: what we already know first, then what the network says, then its parent."""
    wanted = {uri for event in events for uri in (event.parent_uri, event.root_uri) if uri}
    # what others said in the thread is kept under another name
    names = {uri: uri if uri.startswith(FIND) else find_uri(organisation_id, uri) for uri in wanted}
    known = dict(
        Post.objects.filter(organisation_id=organisation_id, uri__in={*wanted, *names.values()}).values_list(
            "uri", "root_uri"
        )
        if wanted
        else ()
    )
    roots: dict[str, str] = {}
    for event in events:
        for near in (event.parent_uri, event.root_uri):
            if not near:
                continue
            root = roots.get(near) or known.get(near) or known.get(names[near], "")
            # the thread of a find comes under the name of what is said to us, not the other way round
            if root and (isinstance(event, Overheard) or not root.startswith(FIND)):
                roots[event.uri] = root
                break
        else:
            roots[event.uri] = event.root_uri or event.parent_uri or event.uri
    return roots


def store_posts(
    channel: Channel, events: Sequence[PostArrived], now: datetime
) -> tuple[list[Stored], list[PostArrived]]:
    """Store what is new, once per organisation. Returns the new posts, and the events whose post was there already."""
    unique = {event.uri: event for event in reversed(events)}
    fresh = list(reversed(unique.values()))
    said = [Said.of(event) for event in fresh]
    authors = remember_authors(channel, [event.author for event in fresh])
    roots = _roots(channel.organisation_id, fresh)
    terms = [one.terms for one in said]
    # somebody who addressed us can be found by name on the desk; dossiers never see these terms
    names = [_names(event.author.name, event.author.handle) for event in fresh]
    rows = [
        {
            "author": authors[event.author.network_id],
            "visibility": event.visibility.value,
            "private": event.visibility.private,
            "uri": event.uri,
            "parent_uri": event.parent_uri,
            "root_uri": roots[event.uri],
            "subject": one.subject,
            "text": one.text,
            "quoted": safe_text(event.quoted),
            "html": clean_html(event.html) if event.html else "",
            "warning": one.warning,
            "language": event.language[:8],
            "web_url": event.web_url,
            "overheard": isinstance(event, Overheard),
            "source": event.source if isinstance(event, Overheard) else "",
            "reply_data": event.reply_data,
            "terms": UNIT.join(found + who),
            "published_at": event.published_at.isoformat(),
            "edited_at": event.edited_at.isoformat() if event.edited_at else None,
        }
        for event, one, found, who in zip(fresh, said, terms, names, strict=True)
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            INSERT_POSTS,
            {
                "organisation": channel.organisation_id,
                "channel": channel.pk,
                "now": now,
                "posts": json.dumps(rows, ensure_ascii=False),
            },
        )
        ids = {uri: post_id for post_id, uri in cursor.fetchall()}
    stored = [
        Stored(ids[event.uri], authors[event.author.network_id], roots[event.uri], one, frozenset(found), event)
        for event, one, found in zip(fresh, said, terms, strict=True)
        if event.uri in ids
    ]
    new_events = {id(item.event) for item in stored}
    return stored, [event for event in events if id(event) not in new_events]


def keep_attachments(organisation_id: int, stored: Sequence[Stored]) -> list[tuple[Attachment, bytes | None]]:
    """Make the rows of the files that came along; each with its content where the network sent that."""
    rows = [
        (
            Attachment(
                organisation_id=organisation_id,
                post_id=item.id,
                filename=safe_text(data.filename)[:255] or "bestand",
                content_type=data.content_type[:120].lower(),
                alt_text=safe_text(data.alt_text),
                url=data.url[:2000],
            ),
            data.content,
        )
        for item in stored
        for data in item.event.attachments
    ]
    Attachment.objects.bulk_create([row for row, _ in rows])
    return rows


def join_threads(organisation_id: int, stored: Sequence[Stored]) -> dict[str, str]:
    """A parent that came after its child: bring the thread that hung on it under its own root. Old root → new root."""
    moved = {
        item.event.heard_uri if isinstance(item.event, Overheard) else item.event.uri: item.root_uri
        for item in stored
        if item.root_uri != item.event.uri
    }
    if not moved:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE posts_post SET root_uri = new.root FROM unnest(%s::text[], %s::text[]) AS new (uri, root)"
            " WHERE organisation_id = %s AND root_uri = new.uri RETURNING new.uri, new.root",
            [list(moved), list(moved.values()), organisation_id],
        )
        return dict(cursor.fetchall())


def bring_finds_under(organisation_id: int, stored: Sequence[Stored]) -> None:
    """Somebody answers to us under a find: the find, and what hangs on it, joins the thread that this opens."""
    under = {
        find_uri(organisation_id, uri): item.root_uri
        for item in stored
        if not isinstance(item.event, Overheard)
        for uri in (item.event.uri, item.event.parent_uri, item.event.root_uri)
        if uri
    }
    if not under:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE posts_post SET root_uri = new.root FROM unnest(%s::text[], %s::text[]) AS new (name, root)"
            " WHERE organisation_id = %s AND root_uri = new.name",
            [list(under), list(under.values()), organisation_id],
        )


def reveal_finds(organisation_id: int, events: Sequence[PostArrived]) -> set[str]:
    """What was overheard turns out to be said to us: the find makes room for the message. The uris that were finds."""
    names = {find_uri(organisation_id, event.uri): event.uri for event in events if not isinstance(event, Overheard)}
    if not names:
        return set()
    finds = Post.objects.filter(organisation_id=organisation_id, uri__in=names)
    found = list(finds.values_list("uri", flat=True))
    if found:
        finds.filter(uri__in=found).delete()
    return {names[uri] for uri in found}


def revise_post(post: Post, event: PostArrived, now: datetime) -> bool:
    """The author changed it: keep what it said before. False when nothing changed."""
    text, warning = safe_text(event.text), safe_text(event.warning)[:400]
    if (post.text, post.warning) == (text, warning) or post.deleted_at:
        if event.matched_text and not post.deleted_at:
            index_post(post, event.subject, post.author, event.matched_text)
        return False
    Revision.objects.create(organisation_id=post.organisation_id, post=post, text=post.text, until=now)
    post.text, post.warning = text, warning
    post.html = clean_html(event.html) if event.html else ""
    post.edited_at = event.edited_at or now
    post.save(update_fields=["text", "warning", "html", "edited_at"])
    index_post(post, event.subject, post.author, event.matched_text)
    return True


def bury_post(post: Post, event: PostDeleted) -> bool:
    """The author took it away: text, files and earlier versions go, a tombstone stays. False when already gone."""
    if post.deleted_at:
        return False
    post.revisions.all().delete()
    post.attachments.all().delete()
    post.text = post.quoted = post.html = post.warning = post.subject = ""
    post.deleted_at = event.at
    post.save(update_fields=["text", "quoted", "html", "warning", "subject", "deleted_at"])
    index_post(post)
    return True


def index_post(post: Post, subject: str = "", author: Author | None = None, matched: str = "") -> None:
    """Make the searchable terms of a post again, after its words changed."""
    names = terms_of(author.name, author.handle) if author else []
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE posts_post SET tokens = array_to_tsvector(%s::text[]) WHERE id = %s",
            [
                terms_of(safe_text(subject) or post.subject, post.warning, post.text, safe_text(matched)) + names,
                post.pk,
            ],
        )


def write_post(
    channel: Channel,
    *,
    direction: Post.Direction,
    uri: str,
    parent: Post,
    text: str,
    visibility: Visibility,
    private: bool,
    signed: str,
    now: datetime,
    delivery: Delivery | None = None,
    subject: str = "",
) -> Post:
    """Keep something of our own: an answer or an internal note, in the thread of ``parent``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO posts_post"
            " (organisation_id, channel_id, delivery_id, direction, visibility, private, uri,"
            " parent_uri, root_uri, subject, text, quoted, html, warning, language, web_url, reply_data, signed,"
            " tokens, published_at, received_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, '', '', '', 'nl', '', '{}', %s,"
            " array_to_tsvector(%s::text[]), %s, %s) RETURNING id",
            [
                channel.organisation_id,
                channel.pk,
                delivery.pk if delivery else None,
                direction,
                visibility.value,
                private,
                uri,
                parent.uri,
                parent.root_uri,
                subject,
                text,
                signed,
                terms_of(subject, text),
                now,
                now,
            ],
        )
        (post_id,) = cursor.fetchone()
    return Post.objects.get(pk=post_id)


def fill_attachment(attachment: Attachment, content: bytes) -> None:
    """The file is here: keep it on disk, and say so."""
    attachment.sha256 = keep_file(attachment.organisation_id, content)
    attachment.size = len(content)
    attachment.state = Attachment.State.KEPT
    attachment.reason = ""
    attachment.save(update_fields=["sha256", "size", "state", "reason"])


def fetch_attachment_later(attachment: Attachment, reason: str, at: datetime) -> None:
    """The file cannot be had now."""
    attachment.fetch_at = at
    attachment.reason = reason
    attachment.save(update_fields=["fetch_at", "reason"])


def refuse_attachment(attachment: Attachment, reason: str) -> None:
    """The file does not come; the thread shows why."""
    attachment.state = Attachment.State.REFUSED
    attachment.reason = reason
    attachment.save(update_fields=["state", "reason"])
