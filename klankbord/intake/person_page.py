"""The privacy officer looks up one person, and takes that person out of everything the organisation holds."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from klankbord.base.text.clean import safe_text
from klankbord.intake.persons import forget_person, known_as
from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import acting_for, in_steps, step
from klankbord.tenancy.models import User
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import number, whose


@in_steps
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest) -> HttpResponseBase:
    """Look somebody up by exact address, then forget them.

    A privacy officer reads no conversations and writes in none, so that what the right allows is done as the
    organisation, after the right was looked at; looking up is in the log as well.
    """
    with step(request) as fenced:
        house = whose(fenced, Right.SIGN_DOSSIERS)
    by = request.user
    assert isinstance(by, User)
    asked = safe_text(request.POST.get("address", "")).strip()[:600]
    chosen = number(request.POST.get("person", ""))
    organisation = house.organisation.pk
    found = []
    if asked:
        with acting_for(organisation):
            found = known_as(organisation, asked)
            here = next((one.author for one in found if one.author.pk == chosen), None)
            if here is not None:
                forget_person(here, timezone.now(), by=by)
            else:
                record(organisation, "persoon opzoeken", f"gevonden:{len(found)}", by=by)
        if here is not None:
            messages.success(request, _("This person is forgotten: names, messages, files and raw copies are gone."))
            return redirect(reverse("person") + house.query)
    with step(request):
        context = {"house": house, "address": asked, "found": found, "looked": bool(asked)}
        return render(request, "intake/person.html", context)
