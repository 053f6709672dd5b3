"""The figures of a dossier: how often per day, where, in which language, which words stand out; and what we missed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from babel import Locale
from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from klankbord.base.text.tokens import Kind, tokenize
from klankbord.channels import registry
from klankbord.channels.models import Channel
from klankbord.channels.queries import gaps_of
from klankbord.listening.finds import Wanted, finds_of
from klankbord.listening.models import Count, Dossier
from klankbord.listening.words import word_list

A = Count.Aspect


@dataclass(frozen=True, slots=True)
class Day:
    """How many finds on one day, or on several for a long chart, and why the figure may be too low."""

    day: date
    number: int
    gap: str = ""
    before_start: bool = False
    height: int = 0
    """Of a hundred, for the chart."""
    until: date | None = None
    """The last of several days."""

    @property
    def above(self) -> int:
        """What stays empty above its bar."""
        return 100 - self.height


@dataclass(frozen=True, slots=True)
class Part:
    """One key of an aspect with its number, and what people call it."""

    key: str
    number: int
    label: str


def per_day(dossier: Dossier, channels: Sequence[Channel], days: int, now: datetime) -> list[Day]:
    """The last days, today included, with days marked on which a source was not heard."""
    today = timezone.localdate(now)
    first = today - timedelta(days=days - 1)
    start = datetime.combine(first, datetime.min.time(), timezone.get_default_timezone())
    rows = (
        Count.objects.filter(dossier=dossier, aspect=A.TOTAL, at__gte=start)
        .annotate(day=TruncDate("at"))
        .values_list("day")
        .annotate(total=Sum("number"))
    )
    found: dict[date, int] = {day: total for day, total in rows if day}
    gaps = missed(channels, start)
    most = max(found.values(), default=0)
    begun = timezone.localdate(dossier.started_at) if dossier.started_at else None
    return [
        Day(
            day,
            found.get(day, 0),
            gaps.get(day, ""),
            begun is not None and day < begun and not found.get(day),
            math.ceil(100 * found.get(day, 0) / most) if most else 0,
        )
        for day in (first + timedelta(days=at) for at in range(days))
    ]


MOST_BARS = 31
"""More would be too narrow to hit (WCAG 2.2, 2.5.8: 24 pixels)."""
WEEK_LONG = 7


def bars(days: Sequence[Day]) -> list[Day]:
    """The chart: a bar a day, or for a long time one for seven days, of which the last ends today."""
    if len(days) <= MOST_BARS:
        return list(days)
    ends = range(len(days), 0, -WEEK_LONG)
    weeks = [days[max(0, end - WEEK_LONG) : end] for end in reversed(ends)]
    totals = [sum(day.number for day in week) for week in weeks]
    most = max(totals)
    return [
        Day(
            week[0].day,
            total,
            ", ".join(sorted({day.gap for day in week if day.gap})),
            height=math.ceil(100 * total / most) if most else 0,
            until=week[-1].day,
        )
        for week, total in zip(weeks, totals, strict=True)
    ]


def missed(channels: Sequence[Channel], since: datetime) -> dict[date, str]:
    """The days on which some source was not heard, with the names of its channels."""
    names: dict[int, str] = {channel.source_id: channel.name for channel in channels}
    days: dict[date, list[str]] = {}
    for gap in gaps_of(channels, since):
        start, end = timezone.localdate(max(gap.since or since, since)), timezone.localdate(gap.until)
        for at in range((end - start).days + 1):
            days.setdefault(start + timedelta(days=at), []).append(names.get(gap.source_id, ""))
    return {day: ", ".join(sorted(set(filter(None, heard)))) for day, heard in days.items()}


def parts(dossier: Dossier, since: datetime) -> dict[str, list[Part]]:
    """Per aspect the keys with their numbers, largest first. One query."""
    rows = (
        Count.objects.filter(dossier=dossier, at__gte=since)
        .exclude(aspect=A.TOTAL)
        .values_list("aspect", "key")
        .annotate(total=Sum("number"))
    )
    found: dict[str, list[Part]] = {A.WORD: [], A.SOURCE: [], A.LANGUAGE: []}
    for aspect, key, total in rows:
        found[aspect].append(Part(key, total, called(aspect, key)))
    return {aspect: sorted(keys, key=lambda one: (-one.number, one.key)) for aspect, keys in found.items()}


def called(aspect: str, key: str) -> str:
    """What people call a key: the network instead of its kind, the language instead of its code."""
    if aspect == A.SOURCE and key in registry.connectors():
        return _(registry.connectors()[key].label)
    if aspect == A.LANGUAGE:
        known = Locale.parse(get_language() or "nl", sep="-").languages
        return str(known.get(key.partition("-")[0], key) or _("unknown"))
    return key


@dataclass(frozen=True, slots=True)
class Outstanding:
    """A word that is said more than in the month before: in how many finds of each period."""

    word: str
    now: int
    before: int
    score: float


WEEK, MONTH = timedelta(days=7), timedelta(days=28)
AT_LEAST = 3
"""Finds with a word, and different people who said it: fewer is one person, not a trend."""
MOST_READ = 2000
COMMON = word_list("stopwoorden")


def standing_out(dossier: Dossier, now: datetime, most: int = 12) -> list[Outstanding]:
    """Words in the finds of the last seven days against the 28 days before, by log-likelihood (Dunning 1993; Rayson and
    Garside 2000), each find counting once per word. Names of accounts never stand out.
    """
    week, month = now - WEEK, now - WEEK - MONTH
    recent: Counter[str] = Counter()
    earlier: Counter[str] = Counter()
    people: dict[str, set[int | None]] = {}
    totals = [0, 0]
    matches = finds_of(dossier, Wanted()).filter(post__published_at__gte=month)[:MOST_READ]
    for match in matches:
        words = said_words(match.post.text)
        if match.post.published_at >= week:
            totals[0] += 1
            recent.update(words)
            for word in words:
                people.setdefault(word, set()).add(match.post.author_id)
        else:
            totals[1] += 1
            earlier.update(words)
    found = [
        Outstanding(word, number, earlier[word], likelihood(number, totals[0], earlier[word], totals[1]))
        for word, number in recent.items()
        if number >= AT_LEAST and len(people[word]) >= AT_LEAST
    ]
    # 3.84: one chance in twenty that nothing is going on
    telling = [one for one in found if one.score > 3.84 and one.now * max(totals[1], 1) > one.before * totals[0]]
    return sorted(telling, key=lambda one: (-one.score, one.word))[:most]


def said_words(text: str) -> set[str]:
    """The words of a text that may say what it is about."""
    return {
        token.folded
        for token in tokenize(text)
        if token.kind in (Kind.WORD, Kind.HASHTAG) and len(token.folded) > 2 and token.folded not in COMMON
    }


def likelihood(here: int, all_here: int, there: int, all_there: int) -> float:
    """The log-likelihood ratio G² of a word that stands in ``here`` of ``all_here`` and ``there`` of ``all_there``."""
    if not all_here:
        return 0.0
    expected_here = all_here * (here + there) / (all_here + all_there)
    expected_there = all_there * (here + there) / (all_here + all_there)
    total = here * math.log(here / expected_here) if here else 0.0
    total += there * math.log(there / expected_there) if there else 0.0
    return 2 * total
