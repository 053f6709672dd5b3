"""Mandates on the screen: what was given, what was received."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from klankbord.channels import queries
from klankbord.channels.forms import MandateForm
from klankbord.channels.mandating import end_mandate, give_mandate
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.models import Mandate
from klankbord.tenancy.queries import Desk, desks_for
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.listed import listed, listed_rows
from klankbord.tenancy.views.people import labels
from klankbord.tenancy.views.whose import House, number, posted, whose


@inside
@require_GET
def mandates(request: FencedRequest) -> HttpResponseBase:
    house = whose(request, Right.READ_CHANNELS)
    given = listed_rows(
        request,
        "mandates",
        queries.mandates_given(house.organisation),
        "desk_organisation__name",
        turned_by="given",
    )
    received = listed_rows(
        request, "mandates", queries.mandates_received(house.organisation), "organisation__name", turned_by="received"
    )
    teams, now = queries.team_names(house.organisation), timezone.now()
    context = {
        "house": house,
        "tab": "mandates",
        "given": given,
        "received": received,
        "found": received if received.is_long else given,
        "given_seen": [_seen(one, teams, now) for one in given.rows],
        "received_seen": [_seen(one, teams, now) for one in received.rows],
        "may_write": request.sight.may(Right.WRITE_CHANNELS, house.organisation.pk),
    }
    return render(request, "channels/mandates.html", context)


def _seen(mandate: Mandate, teams: dict[int, str], now: datetime) -> dict[str, Any]:
    return {"seen": queries.seen(mandate, teams, now), "roles": labels(mandate.roles)}


@inside
@require_http_methods(["GET", "POST"])
def give(request: FencedRequest) -> HttpResponseBase:
    """First to whom, then what: a list to look in, and the form once a team was chosen."""
    house = whose(request, Right.WRITE_CHANNELS)
    desks = {desk.team_id: desk for desk in desks_for(house.organisation)}
    asked = number((posted(request) or request.GET).get("team", ""))
    desk = desks.get(asked) if asked is not None else None
    if desk is None:
        return _choose(request, house, desks)
    form = MandateForm(posted(request), principal=house.organisation)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        give_mandate(
            house.organisation,
            desk,
            list(data.get("channels", [])) or None,
            data["roles"],
            data["decision"],
            data["processor_agreement"],
            data["begins"],
            data["ends"],
            by=request.user,
        )
        said = _("%(team)s of %(organisation)s may act for you.")
        messages.success(request, said % {"team": desk.team, "organisation": desk.organisation})
        return redirect(reverse("mandates") + house.query)
    context = {"house": house, "form": form, "desk": desk}
    return render(request, "channels/give_mandate.html", context, status=422 if form.errors else 200)


def _choose(request: FencedRequest, house: House, desks: dict[int, Desk]) -> HttpResponse:
    named = ((key, f"{desk.organisation} {desk.team}") for key, desk in desks.items())
    context = {"house": house, "found": listed(request, "give-mandate", named, lambda _keys: desks)}
    status = 422 if request.method == "POST" else 200
    return render(request, "channels/choose_desk.html", context, status=status)


@inside
@require_POST
def end(request: FencedRequest, pk: int) -> HttpResponseBase:
    """Only who gave a mandate can end it."""
    mandate = get_object_or_404(
        Mandate.objects.select_for_update(of=("self",)).select_related("desk_organisation"),
        pk=pk,
        valid_until__gt=timezone.now(),
        organisation__in=request.sight.organisations_where(Right.WRITE_CHANNELS),
    )
    if not request.sight.may(Right.WRITE_CHANNELS, mandate.organisation_id):
        raise Http404
    end_mandate(mandate, by=request.user)
    said = _("The mandate has ended. %(organisation)s sees nothing of you any more.")
    messages.success(request, said % {"organisation": mandate.desk_organisation.name})
    return redirect(f"{reverse('mandates')}?organisation={mandate.organisation_id}")
