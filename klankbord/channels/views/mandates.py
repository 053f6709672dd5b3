"""Mandates on the screen: what was given, what was received."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponseBase
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
from klankbord.tenancy.queries import desks_for
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.people import labels
from klankbord.tenancy.views.whose import posted, whose


@inside
@require_GET
def mandates(request: FencedRequest) -> HttpResponseBase:
    house = whose(request, Right.READ_CHANNELS)
    given, received = queries.mandates_of(house.organisation, timezone.now())
    context = {
        "house": house,
        "tab": "mandates",
        "given": [{"seen": one, "roles": labels(one.mandate.roles)} for one in given],
        "received": [{"seen": one, "roles": labels(one.mandate.roles)} for one in received],
        "may_write": request.sight.may(Right.WRITE_CHANNELS, house.organisation.pk),
    }
    return render(request, "channels/mandates.html", context)


@inside
@require_http_methods(["GET", "POST"])
def give(request: FencedRequest) -> HttpResponseBase:
    house = whose(request, Right.WRITE_CHANNELS)
    desks = desks_for(house.organisation)
    form = MandateForm(posted(request), principal=house.organisation, desks=desks)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        desk = form.desk
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
    context = {"house": house, "tab": "mandates", "form": form, "desks": desks}
    return render(request, "channels/give_mandate.html", context, status=422 if form.errors else 200)


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
