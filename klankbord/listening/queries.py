"""Reading dossiers: what they follow and how often it was said."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.db.models.functions import TruncDate

from klankbord.listening.models import Count, Dossier


@dataclass(frozen=True, slots=True)
class Heard:
    """How often one word was said, on each of the last days, oldest first."""

    word: str
    days: list[int]

    @property
    def total(self) -> int:
        return sum(self.days)


def heard(dossier: Dossier, now: datetime, days: int = 7) -> tuple[list[datetime], list[Heard]]:
    """The last days, today included, and per word how often it was said on each; loudest word first."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    mornings = [midnight - timedelta(days=back) for back in range(days - 1, -1, -1)]
    # the same hour every day, also when the clock was changed in between
    dates = [morning.date() for morning in mornings]
    found: dict[str, dict[object, int]] = defaultdict(dict)
    rows = (
        Count.objects.filter(dossier=dossier, at__gte=mornings[0])
        .annotate(day=TruncDate("at"))
        .values_list("key", "day")
        .annotate(total=Sum("number"))
    )
    for key, day, total in rows:
        found[key][day] = total
    words = dict.fromkeys([*dossier.words, *found])
    counted = [Heard(word, [found[word].get(day, 0) for day in dates]) for word in words]
    return mornings, sorted(counted, key=lambda one: -one.total)
