"""Reading channels: how they are, what they missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection
from django.db.models import QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from klankbord.channels.contract import Permanent
from klankbord.channels.models import Channel, Gap
from klankbord.channels.registry import connector_class
from klankbord.tenancy.models import Mandate, Organisation, Team
from klankbord.tenancy.queries import desks_for

LATE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Health:
    """How a channel is: ``ok``, ``late``, ``failing`` or ``off``, and one sentence for people."""

    state: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Quarantined:
    id: int
    received_at: datetime
    size: int
    outcome: str


def moment(at: datetime) -> str:
    return date_format(localtime(at), "j F H:i")


def poll_every(kind: str) -> timedelta:
    """How often this kind of network is asked; nothing for one that this installation does not have."""
    try:
        return connector_class(kind).poll_every
    except Permanent:
        return timedelta(0)


def accounts_of(channel: Channel) -> tuple[str, ...]:
    """The handles of a connected account; none of a kind that this installation does not have."""
    try:
        return connector_class(channel.kind).accounts(channel.settings)
    except Permanent:
        return ()


def health(channel: Channel, now: datetime) -> Health:
    """Judge a channel by its source: is it switched on, does it fail, when was it last heard."""
    source = channel.source
    if not channel.enabled:
        return Health("off", _("Switched off: nothing comes in and nothing goes out."))
    if source.failing_since:
        return Health(
            "failing",
            _("Not working since %(since)s. %(failure)s")
            % {"since": moment(source.failing_since), "failure": source.failure},
        )
    if source.last_ok_at is None:
        return Health("late", _("Not heard yet; the first look is on its way."))
    if now - source.last_ok_at > max(LATE, 2 * poll_every(channel.kind)):
        return Health(
            "late", _("Last heard on %(at)s. Is the listening process running?") % {"at": moment(source.last_ok_at)}
        )
    return Health("ok", _("Works. Last looked on %(at)s.") % {"at": moment(source.last_ok_at)})


def quarantine_counts() -> dict[int, tuple[int, int]]:
    """Per channel of one's own organisations: how many are in quarantine, how many still wait to be understood."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT channel_id, quarantined, waiting FROM quarantine_counts()")
        return {channel: (quarantined, waiting) for channel, quarantined, waiting in cursor.fetchall()}


def quarantine_list(channel: Channel) -> list[Quarantined]:
    """What is in quarantine, without its content: the administrator mends, but does not read."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id, received_at, size, outcome FROM quarantine_list(%s)", [channel.pk])
        return [Quarantined(*row) for row in cursor.fetchall()]


def gaps_of(channels: Sequence[Channel], since: datetime) -> list[Gap]:
    return list(
        Gap.objects.filter(source__in=[channel.source_id for channel in channels], until__gte=since).order_by("-until")
    )


@dataclass(frozen=True, slots=True)
class MandateSeen:
    """A mandate with what both sides want to know of it."""

    mandate: Mandate
    team: str
    channels: list[str]
    state: str
    """``now``, ``later`` or ``over``."""

    @property
    def last_day(self) -> date | None:
        """The last day, when it holds until the very end of a day; else None."""
        until = localtime(self.mandate.valid_until)
        return (until - timedelta(days=1)).date() if until.time() == time.min else None


def mandates_given(organisation: Organisation) -> QuerySet[Mandate]:
    """Who may act for this organisation; the ones that still count first."""
    return _mandates().filter(organisation=organisation)


def mandates_received(organisation: Organisation) -> QuerySet[Mandate]:
    """For whom this organisation may act; the ones that still count first."""
    return _mandates().filter(desk_organisation=organisation)


def _mandates() -> QuerySet[Mandate]:
    return (
        Mandate.objects.select_related("organisation", "desk_organisation")
        .prefetch_related("channels__channel")
        .order_by("-valid_until", "-pk")
    )


def team_names(organisation: Organisation) -> dict[int, str]:
    """The teams that can act for this organisation, and its own."""
    # the team of another organisation is behind its fence; only its name is told, to who may give it a mandate
    teams = {desk.team_id: desk.team for desk in desks_for(organisation)}
    return teams | dict(Team.objects.filter(organisation=organisation).values_list("pk", "name"))


def seen(mandate: Mandate, teams: dict[int, str], now: datetime) -> MandateSeen:
    """A mandate as it is on the screen."""
    state = "over" if mandate.valid_until <= now else "later" if mandate.valid_from > now else "now"
    channels = [one.channel.name for one in mandate.channels.all()]
    return MandateSeen(mandate, teams.get(mandate.desk_team_id, ""), channels, state)
