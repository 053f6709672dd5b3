"""All writes to dossiers and finds. The standing place dossier has plain words, without a query language."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from klankbord.base.text.tokens import query_terms
from klankbord.channels.contract import PostArrived
from klankbord.listening.models import Dossier
from klankbord.posts.actions import Said, Stored
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import Organisation, User

TEN_MINUTES = 600


@dataclass(frozen=True, slots=True)
class Found:
    post_id: int
    words: list[str]


def satisfied(words: dict[str, frozenset[str]], terms: frozenset[str]) -> list[str]:
    """Which of these words (each with the terms it needs) a text with these terms holds. Pure."""
    return [word for word, needed in words.items() if needed and needed <= terms]


def needed_terms(words: Iterable[str]) -> dict[str, frozenset[str]]:
    return {word: frozenset(query_terms(word)) for word in words}


def asked_for(organisation_id: int, events: Sequence[PostArrived]) -> set[str]:
    """The uris of public messages that some dossier of this organisation asks for; nothing is written."""
    dossiers = [needed_terms(one.words) for one in Dossier.objects.filter(organisation_id=organisation_id)]
    return {
        event.uri
        for event in events
        if not event.visibility.private
        for terms in [frozenset(Said.of(event).terms)]
        if any(satisfied(words, terms) for words in dossiers)
    }


def find(words: Iterable[str], posts: Sequence[Stored]) -> list[Found]:
    """Which posts hold which of these words, by the house tokenizer. Pure; private posts are never looked at."""
    needed = needed_terms(words)
    return [
        Found(post.id, held)
        for post in posts
        if not post.event.visibility.private and (held := satisfied(needed, post.terms))
    ]


def match_posts(organisation_id: int, posts: Sequence[Stored], counted: Collection[str], now: datetime) -> int:
    """Put new public posts beside the organisation's dossiers: finds with their words, and counts without persons."""
    if all(post.event.visibility.private for post in posts):
        return 0
    published = {post.id: post.event.published_at for post in posts}
    total = 0
    for dossier in Dossier.objects.filter(organisation_id=organisation_id):
        found = find(dossier.words, posts)
        if not found:
            continue
        total += len(found)
        counts = Counter(
            (word, int(published[match.post_id].timestamp()) // TEN_MINUTES * TEN_MINUTES)
            for match in found
            for word in match.words
        )
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO listening_match (organisation_id, dossier_id, post_id, words, found_at)"
                " SELECT %s, %s, post, ARRAY(SELECT jsonb_array_elements_text(words::jsonb)), %s"
                " FROM unnest(%s::bigint[], %s::text[]) AS new (post, words)"
                " ON CONFLICT (dossier_id, post_id) DO NOTHING",
                [
                    organisation_id,
                    dossier.pk,
                    now,
                    [match.post_id for match in found],
                    [json.dumps(match.words) for match in found],
                ],
            )
            cursor.execute(
                "INSERT INTO listening_count (organisation_id, dossier_id, key, at, number)"
                " SELECT %s, %s, key, to_timestamp(at), number"
                " FROM unnest(%s::text[], %s::bigint[], %s::int[]) AS new (key, at, number)"
                " ON CONFLICT (dossier_id, key, at) DO UPDATE SET number = listening_count.number + excluded.number",
                [
                    organisation_id,
                    dossier.pk,
                    [key for key, _ in counts],
                    [at for _, at in counts],
                    list(counts.values()),
                ],
            )
    return total


def open_place_dossier(organisation: Organisation, words: Sequence[str], *, by: User | None) -> Dossier:
    """The one standing dossier each organisation has: about its own place, for communication, reviewed every year."""
    dossier = Dossier.objects.create(
        organisation=organisation,
        name=organisation.name,
        is_place=True,
        words=list(words),
        legal_basis="AVG artikel 6, eerste lid, onder e (taak van algemeen belang)",
        reason="Weten wat er in het openbaar over de eigen plaats wordt gezegd.",
        review_on=timezone.localdate() + timedelta(days=365),
        owner=by,
    )
    record(organisation.pk, "dossier openen", f"dossier:{dossier.pk}", by=by, details={"woorden": list(words)})
    return dossier


def change_words(dossier: Dossier, words: Sequence[str], *, by: User) -> None:
    """Follow other words from now on; what was found stays."""
    before, dossier.words = dossier.words, list(words)
    dossier.save(update_fields=["words"])
    record(
        dossier.organisation_id,
        "dossier wijzigen",
        f"dossier:{dossier.pk}",
        by=by,
        details={"van": before, "naar": list(words)},
    )
