"""Reading dossiers: what they follow and how often it was said."""

from __future__ import annotations

import functools
import operator
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count as CountOf
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from klankbord.base.text.folding import fold
from klankbord.channels.models import Channel
from klankbord.channels.queries import accounts_of
from klankbord.listening.asking import running
from klankbord.listening.models import Count, Dossier, Follower, Match, Noise, SharedDay, Signature
from klankbord.tenancy.models import Membership, Organisation, User


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
        Count.objects.filter(dossier=dossier, aspect=Count.Aspect.WORD, at__gte=mornings[0])
        .annotate(day=TruncDate("at"))
        .values_list("key", "day")
        .annotate(total=Sum("number"))
    )
    for key, day, total in rows:
        found[key][day] = total
    words = dict.fromkeys([*dossier.words, *found])
    counted = [Heard(word, [found[word].get(day, 0) for day in dates]) for word in words]
    return mornings, sorted(counted, key=lambda one: -one.total)


@dataclass(frozen=True, slots=True)
class Row:
    """A dossier in the list: how often it was found in the last week and the one before, and what is new to me."""

    dossier: Dossier
    week: int
    before: int
    fresh: int | None
    signed: bool
    opens: bool
    """Whether its figures open messages to who reads dossiers."""


def overview(organisation: Organisation, user: User, now: datetime, *, public_order: bool) -> list[Row]:
    """The dossiers of an organisation with their figures, the standing place dossier first. Four queries."""
    rows = Dossier.objects.filter(organisation=organisation).select_related("owner").order_by("-is_place", "name", "pk")
    if not public_order:
        rows = rows.exclude(purpose=Dossier.Purpose.PUBLIC_ORDER)
    week, before = now - timedelta(days=7), now - timedelta(days=14)
    counted = {
        pk: (recent or 0, earlier or 0)
        for pk, recent, earlier in Count.objects.filter(
            organisation=organisation, aspect=Count.Aspect.TOTAL, at__gte=before
        )
        .values_list("dossier")
        .annotate(
            recent=Sum("number", filter=Q(at__gte=week)),
            earlier=Sum("number", filter=Q(at__lt=week)),
        )
    }
    followed = dict(Follower.objects.filter(user=user, organisation=organisation).values_list("dossier", "seen_at"))
    fresh = dict(
        Match.objects.filter(
            functools.reduce(
                operator.or_, [Q(dossier=pk, found_at__gt=seen) for pk, seen in followed.items()], Q(pk__in=[])
            )
        )
        .values_list("dossier")
        .annotate(CountOf("pk"))
    )
    signed = set(
        Signature.objects.filter(
            organisation=organisation,
            until__gte=timezone.localdate(now),
            query=F("dossier__query"),
            special_ground=F("dossier__special_ground"),
        ).values_list("dossier", flat=True)
    )
    return [
        Row(
            dossier,
            *counted.get(dossier.pk, (0, 0)),
            fresh=fresh.get(dossier.pk, 0) if dossier.pk in followed else None,
            signed=dossier.pk in signed,
            opens=not dossier.is_closed,
        )
        for dossier in rows
    ]


def noise_count(dossier: Dossier) -> int:
    """How many finds colleagues said do not belong here."""
    return Noise.objects.filter(dossier=dossier).count()


@dataclass(frozen=True, slots=True)
class Shared:
    """One topic of one organisation over the last weeks: never a day below five."""

    organisation: str
    name: str
    reach: str
    days: dict[date, int]

    @property
    def total(self) -> int:
        return sum(self.days.values())


def neighbours(topic: str, since: date) -> list[Shared]:
    """What others share about a topic, the own organisations too, largest first; the fence chooses who. One query."""
    found: dict[int, Shared] = {}
    rows = SharedDay.objects.filter(topic=topic.lower(), day__gte=since).select_related("organisation")
    for row in rows.order_by("day"):
        shared = found.setdefault(row.dossier_id, Shared(row.organisation.name, row.name, row.reach, {}))
        shared.days[row.day] = row.number
    return sorted(found.values(), key=lambda one: -one.total)


def shared_topics(since: date) -> list[tuple[str, int, int]]:
    """Topics that are shared with us: their name, how many organisations, how many finds."""
    rows = SharedDay.objects.filter(day__gte=since).values_list("topic")
    return list(
        rows.annotate(who=CountOf("organisation", distinct=True), number=Sum("number"))
        .order_by("-who", "-number", "topic")
        .values_list("topic", "who", "number")
    )


def own_accounts(organisation_id: int) -> list[str]:
    """The handles of the organisation's own accounts: those are no persons."""
    channels = Channel.objects.filter(organisation=organisation_id)
    return [handle for channel in channels for handle in (*accounts_of(channel), channel.name) if "@" in handle]


def known_accounts(organisation_id: int) -> frozenset[str]:
    """Accounts that stay readable in what was not said to us: the organisation's own, and what the owner of a running
    dossier states to be an official in function or no person. Two queries.
    """
    rows = Dossier.objects.filter(running(), organisation_id=organisation_id).exclude(declared=[])
    stated = [one["key"] for declared in rows.values_list("declared", flat=True) for one in declared]
    return frozenset(fold(one) for one in (*own_accounts(organisation_id), *stated) if one.startswith("@"))


def possible_owners(organisation_id: int) -> QuerySet[User]:
    """Who can own a dossier: everybody who works here, also a policy officer without another role."""
    members = Membership.objects.filter(organisation=organisation_id, ended_at__isnull=True).values("user")
    return User.objects.filter(pk__in=members, is_active=True).order_by("name", "pk")
