"""Search in what we have, with the query language: the index gives candidates, the verifier of the matcher decides.

So the archive gives the same answer as the live matcher. Pages go from new to old, and each looks at a bounded number
of posts: a page may hold few finds, or none, and still say that there is more to look at.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from klankbord.base.text.tokens import CUT
from klankbord.listening.finds import document
from klankbord.listening.matching.clauses import BEGIN, END, Clause, normal_form
from klankbord.listening.models import Dossier, Match
from klankbord.listening.query import Found, Query
from klankbord.posts.models import Post
from klankbord.posts.queries import Candidates, newest_candidates, quoted_term

PAGE = 50
MOST_EXAMINED = 2_000
"""Candidates that one page looks at."""
MOST_ROUNDS = 8
"""Times that one page asks for candidates."""
LONGEST = 0.4
"""Seconds after which a page asks for no more, whatever it has by then."""
START = (datetime(9999, 1, 1, tzinfo=UTC), 0)


@dataclass(frozen=True, slots=True)
class ArchiveFind:
    """A post that a query finds, and why."""

    post: Post
    found: Found


@dataclass(frozen=True, slots=True)
class Page:
    """Finds from new to old; ``further`` is where to go on, None when the whole archive was searched.

    ``examined`` is the number of candidates that were looked at.
    """

    finds: list[ArchiveFind]
    further: tuple[datetime, int] | None
    examined: int


def search_archive(
    query: Query, channels: Sequence[int], *, after: tuple[datetime, int] | None = None, limit: int = PAGE
) -> Page:
    """The newest public posts of others that a query finds, among these channels as far as one may see them.

    ``after`` is what the page before gave as ``further``. What only a closed dossier found is left out: that is
    kept for nothing else. At most three questions to the database a round, at most ``MOST_ROUNDS`` rounds.
    """
    terms, patterns = candidates_for(query)
    finds: list[ArchiveFind] = []
    place = after or START
    examined = 0
    size = 2 * limit
    began = time.monotonic()
    for _round in range(MOST_ROUNDS):
        found = newest_candidates(terms, patterns, channels, place, size)
        for post in _posts(found):
            examined += 1
            place = (post.published_at, post.pk)
            if (why := query.match(document(post))) is not None:
                finds.append(ArchiveFind(post, why))
                if len(finds) == limit:
                    return Page(finds, place, examined)
        if found.further is None:
            return Page(finds, None, examined)
        place = found.further
        if examined >= MOST_EXAMINED or time.monotonic() - began > LONGEST:
            break
        size = min(2 * size, 1_000)
    return Page(finds, place, examined)


def _posts(found: Candidates) -> list[Post]:
    """The candidates themselves, read through the fence, from new to old."""
    rows = (
        Post.objects.filter(pk__in=found.ids, private=False, deleted_at__isnull=True)
        .select_related("channel")
        .defer("tokens", "html", "quoted")
    )
    by_id = {post.pk: post for post in rows}
    overheard = [pk for pk, post in by_id.items() if post.overheard]
    if overheard:
        ordinary = Match.objects.filter(post__in=overheard).exclude(Dossier.closed("dossier__"))
        lawful = set(ordinary.values_list("post_id", flat=True))
        by_id = {pk: post for pk, post in by_id.items() if not post.overheard or pk in lawful}
    return [by_id[pk] for pk in found.ids if pk in by_id]


def candidates_for(query: Query) -> tuple[str, list[str]]:
    """What the index must hold for a post to be found: a tsquery; empty when only patterns of words are certain.

    Sound: a post that the query finds always satisfies it. Nothing is said of unwanted words, since the index also
    holds the names of who addressed us, which no query looks at.
    """
    clauses = normal_form(query.plain, _cost).clauses
    certain = [clause for clause in clauses if not any(key.startswith(END) for key in clause)]
    if certain:
        terms = " & ".join(f"({' | '.join(map(_lexeme, sorted(clause)))})" for clause in certain)
        return f"({terms}) | {quoted_term(CUT)}", []
    (anchors, *_others) = sorted(clauses, key=_cost)
    return "", [CUT, *map(_pattern, sorted(anchors))]


def _cost(clause: Clause) -> float:
    """Long terms are rare; the end of a word cannot be looked up at all."""
    return sum(1_000 if key.startswith(END) else 1 / len(key) for key in clause)


def _lexeme(key: str) -> str:
    return f"{quoted_term(key[1:])}:*" if key.startswith(BEGIN) else quoted_term(key)


def _pattern(key: str) -> str:
    exact = key.lstrip(BEGIN + END).replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{exact}%" if key.startswith(BEGIN) else f"%{exact}" if key.startswith(END) else exact
