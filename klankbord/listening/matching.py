"""Which running dossiers ask for a text: the place dossier by its words, the others by their queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import structlog
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from klankbord.base.text.tokens import query_terms
from klankbord.channels.contract import PostArrived
from klankbord.listening.models import Dossier, Signature
from klankbord.listening.query import Document, Query, Refused, parse
from klankbord.posts.actions import Said

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asking:
    """One dossier that runs: plain words, or a query."""

    dossier_id: int
    words: tuple[tuple[str, frozenset[str]], ...] = ()
    query: Query | None = None

    def held(self, document: Document) -> list[str] | None:
        """Which words or leaves a text satisfies; None when it is not asked for."""
        if self.query is not None:
            found = self.query.match(document)
            return None if found is None else found.why
        return satisfied(self.words, document.terms) or None


@dataclass(frozen=True, slots=True)
class Asked:
    """A dossier that asks for a text, and by which words."""

    dossier_id: int
    words: list[str]


def running() -> Q:
    """Dossiers that may find something today: begun, not over, and signed where that is needed."""
    today = timezone.localdate()
    signed = Exists(
        Signature.objects.filter(dossier=OuterRef("pk"), query=OuterRef("query"), until__gte=today)
    )
    return (
        Q(state=Dossier.State.ACTIVE)
        & (Q(ends_on__isnull=True) | Q(ends_on__gte=today))
        & (~Q(purpose=Dossier.Purpose.PUBLIC_ORDER) | Q(signed))
    )


def asking(organisation_id: int) -> list[Asking]:
    """What runs in this organisation at this moment. One query."""
    rows = Dossier.objects.filter(running(), organisation_id=organisation_id).order_by("pk")
    return [one for dossier in rows if (one := asker(dossier)) is not None]


def asker(dossier: Dossier) -> Asking | None:
    """What a dossier asks for; None where its query cannot be read (any more)."""
    if not dossier.query:
        return Asking(dossier.pk, words=needed_terms(dossier.words))
    try:
        return Asking(dossier.pk, query=read(dossier.query))
    except Refused as refused:
        # the language became stricter since this was saved: its page says so, the others go on
        logger.warning("a dossier cannot be read", dossier=dossier.pk, problem=refused.message)
        return None


@lru_cache(maxsize=5000)
def read(query: str) -> Query:
    """A parsed query, remembered: the same dossiers are held against every batch. Raises Refused."""
    return parse(query)


def find(asked: Sequence[Asking], documents: Sequence[Document]) -> list[list[Asked]]:
    """Per text the dossiers that ask for it."""
    return [
        [Asked(one.dossier_id, words) for one in asked if (words := one.held(document)) is not None]
        for document in documents
    ]


def satisfied(words: Iterable[tuple[str, frozenset[str]]], terms: frozenset[str]) -> list[str]:
    """Which of these words (each with the terms it needs) a text with these terms holds. Pure."""
    return [word for word, needed in words if needed and needed <= terms]


def needed_terms(words: Iterable[str]) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((word, frozenset(query_terms(word))) for word in words)


def document_of(kind: str, said: Said, event: PostArrived) -> Document:
    """A message that comes in, as queries see it."""
    return Document(
        text_of(said.subject, said.warning, said.text),
        channel=kind,
        language=event.language,
        source=event.web_url or event.uri,
        published_at=event.published_at,
    )


def text_of(*parts: str) -> str:
    """Everything searchable in a post; the index is made from the same."""
    return "\n".join(part for part in parts if part)
