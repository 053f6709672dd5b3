"""Which running dossiers ask for a text: the place dossier by its words, the others by their queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from threading import Lock

import structlog
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from klankbord.base.text.tokens import query_terms
from klankbord.channels.contract import PostArrived
from klankbord.listening.matching import Matcher
from klankbord.listening.models import Dossier, Signature
from klankbord.listening.query import Document, Query, Refused, parse
from klankbord.posts.actions import Said
from klankbord.posts.overheard import Overheard

logger = structlog.get_logger()

Needed = tuple[tuple[str, frozenset[str]], ...]
"""Plain words, each with the terms that a text must all hold."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A dossier that asks for a text, and by which words."""

    dossier_id: int
    words: list[str]


def running() -> Q:
    """Dossiers that may find something today: begun, not over, and signed where that is needed."""
    today = timezone.localdate()
    wording = {"query": OuterRef("query"), "special_ground": OuterRef("special_ground")}
    signed = Exists(Signature.objects.filter(dossier=OuterRef("pk"), until__gte=today, **wording))
    return (
        Q(state=Dossier.State.ACTIVE)
        & (Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        & (~Dossier.closed() | Q(signed))
    )


def asking(organisation_id: int) -> Asking:
    """What runs in this organisation at this moment. One query."""
    rows = Dossier.objects.filter(running(), organisation_id=organisation_id).order_by("pk")
    words, queries = [], {}
    for pk, plain, query in rows.values_list("pk", "words", "query"):
        if query:
            queries[pk] = query
        else:
            words.append((pk, needed_terms(plain)))
    return Asking(organisation_id, words, queries)


@dataclass(frozen=True, slots=True)
class Asking:
    """The dossiers of one organisation that run: some by plain words, the others by a query."""

    organisation_id: int
    words: list[tuple[int, Needed]]
    queries: dict[int, str]

    def find(self, documents: Sequence[Document]) -> list[list[Asked]]:
        """Per text the dossiers that ask for it, with their reasons."""
        found = [
            [Asked(pk, held) for pk, words in self.words if (held := satisfied(words, document.terms))]
            for document in documents
        ]
        if self.queries:
            for asked, more in zip(found, _standing(self.organisation_id).find(self.queries, documents), strict=True):
                asked += more
        return found


class _Standing:
    """The matcher of one organisation in this process: kept between batches, brought up to date at each."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.matcher = Matcher()
        self.known: dict[int, str] = {}

    def find(self, queries: dict[int, str], documents: Sequence[Document]) -> list[list[Asked]]:
        # jobs run in threads
        with self.lock:
            self._follow(queries)
            return [
                [Asked(int(str(match.dossier)), match.why) for match in self.matcher.match(document)]
                for document in documents
            ]

    def _follow(self, queries: dict[int, str]) -> None:
        for pk in [pk for pk, query in self.known.items() if queries.get(pk) != query]:
            del self.known[pk]
            if pk in self.matcher:
                self.matcher.remove(pk)
        for pk, query in queries.items():
            if pk in self.known:
                continue
            self.known[pk] = query
            try:
                self.matcher.add(pk, read(query))
            except Refused as refused:
                # the language became stricter since this was saved: its page says so, the others go on
                logger.warning("a dossier cannot be read", dossier=pk, problem=refused.message)


@cache
def _standing(organisation_id: int) -> _Standing:
    return _Standing()


@lru_cache(maxsize=5000)
def read(query: str) -> Query:
    """A parsed query, remembered: the same dossiers are held against every batch. Raises Refused."""
    return parse(query)


def satisfied(words: Needed, terms: frozenset[str]) -> list[str]:
    """Which of these words (each with the terms it needs) a text with these terms holds. Pure."""
    return [word for word, needed in words if needed and needed <= terms]


def needed_terms(words: Iterable[str]) -> Needed:
    return tuple((word, frozenset(query_terms(word))) for word in words)


def document_of(kind: str, said: Said, event: PostArrived) -> Document:
    """A message that comes in, as queries see it."""
    return Document(
        text_of(said.subject, said.warning, said.text, said.matched),
        channel=kind,
        language=event.language,
        source=event.heard_at if isinstance(event, Overheard) else event.web_url or event.uri,
        published_at=event.published_at,
    )


def text_of(*parts: str) -> str:
    """Everything searchable in a post; the index is made from the same."""
    return "\n".join(part for part in parts if part)
