"""All writes to organisations, their people and the installation."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable
from datetime import timedelta

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from klankbord.base.jobs import defer_once
from klankbord.base.picture import Picture
from klankbord.tenancy import sessions
from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import enter
from klankbord.tenancy.models import (
    HouseStyle,
    Installation,
    Invitation,
    Membership,
    Municipality,
    Organisation,
    Preference,
    Team,
    TeamMember,
    User,
)
from klankbord.tenancy.queries import has_a_place, home_of
from klankbord.tenancy.roles import Role

INVITATION_LASTS = timedelta(days=7)


class Refused(Exception):
    """It cannot be done like this; the text is for the one who asked."""


# ---- an organisation and its first people ----------------------------------------------------------------


def make_user(email: str, name: str, password: str, *, is_demo: bool = False) -> User:
    """An account without any place yet: it sees nothing until it becomes a member somewhere."""
    user = User(email=email.lower(), name=name, is_demo=is_demo)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError:
        raise Refused(_("This address is already in use.")) from None
    return user


def found_organisation(name: str, municipality: Municipality | None, roles: Iterable[str], *, by: User) -> Organisation:
    """A new organisation with its first administrator, who goes on inside the fence. The code was shown before."""
    if by.is_demo:
        raise Refused(_("A made-up person cannot found a real organisation."))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT fence_found(%s, %s, %s)", [name, municipality.pk if municipality else None, by.pk])
            (founded,) = cursor.fetchone()
    except IntegrityError:
        raise Refused(_("This municipality is already set up here. Ask its administrator for an invitation.")) from None
    enter(by)
    held = sorted({Role.ADMIN.value, *roles})
    Membership.objects.filter(organisation_id=founded, user=by).update(roles=held)
    record(founded, "organisatie oprichten", f"organisatie:{founded}", by=by, details={"naam": name, "rollen": held})
    return Organisation.objects.get(pk=founded)


def finish_first_day(organisation: Organisation, *, by: User) -> None:
    """Put the list of the first day away."""
    organisation.first_day_done_at = timezone.now()
    organisation.save(update_fields=["first_day_done_at"])
    record(organisation.pk, "eerste dag afronden", f"organisatie:{organisation.pk}", by=by)


def change_theme(
    organisation: Organisation, light: dict[str, str], dark: dict[str, str], version: str, *, by: User
) -> None:
    """Give an organisation its own design tokens, checked before; without any, it looks as Klankbord does."""
    HouseStyle.objects.update_or_create(organisation=organisation, defaults={"light": light, "dark": dark})
    organisation.style_version = version
    organisation.save(update_fields=["style_version"])
    details = {"tokens": len(light), "tokens donker": len(dark)}
    record(organisation.pk, "huisstijl wijzigen", f"organisatie:{organisation.pk}", by=by, details=details)


def change_logo(organisation: Organisation, logo: Picture | None, *, by: User) -> None:
    """Give an organisation a logo, or take it away."""
    content, kind = (logo.content, logo.content_type) if logo else (None, "")
    HouseStyle.objects.update_or_create(organisation=organisation, defaults={"logo": content, "logo_type": kind})
    organisation.logo_version = hashlib.sha256(content).hexdigest()[:16] if content else ""
    organisation.save(update_fields=["logo_version"])
    details = {"soort": kind, "bytes": len(content)} if content else {"soort": ""}
    record(organisation.pk, "logo wijzigen", f"organisatie:{organisation.pk}", by=by, details=details)


# ---- members ---------------------------------------------------------------------------------------------


def change_membership(membership: Membership, roles: Collection[str], teams: Collection[Team], *, by: User) -> None:
    """Give a member other roles and teams; an organisation always keeps an administrator."""
    if Role.ADMIN in membership.roles and Role.ADMIN not in roles:
        _keep_an_administrator(membership)
    organisation_id, now = membership.organisation_id, sorted(roles)
    before, membership.roles = sorted(membership.roles), now
    membership.save(update_fields=["roles"])
    places = TeamMember.objects.filter(membership=membership)
    held = set(places.values_list("team", flat=True))
    wanted = {team.pk for team in teams}
    places.exclude(team__in=wanted).delete()
    TeamMember.objects.bulk_create(
        TeamMember(organisation_id=organisation_id, team_id=team, membership=membership) for team in wanted - held
    )
    details = {"naam": membership.user.name, "van": before, "naar": now}
    if held != wanted:
        details["teams"] = sorted(team.name for team in teams)
    record(organisation_id, "lid wijzigen", f"lid:{membership.pk}", by=by, details=details)
    _give_back(membership.user_id)


def end_membership(membership: Membership, *, by: User) -> None:
    """From now on this person sees nothing of the organisation any more; what was done stays.

    Who works nowhere here any more is logged out everywhere, and keeps no way in: a return begins with an invitation.
    """
    if Role.ADMIN in membership.roles:
        _keep_an_administrator(membership)
    membership.ended_at = timezone.now()
    membership.save(update_fields=["ended_at"])
    TeamMember.objects.filter(membership=membership).delete()
    details = {"naam": membership.user.name}
    record(membership.organisation_id, "lid beëindigen", f"lid:{membership.pk}", by=by, details=details)
    _give_back(membership.user_id)
    if not has_a_place(membership.user_id):
        _close_the_door(membership.user)


def _give_back(user_id: int) -> None:
    """What stands in this person's name and is out of reach now, goes back to the team."""
    defer_once("inbox.give_back", f"give back:{user_id}", user=user_id)


def _close_the_door(user: User) -> None:
    user.set_unusable_password()
    user.save(update_fields=["password"])
    Authenticator.objects.filter(user=user).delete()
    sessions.end_sessions(user)


def come_back(user: User, name: str, password: str) -> None:
    """Somebody who worked nowhere here any more is invited again and chooses a name and a password anew."""
    user.name = name
    user.set_password(password)
    user.save(update_fields=["name", "password"])


def reset_second_step(membership: Membership, *, by: User) -> None:
    """A colleague lost phone and keys: logged out everywhere, and sets up a new second step at the next log-in."""
    user = membership.user
    if user.pk == by.pk:
        raise Refused(_("You cannot do this for yourself. Ask another administrator."))
    number, _per_model = Authenticator.objects.filter(user=user).delete()
    if not number:
        raise Refused(_("%(name)s has no second step.") % {"name": user.name})
    sessions.end_sessions(user)
    details = {"naam": user.name}
    record(membership.organisation_id, "tweede stap wissen", f"lid:{membership.pk}", by=by, details=details)


def _keep_an_administrator(leaving: Membership) -> None:
    """Refuses to let the last one go, also when two let each other go at the same moment.

    Each of those two has locked the row of the other already, so what they wait for here is no row: the lock of the
    organisation, which goes with the transaction. The question behind it sees what the first one did.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('administrators'), %s)", [leaving.organisation_id])
    others = Membership.objects.filter(
        organisation_id=leaving.organisation_id, ended_at__isnull=True, roles__contains=[Role.ADMIN]
    )
    if not others.exclude(pk=leaving.pk).exists():
        raise Refused(_("This is the only administrator. Make somebody else administrator first."))


def end_session(user: User, mark: str) -> bool:
    """Log somebody out in one place, at their own wish; False when that had ended already."""
    if not sessions.end_session(user, mark):
        return False
    _log_of_oneself(user, "elders uitloggen", 1)
    return True


def end_other_sessions(user: User, here: str) -> int:
    """Log somebody out everywhere but here, at their own wish; in how many places that was."""
    number = sessions.end_sessions(user, keep=here)
    if number:
        _log_of_oneself(user, "elders uitloggen", number)
    return number


def _log_of_oneself(user: User, act: str, number: int) -> None:
    home = home_of(user)
    if home is not None:
        record(home.pk, act, f"gebruiker:{user.pk}", by=user, details={"plaatsen": number})


def make_team(organisation: Organisation, name: str, *, by: User) -> Team:
    try:
        with transaction.atomic():
            team = Team.objects.create(organisation=organisation, name=name)
    except IntegrityError:
        raise Refused(_("There is already a team with this name.")) from None
    record(organisation.pk, "team maken", f"team:{team.pk}", by=by, details={"naam": name})
    return team


# ---- invitations -----------------------------------------------------------------------------------------


def hash_of(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def invite(organisation: Organisation, email: str, roles: Collection[str], *, by: User) -> tuple[Invitation, str]:
    """The invitation and the token for its link, which exists only here; an earlier link for this address ends."""
    email = email.lower()
    if Membership.objects.filter(organisation=organisation, user__email__iexact=email, ended_at__isnull=True).exists():
        raise Refused(_("Somebody with this address already works here."))
    now = timezone.now()
    _open_invitations(organisation).filter(email__iexact=email).update(withdrawn_at=now)
    token = secrets.token_urlsafe(32)
    invitation = Invitation.objects.create(
        organisation=organisation,
        email=email,
        roles=sorted(roles),
        token_hash=hash_of(token),
        invited_by=by,
        expires_at=now + INVITATION_LASTS,
    )
    details = {"adres": email, "rollen": invitation.roles}
    record(organisation.pk, "collega uitnodigen", f"uitnodiging:{invitation.pk}", by=by, details=details)
    return invitation, token


def withdraw_invitation(invitation: Invitation, *, by: User) -> None:
    invitation.withdrawn_at = timezone.now()
    invitation.save(update_fields=["withdrawn_at"])
    details = {"adres": invitation.email}
    record(invitation.organisation_id, "uitnodiging intrekken", f"uitnodiging:{invitation.pk}", by=by, details=details)


def _open_invitations(organisation: Organisation) -> QuerySet[Invitation]:
    return Invitation.objects.filter(
        organisation=organisation, accepted_at__isnull=True, withdrawn_at__isnull=True, expires_at__gt=timezone.now()
    )


def accept_invitation(token: str, *, by: User) -> int:
    """Use the link up: ``by`` becomes a member and goes on inside the fence. The organisation's id."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT invitation_accept(%s, %s)", [hash_of(token), by.pk])
        (organisation,) = cursor.fetchone()
    if organisation is None:
        raise Refused(_("This invitation cannot be used any more. Ask for a new one."))
    enter(by)
    # an administrator chose this person and these roles, whatever groups said before
    Membership.objects.filter(organisation_id=organisation, user=by).update(follows_provider=False)
    record(organisation, "uitnodiging aannemen", f"gebruiker:{by.pk}", by=by, details={"naam": by.name})
    return int(organisation)


def change_preference(user: User, **changes: str | bool) -> None:
    """Keep how somebody wants to see the screen. Personal, of no organisation: no log has it."""
    Preference.objects.update_or_create(user=user, defaults=changes)


# ---- the installation ------------------------------------------------------------------------------------


def installation() -> Installation:
    """What is known about this installation; an empty one when nobody has filled it in."""
    return Installation.objects.filter(pk=1).first() or Installation(pk=1)


def change_installation(fresh: Installation, password: str | None, organisation_id: int, *, by: User) -> None:
    """Keep the address and the mail server of the installation; ``password`` None keeps the one there is."""
    if password is not None:
        fresh.mail_secret = Fernet(settings.FIELD_ENCRYPTION_KEY).encrypt(password.encode()) if password else None
    fresh.pk = 1
    fresh.save()
    details = {"adres": fresh.address, "mailserver": fresh.mail_host, "afzender": fresh.mail_from}
    record(organisation_id, "installatie wijzigen", "installatie:1", by=by, details=details)


def mail_password(known: Installation) -> str:
    """The password of the mail server; empty when there is none, or when it belongs to another key."""
    if not known.mail_secret:
        return ""
    try:
        return Fernet(settings.FIELD_ENCRYPTION_KEY).decrypt(bytes(known.mail_secret)).decode()
    except InvalidToken:
        return ""


def remove_demo(organisation_id: int, *, by: User) -> list[int]:
    """Take away all made-up organisations and people; the ids of those organisations, for their files."""
    if by.is_demo:
        raise Refused(_("Only an administrator of a real organisation can remove the demo."))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT removed_organisations, people FROM demo_remove()")
            organisations, people = cursor.fetchone()
    except IntegrityError:
        raise Refused(
            _("Something of a real organisation still leans on the demo, such as a mandate. Nothing was removed.")
        ) from None
    details = {"organisaties": len(organisations), "mensen": people}
    record(organisation_id, "demo verwijderen", "installatie:1", by=by, details=details)
    return list(organisations)
