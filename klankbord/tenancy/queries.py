"""Who works where, and in which roles; who may join; what was done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from klankbord.tenancy.models import (
    AuditEntry,
    Invitation,
    Membership,
    Organisation,
    ProviderGroup,
    Team,
    TeamMember,
    User,
)


def home_of(user: User) -> Organisation | None:
    """The organisation somebody works for: the first membership that has not ended."""
    membership = (
        Membership.objects.filter(user=user, ended_at__isnull=True)
        .select_related("organisation")
        .order_by("pk")
        .first()
    )
    return membership.organisation if membership else None


def signature(user: User, organisation_id: int) -> str:
    """How an act is signed for an organisation: the name, and the desk when somebody acts by mandate."""
    if Membership.objects.filter(user=user, organisation_id=organisation_id, ended_at__isnull=True).exists():
        return user.name
    place = (
        TeamMember.objects.filter(membership__user=user).select_related("team", "organisation").order_by("pk").first()
    )
    return f"{user.name} ({place.team.name}, {place.organisation.name})" if place else user.name


def has_a_place(user_id: int) -> bool:
    """Whether somebody works anywhere here, also where the one who asks may not look."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_a_place(%s)", [user_id])
        return bool(cursor.fetchone()[0])


def comes_by_provider(user_id: int) -> bool:
    """Whether a group of the identity provider gave somebody a place here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT comes_by_provider(%s)", [user_id])
        return bool(cursor.fetchone()[0])


def has_second_step(user: User) -> bool:
    """Whether this person has an app or a passkey."""
    return bool(Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES).exists())


@dataclass(frozen=True, slots=True)
class Invited:
    """What the holder of a link may know before accepting."""

    organisation: str
    email: str
    roles: list[str]
    is_demo: bool


def invitation_behind(hash: bytes) -> Invited | None:
    """The invitation of a link, as long as it can be used."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation, email, roles, demo FROM invitation_find(%s)", [hash])
        row = cursor.fetchone()
    return Invited(*row) if row else None


def members(organisation: Organisation) -> QuerySet[Membership]:
    """Everybody who works here, with their teams, by name."""
    places = Prefetch("teams", TeamMember.objects.select_related("team").order_by("team__name"))
    return (
        Membership.objects.filter(organisation=organisation, ended_at__isnull=True)
        .select_related("user")
        .prefetch_related(places)
        .order_by("user__name", "pk")
    )


def open_invitations(organisation: Organisation) -> list[Invitation]:
    """Links that nobody has used and nobody has taken back, also the ones that ran out in the last month."""
    return list(
        Invitation.objects.filter(
            organisation=organisation,
            accepted_at__isnull=True,
            withdrawn_at__isnull=True,
            expires_at__gt=timezone.now() - timedelta(days=30),
        )
        .select_related("invited_by")
        .order_by("-created_at")
    )


def provider_groups(organisation: Organisation) -> list[ProviderGroup]:
    """Groups of the identity provider that give roles here, by name."""
    return list(ProviderGroup.objects.filter(organisation=organisation).order_by("group"))


def teams(organisation: Organisation) -> QuerySet[Team]:
    """The teams with their members, by name."""
    people = Prefetch(
        "members", TeamMember.objects.select_related("membership__user").order_by("membership__user__name")
    )
    return Team.objects.filter(organisation=organisation).prefetch_related(people).order_by("name")


@dataclass(frozen=True, slots=True)
class Desk:
    """A team of another organisation that could act by mandate."""

    team_id: int
    team: str
    organisation_id: int
    organisation: str


def desks_for(principal: Organisation) -> list[Desk]:
    """The teams here that could act for this organisation."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT team_id, team, organisation_id, organisation FROM mandate_desks(%s)", [principal.pk])
        return [Desk(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which part of the log: acts of these people (None: everybody), one kind of act, a stretch of days."""

    actors: tuple[int, ...] | None
    act: str
    since: datetime
    until: datetime
    before: tuple[datetime, int] | None = None


def journal(organisation: Organisation, wanted: JournalFilter, limit: int) -> list[AuditEntry]:
    """Entries of the log, newest first."""
    entries = _journal(organisation, wanted)
    if wanted.act:
        entries = entries.filter(actie=wanted.act)
    if wanted.before:
        moment, pk = wanted.before
        entries = entries.filter(Q(tijdstempel__lt=moment) | Q(tijdstempel=moment, pk__lt=pk))
    return list(entries.order_by("-tijdstempel", "-pk")[:limit])


def acts(organisation: Organisation, wanted: JournalFilter) -> list[str]:
    """The kinds of act in this stretch of the log."""
    return list(_journal(organisation, wanted).order_by("actie").values_list("actie", flat=True).distinct())


def _journal(organisation: Organisation, wanted: JournalFilter) -> QuerySet[AuditEntry]:
    entries = AuditEntry.objects.filter(
        organisation=organisation, tijdstempel__gte=wanted.since, tijdstempel__lt=wanted.until
    )
    return entries if wanted.actors is None else entries.filter(by_user__in=wanted.actors)


def colleagues_in_teams(user: User, organisation: Organisation) -> tuple[int, ...]:
    """This user and everybody with whom they share a team here."""
    mine = TeamMember.objects.filter(organisation=organisation, membership__user=user).values("team")
    people = TeamMember.objects.filter(team__in=mine).values_list("membership__user", flat=True).distinct()
    return tuple({user.pk, *people})
