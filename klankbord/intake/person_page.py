"""The privacy officer looks up one person, hands over what there is on them, or takes them out of all of it."""

from __future__ import annotations

from tempfile import TemporaryFile

from django.contrib import messages
from django.http import FileResponse, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from klankbord.base.text.clean import safe_text
from klankbord.intake.access import write_access
from klankbord.intake.persons import forget_person, known_as
from klankbord.posts.models import Author
from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import acting_for, in_steps, step
from klankbord.tenancy.models import User
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import number, whose


def _handed_over(author: Author, by: User) -> FileResponse:
    """Everything there is on one person as a file; in the log stands how much, and no name."""
    file = TemporaryFile()  # noqa: SIM115  # the response closes it when it was sent
    counted = write_access(author, file)
    record(author.organisation_id, "inzage geven", f"persoon:{author.pk}", by=by, details=counted)
    file.seek(0)
    response = FileResponse(file, as_attachment=True, filename=f"inzage-{timezone.localdate()}.zip")
    response["Cache-Control"] = "no-store"
    return response


@in_steps
@require_http_methods(["GET", "POST"])
def person(request: HttpRequest) -> HttpResponseBase:
    """Look somebody up by exact address, then hand over what there is on them, or forget them.

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
            chosen_one = next((one for one in found if one.author.pk == chosen), None)
            if chosen_one and request.POST.get("act") == "access":
                return _handed_over(chosen_one.author, by)
            # a pseudonym is what an objection is known by
            forgotten = chosen_one is not None and not chosen_one.overheard
            if chosen_one and forgotten:
                forget_person(chosen_one.author, timezone.now(), by=by)
            else:
                record(organisation, "persoon opzoeken", f"gevonden:{len(found)}", by=by)
        if forgotten:
            messages.success(request, _("This person is forgotten: names, messages, files and raw copies are gone."))
            return redirect(reverse("person") + house.query)
    with step(request):
        empty = request.method == "POST" and not asked
        context = {"house": house, "address": asked, "found": found, "looked": bool(asked), "empty": empty}
        return render(request, "intake/person.html", context, status=422 if empty else 200)
