"""Reading what people said."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Prefetch, Q, QuerySet

from klankbord.base.text.tokens import query_terms
from klankbord.posts.models import Attachment, Objection, Post


def wanted_files(now: datetime) -> QuerySet[Attachment]:
    """Files that came along under an address and may be fetched now."""
    return Attachment.objects.filter(Q(fetch_at__isnull=True) | Q(fetch_at__lte=now), state=Attachment.State.WANTED)


def thread(organisation_id: int, root_uri: str) -> list[Post]:
    """A thread in the order things came in, with files and deliveries: three queries, whatever its length."""
    return list(
        Post.objects.filter(organisation_id=organisation_id, root_uri=root_uri)
        .select_related("author", "delivery")
        .prefetch_related(Prefetch("attachments", Attachment.objects.order_by("pk")))
        .defer("tokens")
        .order_by("pk")
    )


def held_threads(organisation_id: int, uris: Collection[str]) -> set[str]:
    """Which of these posts or threads this organisation holds already."""
    found = Post.objects.filter(organisation_id=organisation_id)
    held = set(found.filter(uri__in=uris).values_list("uri", flat=True))
    return held | set(found.filter(root_uri__in=uris).values_list("root_uri", flat=True))


def held_messages(organisation_id: int, uris: Collection[str]) -> set[str]:
    """Which of these messages this organisation holds because they were said to it."""
    return set(Post.objects.filter(organisation_id=organisation_id, uri__in=uris).values_list("uri", flat=True))


def objectors(organisation_id: int, kind: str, people: Collection[str]) -> set[str]:
    """Which of these pseudonyms asked not to be followed."""
    found = Objection.objects.filter(organisation_id=organisation_id, kind=kind, person__in=people)
    return set(found.values_list("person", flat=True))


def search_query(text: str) -> str:
    """A PostgreSQL tsquery for what somebody types in the search box: all words, the last one may be unfinished."""
    words = query_terms(text)
    if not words:
        return ""
    return " & ".join([*map(quoted_term, words[:-1]), f"{quoted_term(words[-1])}:*"])


def quoted_term(term: str) -> str:
    """A term as PostgreSQL reads it in a tsquery."""
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def search_threads(text: str, channels: Sequence[int], newest: int) -> tuple[list[tuple[int, str]], bool]:
    """The threads (organisation, root uri) of the newest posts that hold all words, among what one may see.

    And whether there may be more of them than those of the ``newest`` posts.
    """
    query = search_query(text)
    if not query:
        return [], False
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT organisation_id, root_uri FROM search_posts(%s::tsquery, %s, %s)", [query, list(channels), newest]
        )
        rows = cursor.fetchall()
    return list(dict.fromkeys(rows)), len(rows) == newest


@dataclass(frozen=True, slots=True)
class Candidates:
    """Posts that may satisfy a query, from new to old; ``further`` is where to go on, None when there are no more."""

    ids: list[int]
    further: tuple[datetime, int] | None


def newest_candidates(
    query: str, patterns: Sequence[str], channels: Sequence[int], before: tuple[datetime, int], most: int
) -> Candidates:
    """The newest public posts of others, before a moment and id, whose terms satisfy a tsquery, or a LIKE pattern.

    Among the channels that one may see. Without a query a bounded stretch is read: few may come while there are more.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, published_at FROM search_candidates(%s::tsquery, %s, %s, %s, %s, %s)",
            [query or None, list(patterns), list(channels), *before, most],
        )
        rows = cursor.fetchall()
    ids = [pk for pk, _moment in rows if pk is not None]
    if rows and (len(ids) < len(rows) or len(ids) == most):
        pk, moment = rows[-1]
        return Candidates(ids, (moment, pk or 0))
    return Candidates(ids, None)
