"""The privacy officer's page: what is followed and on which grounds, what must be decided, what can be taken along."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from klankbord.channels.models import Channel
from klankbord.channels.registry import connector_class
from klankbord.listening.actions.dossiers import allow_public_order, public_order_allowed
from klankbord.listening.doubts import doubts
from klankbord.listening.forms import ObjectionForm
from klankbord.listening.models import Dossier, FindsOpening
from klankbord.listening.queries import own_accounts
from klankbord.listening.views.export import as_csv
from klankbord.posts.forgetting import honour_objection
from klankbord.posts.models import Objection
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.models import Organisation
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import whose


@inside
@require_http_methods(["GET", "POST"])
def privacy(request: FencedRequest) -> HttpResponseBase:
    """One form per decision; ``act`` says which."""
    house = whose(request, Right.SIGN_DOSSIERS)
    organisation = house.organisation
    kinds = networks(organisation)
    objection = ObjectionForm(kinds=kinds)
    back = redirect(reverse("listening-privacy") + house.query)
    if request.method == "POST":
        match request.POST.get("act"):
            case "public_order":
                allow_public_order(organisation, request.POST.get("allowed") == "yes", by=request.user)
                messages.success(request, _("This is decided."))
                return back
            case "objection":
                objection = ObjectionForm(request.POST, kinds=kinds)
                if objection.is_valid():
                    gone = honour_objection(
                        organisation.pk,
                        objection.cleaned_data["kind"],
                        objection.cleaned_data["network_id"],
                        timezone.now(),
                        by=request.user,
                    )
                    messages.success(
                        request, _("This person is not followed any more. Finds removed: %(n)d.") % {"n": gone}
                    )
                    return back
    dossiers = Dossier.objects.filter(organisation=organisation).select_related("owner").order_by("name")
    own = own_accounts(organisation.pk)
    context = {
        "house": house,
        "dossiers": [one for one in dossiers if one.state != Dossier.State.ENDED],
        "declared": [one for one in dossiers if one.declared and one.state != Dossier.State.ENDED],
        "doubtful": [(one, doubts(one, own)) for one in dossiers if one.is_flagged],
        "public_order": public_order_allowed(organisation.pk),
        "openings": FindsOpening.objects.filter(organisation=organisation)
        .select_related("user", "dossier")
        .order_by("-pk")[:20],
        "objections": Objection.objects.filter(organisation=organisation).count(),
        "objection_form": objection,
    }
    return render(request, "listening/privacy.html", context, status=422 if objection.errors else 200)


def networks(organisation: Organisation) -> list[tuple[str, str]]:
    """The kinds of channel this organisation listens to, with their names."""
    kinds = Channel.objects.filter(organisation=organisation).order_by("kind").values_list("kind", flat=True).distinct()
    return [(kind, _(connector_class(kind).label)) for kind in kinds]


@inside
@require_GET
def processing(request: FencedRequest) -> HttpResponseBase:
    """The part of the register of processing (AVG 30) that this installation can fill in by itself."""
    house = whose(request, Right.SIGN_DOSSIERS)
    organisation = house.organisation
    sources = ", ".join(label for _kind, label in networks(organisation))
    rows = [
        [
            organisation.name,
            dossier.name,
            dossier.get_purpose_display(),
            dossier.legal_basis,
            dossier.reason,
            _("People who say something in public about this"),
            _(
                "Text with numbers, addresses and accounts masked, moment, network, language;"
                " a pseudonym instead of a name"
            ),
            _("Colleagues with a role for dossiers; nobody outside the organisation"),
            _("No transfer to third countries by this software"),
            _("%(days)d days, then figures only") % {"days": dossier.retention_days},
            sources,
            dossier.started_at.date().isoformat() if dossier.started_at else "",
            dossier.ends_on.isoformat() if dossier.ends_on else "",
            dossier.owner.name if dossier.owner else "",
            dossier.special_names,
            dossier.special_ground,
        ]
        for dossier in Dossier.objects.filter(organisation=organisation).select_related("owner").order_by("name")
    ]
    header = [
        _("controller"),
        _("processing"),
        _("purpose"),
        _("legal basis"),
        _("reason"),
        _("persons concerned"),
        _("personal data"),
        _("recipients"),
        _("transfer"),
        _("retention"),
        _("sources"),
        _("since"),
        _("until"),
        _("owner"),
        _("special personal data"),
        _("extra ground"),
    ]
    return as_csv("verwerkingsregister-luisteren.csv", header, rows)


@inside
@require_GET
def dpia(request: FencedRequest) -> HttpResponseBase:
    """A draft of the assessment (AVG 35) from how things are set at this moment; a person finishes and decides."""
    house = whose(request, Right.SIGN_DOSSIERS)
    organisation = house.organisation
    running = Dossier.objects.filter(organisation=organisation, state=Dossier.State.ACTIVE).order_by("name")
    text = render_to_string(
        "listening/dpia.txt",
        {
            "organisation": organisation,
            "today": timezone.localdate(),
            "dossiers": running,
            "networks": [label for _kind, label in networks(organisation)],
            "public_order": public_order_allowed(organisation.pk),
            "objections": Objection.objects.filter(organisation=organisation).count(),
        },
    )
    response = HttpResponse(text, content_type="text/markdown; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="dpia-concept-luisteren.md"'
    return response
