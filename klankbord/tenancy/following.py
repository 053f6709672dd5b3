"""The actions of who logs in with the identity provider: memberships follow the groups there, at each log-in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _

from klankbord.tenancy.actions import Refused, change_membership, end_membership
from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Membership, Organisation, ProviderGroup, Team, User
from klankbord.tenancy.roles import Role


def map_group(organisation: Organisation, group: str, roles: Collection[str], *, by: User) -> None:
    """From their next log-in everybody in this group of the provider has these roles."""
    ProviderGroup.objects.update_or_create(organisation=organisation, group=group, defaults={"roles": sorted(roles)})
    details = {"groep": group, "rollen": sorted(roles)}
    record(organisation.pk, "groep koppelen", f"organisatie:{organisation.pk}", by=by, details=details)


def unmap_group(mapped: ProviderGroup, *, by: User) -> None:
    """This group gives no roles any more; who had them by it alone is out at the next log-in."""
    organisation_id, group = mapped.organisation_id, mapped.group
    mapped.delete()
    details = {"groep": group}
    record(organisation_id, "groep ontkoppelen", f"organisatie:{organisation_id}", by=by, details=details)


def come_by_provider(email: str, name: str, groups: Collection[str]) -> tuple[User, bool]:
    """The account of somebody whom the provider vouches for, and whether these groups leave a place.

    Of somebody new without a place nothing is kept.
    """
    with transaction.atomic():
        user, is_new = _meet(email, name)
        has_place = follow_provider(user, groups)
        if is_new and not has_place:
            transaction.set_rollback(True)
    return user, has_place


def _meet(email: str, name: str) -> tuple[User, bool]:
    """The account with this address, and whether it was made just now: without a password and without a place."""
    known = User.objects.filter(email__iexact=email).first()
    if known is None:
        user = User(email=email, name=name)
        user.set_unusable_password()
        try:
            with transaction.atomic():
                user.save()
            return user, True
        except IntegrityError:
            known = User.objects.get(email__iexact=email)
    if known.is_demo:
        raise Refused(_("Made-up people stay in the demo."))
    return known, False


@dataclass(frozen=True, slots=True)
class Offer:
    """What the groups of somebody give in one organisation; no roles where an earlier place must end."""

    organisation_id: int
    roles: list[str]


def offers(user: User, groups: Collection[str]) -> list[Offer]:
    """Every organisation where something may follow from these groups."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation_id, roles FROM provider_offers(%s, %s)", [list(groups), user.pk])
        return [Offer(*row) for row in cursor.fetchall()]


def follow_provider(user: User, groups: Collection[str]) -> bool:
    """Give somebody the places and roles that the groups offer, and take what they gave before; whether any is left."""
    found = offers(user, groups)
    for offer in found:
        with acting_for(offer.organisation_id):
            _follow(user, offer)
    return any(offer.roles for offer in found)


def _follow(user: User, offer: Offer) -> None:
    membership = (
        Membership.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(organisation_id=offer.organisation_id, user=user)
        .first()
    )
    if not offer.roles:
        if membership:
            _let_go(membership, user)
    elif membership is None or membership.ended_at is not None:
        _take_in(membership or Membership(organisation_id=offer.organisation_id, user=user), offer, user)
    elif not membership.follows_provider or sorted(membership.roles) != offer.roles:
        membership.follows_provider = True
        membership.save(update_fields=["follows_provider"])
        _change(membership, offer.roles, user)


def _take_in(membership: Membership, offer: Offer, user: User) -> None:
    membership.roles, membership.ended_at, membership.follows_provider = offer.roles, None, True
    membership.save()
    details = {"naam": user.name, "rollen": offer.roles}
    record(offer.organisation_id, "lid worden door groep", f"lid:{membership.pk}", by=user, details=details)


def _change(membership: Membership, roles: list[str], user: User) -> None:
    teams = list(Team.objects.filter(members__membership=membership))
    try:
        change_membership(membership, roles, teams, by=user)
    except Refused:
        # the only administrator stays administrator, whatever the provider says: somebody must hold the keys
        change_membership(membership, sorted({*roles, Role.ADMIN.value}), teams, by=user)


def _let_go(membership: Membership, user: User) -> None:
    try:
        end_membership(membership, by=user)
    except Refused:
        _change(membership, [Role.ADMIN.value], user)
