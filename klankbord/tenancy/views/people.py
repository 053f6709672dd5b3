"""Who works here: members, invitations, teams. Everything about people, nothing about messages."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from klankbord.tenancy import actions, queries
from klankbord.tenancy.fence import FencedRequest, in_steps, inside, step
from klankbord.tenancy.forms import InviteForm, MemberForm, TeamForm
from klankbord.tenancy.letters import Invite, Mailed, Reset, send, send_reset
from klankbord.tenancy.models import Invitation, Membership, Organisation, Team
from klankbord.tenancy.roles import ROLE_LABELS, Right, Role
from klankbord.tenancy.views.listed import listed_rows
from klankbord.tenancy.views.whose import House, posted, whose

READ = (Right.READ_CHANNELS, Right.READ_TEAMS)


def labels(roles: list[str]) -> list[str]:
    known = {role.value: label for role, label in ROLE_LABELS.items()}
    return [str(known[role]) for role in roles if role in known]


@inside
@require_GET
def people(request: FencedRequest) -> HttpResponseBase:
    house = whose(request, *READ)
    return render(request, "tenancy/people.html", _people(request, house))


def _people(request: FencedRequest, house: House, **more: Any) -> dict[str, Any]:
    now = timezone.now()
    found = listed_rows(request, "people", queries.members(house.organisation), "user__name", "user__email")
    return {
        "house": house,
        "tab": "people",
        "found": found,
        "may_write": request.sight.may(Right.WRITE_CHANNELS, house.organisation.pk),
        "members": [
            {"membership": one, "roles": labels(one.roles), "teams": [place.team.name for place in one.teams.all()]}
            for one in found.rows
        ],
        "invitations": [
            {"invitation": one, "roles": labels(one.roles), "over": one.expires_at <= now}
            for one in queries.open_invitations(house.organisation)
        ],
        "form": InviteForm(initial={"roles": [Role.WEBCARE.value]}),
    } | more


@in_steps
@require_POST
def invite(request: HttpRequest) -> HttpResponseBase:
    form = InviteForm(request.POST)
    with step(request) as inside_request:
        house = whose(inside_request, Right.WRITE_CHANNELS)
        letter = None
        if form.is_valid():
            email, roles = form.cleaned_data["email"], form.cleaned_data["roles"]
            try:
                _made, token = actions.invite(house.organisation, email, roles, by=inside_request.user)
                letter = _letter(inside_request, house.organisation, email, token)
            except actions.Refused as problem:
                form.add_error("email", str(problem))
        if letter is None:
            context = _people(inside_request, house, form=form)
            return render(request, "tenancy/people.html", context, status=422)
    return _sent(request, house, letter)


@in_steps
@require_POST
def renew(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A new link for the same person; the old one stops working."""
    with step(request) as inside_request:
        old = _invitation(inside_request, pk)
        actions.withdraw_invitation(old, by=inside_request.user)
        try:
            _made, token = actions.invite(old.organisation, old.email, old.roles, by=inside_request.user)
        except actions.Refused as problem:
            messages.error(request, str(problem))
            return redirect(_back(old.organisation_id))
        letter = _letter(inside_request, old.organisation, old.email, token)
        house = House(old.organisation, [old.organisation])
    return _sent(request, house, letter)


def _letter(request: FencedRequest, organisation: Organisation, email: str, token: str) -> Invite:
    return Invite(email, link_of(request, token), organisation.name, request.user.name, organisation.is_demo)


def _sent(request: HttpRequest, house: House, letter: Invite) -> HttpResponse:
    """Mail the link when this installation can, and show it once: it is kept nowhere."""
    mailed = send(letter)
    with step(request) as inside_request:
        return render(request, "tenancy/people.html", _people(inside_request, house, fresh=letter, mailed=mailed))


def link_of(request: FencedRequest, token: str) -> str:
    """The address of an invitation as the invited colleague can reach it."""
    address = actions.installation().address
    path = reverse("join", args=[token])
    return address.rstrip("/") + path if address else request.build_absolute_uri(path)


def _invitation(request: FencedRequest, pk: int) -> Invitation:
    invitation = get_object_or_404(
        Invitation.objects.select_for_update(), pk=pk, accepted_at__isnull=True, withdrawn_at__isnull=True
    )
    if not request.sight.may(Right.WRITE_CHANNELS, invitation.organisation_id):
        raise Http404
    return invitation


@inside
@require_POST
def withdraw(request: FencedRequest, pk: int) -> HttpResponseBase:
    invitation = _invitation(request, pk)
    actions.withdraw_invitation(invitation, by=request.user)
    messages.success(request, _("The invitation of %(email)s is taken back.") % {"email": invitation.email})
    return redirect(_back(invitation.organisation_id))


@inside
@require_http_methods(["GET", "POST"])
def member(request: FencedRequest, pk: int) -> HttpResponseBase:
    """Roles and teams of one member."""
    membership = _membership(request, pk)
    form = MemberForm(
        posted(request),
        organisation_id=membership.organisation_id,
        initial={"roles": membership.roles, "teams": [place.team_id for place in membership.teams.all()]},
    )
    if request.method == "POST" and form.is_valid():
        teams: list[Team] = list(form.cleaned_data.get("teams", []))
        try:
            actions.change_membership(membership, form.cleaned_data["roles"], teams, by=request.user)
        except actions.Refused as problem:
            form.add_error("roles", str(problem))
        else:
            messages.success(request, _("%(name)s has been changed.") % {"name": membership.user.name})
            return redirect(_back(membership.organisation_id))
    return _show_member(request, membership, form)


def _show_member(request: FencedRequest, membership: Membership, form: MemberForm, problem: str = "") -> HttpResponse:
    context = {
        "membership": membership,
        "form": form,
        "problem": problem,
        "self": membership.user_id == request.user.pk,
        "has_second_step": queries.has_second_step(membership.user),
    }
    return render(request, "tenancy/member.html", context, status=422 if form.errors or problem else 200)


@inside
@require_POST
def end(request: FencedRequest, pk: int) -> HttpResponseBase:
    membership = _membership(request, pk)
    try:
        actions.end_membership(membership, by=request.user)
    except actions.Refused as problem:
        return _show_member(request, membership, _member_form(membership), str(problem))
    messages.success(request, _("%(name)s no longer works here.") % {"name": membership.user.name})
    return redirect("home" if membership.user_id == request.user.pk else _back(membership.organisation_id))


@in_steps
@require_POST
def reset_second_step(request: HttpRequest, pk: int) -> HttpResponseBase:
    """A colleague who lost phone and keys gets in again; they hear of it by mail, in case they asked for nothing."""
    with step(request) as inside_request:
        membership = _membership(inside_request, pk)
        try:
            actions.reset_second_step(membership, by=inside_request.user)
        except actions.Refused as problem:
            return _show_member(inside_request, membership, _member_form(membership), str(problem))
        user, house = membership.user, membership.organisation
        letter = Reset(user.email, house.name, inside_request.user.name, user.is_demo)
    words = _("The second step of %(name)s is wiped. At the next log-in %(name)s sets up a new one.")
    told = words % {"name": user.name}
    if send_reset(letter) is Mailed.SENT:
        mailed = _("We mailed %(email)s about it.") % {"email": user.email}
        messages.success(request, f"{told} {mailed}")
    else:
        messages.warning(request, " ".join([told, _("No mail could be sent: tell your colleague yourself.")]))
    return redirect("member", pk)


def _member_form(membership: Membership) -> MemberForm:
    return MemberForm(
        organisation_id=membership.organisation_id,
        initial={"roles": membership.roles, "teams": [place.team_id for place in membership.teams.all()]},
    )


def _membership(request: FencedRequest, pk: int) -> Membership:
    membership = get_object_or_404(
        Membership.objects.select_for_update(of=("self",)).select_related("user", "organisation"),
        pk=pk,
        ended_at__isnull=True,
    )
    if not request.sight.may(Right.WRITE_CHANNELS, membership.organisation_id):
        raise Http404
    return membership


def _back(organisation_id: int) -> str:
    return f"{reverse('people')}?organisation={organisation_id}"


@inside
@require_http_methods(["GET", "POST"])
def teams(request: FencedRequest) -> HttpResponseBase:
    house = whose(request, Right.READ_TEAMS)
    may_write = request.sight.may(Right.WRITE_TEAMS, house.organisation.pk)
    if request.method == "POST" and not may_write:
        raise Http404
    form = TeamForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            actions.make_team(house.organisation, form.cleaned_data["name"], by=request.user)
        except actions.Refused as problem:
            form.add_error("name", str(problem))
        else:
            messages.success(request, _("The team has been made. Now choose its members."))
            return redirect(reverse("teams") + house.query)
    context = {
        "house": house,
        "tab": "teams",
        "found": listed_rows(request, "teams", queries.teams(house.organisation), "name"),
        "form": form,
        "may_write": may_write,
        "may_change_members": request.sight.may(Right.WRITE_CHANNELS, house.organisation.pk),
    }
    return render(request, "tenancy/teams.html", context, status=422 if form.errors else 200)
