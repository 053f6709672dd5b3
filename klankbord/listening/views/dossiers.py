"""Dossiers on the screen: the list, making and changing, starting, signing and ending."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from klankbord.listening import queries
from klankbord.listening.actions import dossiers as actions
from klankbord.listening.forms import DossierForm, SignForm
from klankbord.listening.models import LONGEST_KEPT, Dossier
from klankbord.listening.persons import suspects
from klankbord.listening.views.editor import INSERTS, about, declared_in, suggestions
from klankbord.listening.views.gate import dossier_for, dossier_to_write
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import House, posted, whose


@inside
@require_GET
def dossier_list(request: FencedRequest) -> HttpResponseBase:
    house = whose(request, Right.READ_DOSSIERS, Right.READ_OWN_DOSSIERS)
    sees_public_order = request.sight.may(Right.SEE_PUBLIC_ORDER, house.organisation.pk)
    rows = queries.overview(house.organisation, request.user, timezone.now(), public_order=sees_public_order)
    reads_all = request.sight.may(Right.READ_DOSSIERS, house.organisation.pk)
    if not reads_all:
        rows = [row for row in rows if row.dossier.owner_id == request.user.pk]
    context = {
        "house": house,
        "reads_all": reads_all,
        "running": [row for row in rows if row.dossier.state == Dossier.State.ACTIVE],
        "drafts": [row for row in rows if row.dossier.state == Dossier.State.DRAFT],
        "ended": [row for row in rows if row.dossier.state == Dossier.State.ENDED],
        "may_write": request.sight.may(Right.WRITE_DOSSIERS, house.organisation.pk),
        "may_sign": request.sight.may(Right.SIGN_DOSSIERS, house.organisation.pk),
    }
    return render(request, "listening/dossiers.html", context)


def _editor(request: FencedRequest, house: House, dossier: Dossier | None) -> HttpResponseBase:
    """The form of a new or a known dossier; saving goes through the actions."""
    organisation = house.organisation
    public_order = request.sight.may(Right.OPEN_PUBLIC_ORDER, organisation.pk) and actions.public_order_allowed(
        organisation.pk
    )
    today = timezone.localdate()
    fresh = {
        "purpose": Dossier.Purpose.COMMUNICATION,
        "retention_days": LONGEST_KEPT,
        "review_on": today + actions.REVIEW_AFTER,
        "owner": request.user.pk,
        "query": request.GET.get("query", "")[:20_000],
        "legal_basis": _("AVG article 6, first paragraph, under e (task in the public interest)"),
    }
    # a form fills its instance while it checks: it gets one of its own, so that only an action changes the dossier
    instance = Dossier.objects.get(pk=dossier.pk) if dossier else None
    if instance and request.GET.get("query"):
        instance.query = request.GET["query"][:20_000]
    form = DossierForm(
        posted(request),
        instance=instance,
        initial={} if dossier else fresh,
        public_order=public_order,
        owners=queries.possible_owners(organisation.pk),
    )
    reasons: list[str] = []
    if request.method == "POST" and form.is_valid():
        wording, declared = form.wording(), declared_in(request.POST, suspects(form.cleaned_data["query"]))
        try:
            if dossier is None:
                dossier = actions.make_dossier(organisation, wording, declared, by=request.user)
            else:
                actions.change_dossier(dossier, wording, declared, by=request.user)
        except actions.CannotStart as problem:
            reasons = problem.reasons
        else:
            messages.success(request, _("The dossier is saved."))
            return redirect("dossier", dossier.pk)
    query = str(form["query"].value() or "")
    declared_now = {one["key"]: one["as"] for one in (dossier.declared if dossier else [])}
    if request.method == "POST":
        declared_now |= {one["key"]: one["as"] for one in declared_in(request.POST, suspects(query))}
    context = {
        "house": house,
        "dossier": dossier,
        "form": form,
        "reasons": reasons,
        "inserts": INSERTS,
        "suggestions": suggestions(organisation.pk),
    } | about(organisation.pk, query, str(form["purpose"].value() or ""), declared_now)
    return render(request, "listening/edit.html", context, status=422 if form.errors or reasons else 200)


@inside
@require_http_methods(["GET", "POST"])
def new(request: FencedRequest) -> HttpResponseBase:
    return _editor(request, whose(request, Right.WRITE_DOSSIERS), None)


@inside
@require_http_methods(["GET", "POST"])
def change(request: FencedRequest, pk: int) -> HttpResponseBase:
    dossier = dossier_to_write(request, pk)
    return _editor(request, House(dossier.organisation, [dossier.organisation]), dossier)


@inside
@require_POST
def start(request: FencedRequest, pk: int) -> HttpResponseBase:
    dossier = dossier_to_write(request, pk)
    try:
        actions.start_dossier(dossier, by=request.user)
    except actions.CannotStart as problem:
        for reason in problem.reasons:
            messages.error(request, reason)
    else:
        messages.success(request, _("From now on this dossier finds messages."))
    return redirect("dossier", pk)


@inside
@require_POST
def end(request: FencedRequest, pk: int) -> HttpResponseBase:
    """Whoever may write ends a dossier, and so does the privacy officer."""
    dossier = dossier_for(request, pk, lock=True)
    may_sign = request.sight.may(Right.SIGN_DOSSIERS, dossier.organisation_id)
    if dossier.is_place or not may_sign:
        dossier = dossier_to_write(request, pk)
    actions.end_dossier(dossier, by=request.user)
    messages.success(request, _("The dossier has ended. What it found goes on its own day; the figures stay."))
    return redirect("dossier", pk)


@inside
@require_POST
def sign(request: FencedRequest, pk: int) -> HttpResponseBase:
    dossier = dossier_for(request, pk, Right.SIGN_DOSSIERS, lock=True)
    if dossier.is_place:
        raise PermissionDenied
    form = SignForm(request.POST, wording=actions.wording_mark(dossier))
    if form.is_valid():
        signature = actions.sign_dossier(dossier, form.cleaned_data["until"], by=request.user)
        said = _("Signed until and including %(until)s.")
        messages.success(request, said % {"until": signature.until.strftime("%d-%m-%Y")})
    else:
        for errors in form.errors.values():
            messages.error(request, str(errors[0]))
    return redirect(reverse("dossier", args=[pk]))
