"""What comes in is held against every dossier that runs: finds, and counts without persons. No person acts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from klankbord.channels.contract import PostArrived
from klankbord.channels.models import Channel
from klankbord.listening.asking import Asked, asking, document_of
from klankbord.listening.models import Count
from klankbord.posts.actions import Said, Stored

TEN_MINUTES = 600
A = Count.Aspect

INSERT_MATCHES = """
INSERT INTO listening_match (organisation_id, dossier_id, post_id, words, found_at)
SELECT %s, dossier, post, ARRAY(SELECT left(word, 80) FROM jsonb_array_elements_text(words::jsonb) AS word), %s
FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS new (dossier, post, words)
ON CONFLICT (dossier_id, post_id) DO NOTHING
"""
INSERT_COUNTS = """
INSERT INTO listening_count (organisation_id, dossier_id, aspect, key, at, number)
SELECT %s, dossier, aspect, left(key, 80), to_timestamp(at), sum(number)
FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::int[]) AS new (dossier, aspect, key, at, number)
GROUP BY dossier, aspect, left(key, 80), at
ON CONFLICT (dossier_id, aspect, key, at) DO UPDATE SET number = listening_count.number + excluded.number
"""


TAKE_BACK = """
UPDATE listening_count AS kept SET number = greatest(kept.number - said.number, 0) FROM (
    SELECT found.dossier_id, aspect, left(key, 80) AS key, count(*) AS number,
           to_timestamp(floor(extract(epoch FROM post.published_at) / %s) * %s) AS at
    FROM listening_match found
    JOIN posts_post post ON post.id = found.post_id
    JOIN channels_channel channel ON channel.id = post.channel_id
    CROSS JOIN LATERAL (
        VALUES ('total', ''), ('source', channel.kind), ('language', post.language)
        UNION ALL SELECT DISTINCT 'word', word FROM unnest(found.words) AS word
    ) AS under (aspect, key)
    WHERE post.organisation_id = %s AND (post.channel_id = ANY (%s) OR post.id = ANY (%s))
    GROUP BY found.dossier_id, aspect, left(key, 80), at
) AS said
WHERE kept.dossier_id = said.dossier_id AND kept.aspect = said.aspect AND kept.key = said.key AND kept.at = said.at
RETURNING kept.id
"""


def take_back_counts(organisation_id: int, *, channels: Sequence[int] = (), posts: Sequence[int] = ()) -> None:
    """Undo what finds on these channels, or these finds, added to the figures. A figure of nothing goes."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_BACK, [TEN_MINUTES, TEN_MINUTES, organisation_id, list(channels), list(posts)])
        touched = [pk for (pk,) in cursor.fetchall()]
    Count.objects.filter(pk__in=touched, number=0).delete()


def asked_for(channel: Channel, events: Sequence[PostArrived]) -> set[str]:
    """The uris of public messages that some running dossier asks for; nothing is written."""
    public = [event for event in events if not event.visibility.private]
    if not public:
        return set()
    asked = asking(channel.organisation_id)
    documents = [document_of(channel.kind, Said.of(event), event) for event in public]
    return {event.uri for event, found in zip(public, asked.find(documents), strict=True) if found}


def match_posts(channel: Channel, posts: Sequence[Stored], counted: Collection[str], now: datetime) -> int:
    """Put new public posts beside the running dossiers: finds with their words, and counts without persons.

    Of ``counted`` uris the figures were kept already, when the same message was overheard.
    """
    public = [post for post in posts if not post.event.visibility.private]
    if not public:
        return 0
    documents = [document_of(channel.kind, post.said, post.event) for post in public]
    found = zip(public, asking(channel.organisation_id).find(documents), strict=True)
    finds = [
        Find(post.id, post.event.published_at, post.event.language[:8], asked, post.event.uri in counted)
        for post, asked in found
    ]
    return keep_finds(channel, finds, now)


@dataclass(frozen=True, slots=True)
class Find:
    """A post with the dossiers that ask for it."""

    post_id: int
    published_at: datetime
    language: str
    asked: list[Asked]
    counted: bool = False
    """True when its figures were kept before."""


def keep_finds(channel: Channel, finds: Sequence[Find], now: datetime) -> int:
    """Write finds and their figures; a find that is there already stays as it is. Two statements, however many."""
    matches = [(one.dossier_id, find.post_id, json.dumps(one.words)) for find in finds for one in find.asked]
    if not matches:
        return 0
    counts: Counter[tuple[int, str, str, int]] = Counter()
    for find in finds:
        if find.counted:
            continue
        at = int(find.published_at.timestamp()) // TEN_MINUTES * TEN_MINUTES
        for one in find.asked:
            counts.update((one.dossier_id, aspect, key, at) for aspect, key in _aspects(channel, find, one))
    with connection.cursor() as cursor:
        cursor.execute(INSERT_MATCHES, [channel.organisation_id, now, *map(list, zip(*matches, strict=True))])
        if counts:
            columns = [list(column) for column in zip(*counts, strict=True)]
            cursor.execute(INSERT_COUNTS, [channel.organisation_id, *columns, list(counts.values())])
    return len(matches)


def _aspects(channel: Channel, find: Find, found: Asked) -> set[tuple[str, str]]:
    """Under which keys one find counts."""
    keys = {(A.TOTAL.value, ""), (A.SOURCE.value, channel.kind), (A.LANGUAGE.value, find.language)}
    return keys | {(A.WORD.value, word) for word in found.words}
