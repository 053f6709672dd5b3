"""What we follow and why, for everybody: no log-in, no persons."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from klankbord.listening.asking import running
from klankbord.listening.models import Dossier
from klankbord.listening.views.page import explanation
from klankbord.listening.views.privacy import networks
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Organisation


@require_GET
def register(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The public register of one organisation.

    Of a public order dossier that runs only its purpose and last day are shown; once it is over all of it is.
    """
    organisation = Organisation.objects.filter(pk=pk).first()
    if organisation is None:
        raise Http404
    with acting_for(organisation.pk):
        dossiers = Dossier.objects.filter(organisation=organisation).order_by("-is_place", "name")
        context = {
            "organisation": organisation,
            "look": organisation,
            "organisation_name": organisation.name,
            "running": [(dossier, explanation(dossier)) for dossier in dossiers.filter(running())],
            "ended": list(dossiers.filter(state=Dossier.State.ENDED).order_by("-ended_at")[:50]),
            "networks": [label for _kind, label in networks(organisation)],
        }
        return render(request, "listening/register.html", context)
