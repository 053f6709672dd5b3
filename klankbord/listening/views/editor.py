"""The editor's help while somebody types: what a query means, what is wrong and how to mend it, what it would find."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.http import HttpResponseBase, QueryDict
from django.shortcuts import render
from django.utils.translation import pgettext_lazy
from django.views.decorators.http import require_POST

from klankbord.base.text.clean import safe_text
from klankbord.channels.models import Channel
from klankbord.listening.archive import search_archive
from klankbord.listening.finds import Seen, marked, preview
from klankbord.listening.models import Dossier
from klankbord.listening.persons import Stated, Suspect, suspects
from klankbord.listening.queries import own_accounts
from klankbord.listening.query import Query, Refused, parse
from klankbord.listening.special import special_in
from klankbord.listening.width import impossible, too_wide
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import whose

MOST_SUGGESTED = 200
EXAMPLES = 5
# What is put in the query, and what stands on the button; at the three points comes what was selected.
INSERTS = [
    (pgettext_lazy("query", "AND"), pgettext_lazy("query", "AND")),
    (pgettext_lazy("query", "OR"), pgettext_lazy("query", "OR")),
    (pgettext_lazy("query", "NOT"), pgettext_lazy("query", "NOT")),
    ("(…)", "(…)"),
    ('"…"', "“…”"),
    (pgettext_lazy("query", "NEAR/5"), pgettext_lazy("query", "NEAR/5")),
    ("plaats:", "plaats:"),
    ("taal:", "taal:"),
    ("kanaal:", "kanaal:"),
]


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is wrong in a query: what stands before it, the spot itself, what follows."""

    before: str
    spot: str
    after: str

    @classmethod
    def of(cls, query: str, start: int, end: int) -> Spot:
        end = max(end, min(start + 1, len(query)))
        return cls(query[max(0, start - 40) : start], query[start:end], query[end : end + 40])


@inside
@require_POST
def explain(request: FencedRequest) -> HttpResponseBase:
    """A fragment: the query in plain words, or its fault with the spot and a repair; persons; and a preview."""
    house = whose(request, Right.WRITE_DOSSIERS)
    query = " ".join(safe_text(request.POST.get("query", "")[:20_001]).split())
    stated = {one["key"]: one["as"] for one in declared_in(request.POST, suspects(query))}
    context = about(house.organisation.pk, query, request.POST.get("purpose", ""), stated)
    return render(request, "listening/explained.html", context)


def about(organisation_id: int, text: str, purpose: str, stated: dict[str, str]) -> dict[str, Any]:
    """What there is to say about a query while it is written."""
    if not text:
        return {"empty": True}
    try:
        query = parse(text)
    except Refused as refused:
        spot = Spot.of(text, refused.start, refused.end)
        return {"refused": refused.message, "spot": spot, "suggestion": refused.suggestion}
    touched = special_in(query)
    tried = preview(organisation_id, query, purpose)
    connected = Channel.objects.filter(organisation=organisation_id, enabled=True)
    kinds = set(connected.values_list("kind", flat=True))
    return {
        "explanation": query.explain(),
        "hints": query.hints,
        "suspects": asked_about(suspects(text, own_accounts(organisation_id)), stated),
        "width": too_wide(query) + impossible(query, kinds),
        "preview": tried,
        "special": [{"name": one.name, "words": one.words} for one in touched],
        "examples": examples(organisation_id, query) if tried and not touched else [],
        "is_public_order": purpose == Dossier.Purpose.PUBLIC_ORDER,
    }


def asked_about(found: Iterable[Suspect], stated: dict[str, str]) -> list[dict[str, Any]]:
    """Each term that looks like a person once, with what was stated about it."""
    return [{"suspect": one, "stated": stated.get(one.key, "")} for one in {one.key: one for one in found}.values()]


def examples(organisation_id: int, query: Query) -> list[Seen]:
    """The newest messages that a query finds in all that is kept, however far back."""
    channels = list(Channel.objects.filter(organisation=organisation_id).values_list("pk", flat=True))
    return [
        Seen(one.post, one.found.why, one.post.received_at, marked(one.post.text, query.highlights(one.post.text)), 0)
        for one in search_archive(query, channels, limit=EXAMPLES).finds
    ]


def declared_in(data: QueryDict, found: Iterable[Suspect]) -> list[dict[str, str]]:
    """What the owner states about terms that look like a person: one choice per term, those that still stand there."""
    stated = []
    for one in {one.key: one for one in found}.values():
        chosen = data.get(f"stated-{one.key}", "")
        if chosen in set(Stated):
            stated.append({"term": one.term, "key": one.key, "as": chosen})
    return stated


def suggestions(organisation_id: int) -> list[str]:
    """Completion: places of the own municipality, words of the place dossier, hashtags in what was found lately."""
    words = Dossier.objects.filter(organisation=organisation_id, is_place=True).values_list("words", flat=True)
    places = [f'"{word}"' if " " in word else word for one in words for word in one]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT lexeme, count(*) FROM (SELECT tokens FROM posts_post WHERE organisation_id = %s AND NOT private"
            " ORDER BY id DESC LIMIT 2000) recent, unnest(recent.tokens) AS word (lexeme, positions, weights)"
            " WHERE lexeme LIKE '#%%' GROUP BY lexeme ORDER BY count(*) DESC, lexeme LIMIT %s",
            [organisation_id, MOST_SUGGESTED],
        )
        hashtags = [lexeme for lexeme, _number in cursor.fetchall()]
    return [*places, *hashtags][:MOST_SUGGESTED]
