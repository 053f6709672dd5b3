"""Reading what people said."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection
from django.db.models import Prefetch

from klankbord.base.text.tokens import index_terms
from klankbord.posts.models import Attachment, Post


def thread(organisation_id: int, root_uri: str, after: int = 0) -> list[Post]:
    """A thread in the order things came in, with files and deliveries: three queries, whatever its length."""
    return list(
        Post.objects.filter(organisation_id=organisation_id, root_uri=root_uri, pk__gt=after)
        .select_related("author", "delivery")
        .prefetch_related(Prefetch("attachments", Attachment.objects.order_by("pk")))
        .defer("tokens")
        .order_by("pk")
    )


def search_query(text: str) -> str:
    """A PostgreSQL tsquery for what somebody types in the search box: all words, the last one may be unfinished."""
    words = [index_terms(word) for word in text.split()]
    quoted = ["(" + " | ".join(_quote(term) for term in terms) + ")" for terms in words[:-1] if terms]
    if words and words[-1]:
        quoted.append("(" + " | ".join(f"{_quote(term)}:*" for term in words[-1]) + ")")
    return " & ".join(quoted)


def _quote(term: str) -> str:
    return "'" + term.replace("\\", "\\\\").replace("'", "''") + "'"


def search_threads(text: str, channels: Sequence[int], limit: int) -> list[tuple[int, str]]:
    """The threads (organisation, root uri) with the newest posts that hold all words, among what one may see."""
    query = search_query(text)
    if not query:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT organisation_id, root_uri FROM search_posts(%s::tsquery, %s, %s)", [query, list(channels), limit]
        )
        return list(dict.fromkeys(cursor.fetchall()))
