"""Who wants to hear now what a dossier found: every find, every morning, or when there is clearly more than usual."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Sum
from django.utils import timezone

from klankbord.listening.asking import running
from klankbord.listening.models import Count, Dossier, Follower, Match
from klankbord.tenancy.models import Membership
from klankbord.tenancy.roles import Right, rights_of

MORNING = 7
"""The hour from which the daily mail goes out."""
DAY, MONTH = timedelta(days=1), timedelta(days=28)
AT_LEAST = 5
CHANCE = 0.001
"""How seldom so many would be found in a day if nothing were going on."""
LARGE, DEVIATIONS = 500, 3.09
"""The same chance in standard deviations, where the exact sum would be long."""


@dataclass(frozen=True, slots=True)
class News:
    """One mail: figures and the way to the page, never a text or a person."""

    follower: int
    email: str
    dossier: int
    name: str
    number: int
    usual: float | None = None


def news(organisation_id: int, now: datetime) -> Iterator[News]:
    """What must be told now, inside the fence of this organisation. Of public order nothing is mailed."""
    dossiers = Dossier.objects.filter(running(), organisation_id=organisation_id)
    followers = (
        Follower.objects.filter(dossier__in=dossiers.exclude(purpose=Dossier.Purpose.PUBLIC_ORDER))
        .select_related("dossier", "user")
        .order_by("pk")
    )
    readers = _readers(organisation_id)
    for follower in followers:
        if follower.user_id in readers and (said := _said(follower, now)) is not None:
            number, usual = said
            yield News(follower.pk, follower.user.email, follower.dossier_id, follower.dossier.name, number, usual)


def _readers(organisation_id: int) -> set[int]:
    """Who may read dossiers here at this moment."""
    members = Membership.objects.filter(organisation=organisation_id, ended_at__isnull=True, user__is_active=True)
    return {user for user, roles in members.values_list("user", "roles") if Right.READ_DOSSIERS in rights_of(roles)}


def _said(follower: Follower, now: datetime) -> tuple[int, float | None] | None:
    """How many, and what is usual where that is the news; None: nothing to say now."""
    told = follower.told_at
    if follower.when == Follower.When.RISE:
        if told and now - told < DAY:
            return None
        number, usual = day_and_usual(follower.dossier, now)
        return (number, usual) if is_rise(number, usual) else None
    if follower.when == Follower.When.DAILY:
        local = timezone.localtime(now)
        if local.hour < MORNING or (told and timezone.localdate(told) == local.date()):
            return None
    since = max(filter(None, (told, follower.seen_at)))
    number = Match.objects.filter(dossier=follower.dossier_id, found_at__gt=since).count()
    return (number, None) if number else None


def day_and_usual(dossier: Dossier, now: datetime) -> tuple[int, float]:
    """Finds in the last 24 hours, and in an average day of the four weeks before."""

    def total(since: datetime, until: datetime) -> int:
        counted = Count.objects.filter(dossier=dossier, aspect=Count.Aspect.TOTAL, at__gte=since, at__lt=until)
        return int(counted.aggregate(total=Sum("number"))["total"] or 0)

    return total(now - DAY, now + DAY), total(now - DAY - MONTH, now - DAY) / MONTH.days


def is_rise(number: int, usual: float) -> bool:
    """Whether so many in a day are clearly more than usual: at least five, twice the average, and hardly by chance.

    Chance is the upper tail of a Poisson distribution, for large figures its normal approximation.
    """
    if number < AT_LEAST or number <= 2 * usual:
        return False
    if usual > LARGE:
        return (number - usual) / math.sqrt(usual) > DEVIATIONS
    below = term = math.exp(-usual)
    for at in range(1, number):
        term *= usual / at
        below += term
    return 1 - below < CHANCE
