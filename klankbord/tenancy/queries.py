"""Who works where, and in which roles."""

from __future__ import annotations

from django.db import connection

from klankbord.tenancy.models import Membership, Organisation, TeamMember, User
from klankbord.tenancy.roles import Right, rights_of


def roles_in(user: User) -> dict[int, frozenset[str]]:
    """Roles per organisation of this user now: memberships, and roles granted to a desk by mandate."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation_id, roles FROM fence_organisations(%s, now())", [user.pk])
        return {organisation: frozenset(roles) for organisation, roles in cursor.fetchall()}


def organisations_where(user: User, right: Right) -> list[int]:
    """The organisations in which this user has this right."""
    return [organisation for organisation, roles in roles_in(user).items() if right in rights_of(roles)]


def may(user: User, right: Right, organisation_id: int) -> bool:
    return right in rights_of(roles_in(user).get(organisation_id, ()))


def home_of(user: User) -> Organisation | None:
    """The organisation somebody works for: the first membership that has not ended."""
    membership = (
        Membership.objects.filter(user=user, ended_at__isnull=True).select_related("organisation").order_by("pk").first()
    )
    return membership.organisation if membership else None


def signature(user: User, organisation_id: int) -> str:
    """How an act is signed for an organisation: the name, and the desk when somebody acts by mandate."""
    if Membership.objects.filter(user=user, organisation_id=organisation_id, ended_at__isnull=True).exists():
        return user.name
    place = (
        TeamMember.objects.filter(membership__user=user)
        .select_related("team", "organisation")
        .order_by("pk")
        .first()
    )
    return f"{user.name} ({place.team.name}, {place.organisation.name})" if place else user.name
