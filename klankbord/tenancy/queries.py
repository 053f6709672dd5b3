"""Who works where, and in which roles."""

from __future__ import annotations

from klankbord.tenancy.models import Membership, Organisation, TeamMember, User


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
