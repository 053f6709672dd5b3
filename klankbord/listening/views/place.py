"""The standing dossier about the organisation's own place, on the screen."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from klankbord.listening import queries
from klankbord.listening.actions.dossiers import CannotStart
from klankbord.listening.actions.place import change_words
from klankbord.listening.forms import WordsForm
from klankbord.listening.models import Dossier
from klankbord.listening.persons import suspects_in_words
from klankbord.listening.views.editor import asked_about, declared_in
from klankbord.listening.views.page import doubts_of
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.models import Organisation
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import posted, whose


@inside
@require_http_methods(["GET", "POST"])
def place_dossier(request: FencedRequest) -> HttpResponseBase:
    """Words, purpose, basis and figures; who may write dossiers can change the words."""
    house = whose(request, Right.READ_DOSSIERS, Right.WRITE_CHANNELS)
    organisation = house.organisation
    may_write = may_change_words(request, organisation)
    if not may_write and not request.sight.may(Right.READ_DOSSIERS, organisation.pk):
        raise PermissionDenied
    dossier = Dossier.objects.filter(organisation=organisation, is_place=True).select_related("owner").first()
    if dossier is None or (request.method == "POST" and not may_write):
        raise Http404
    form = WordsForm(posted(request), initial={"words": "\n".join(dossier.words)})
    suspected: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        # also when nothing changed: that somebody looked and found it right is worth a line in the log
        words = form.cleaned_data["words"]
        declared = declared_in(request.POST, suspects_in_words(words))
        try:
            change_words(dossier, words, declared, by=request.user)
        except CannotStart as problem:
            form.add_error("words", problem.reasons)
            found = suspects_in_words(words, queries.own_accounts(organisation.pk))
            suspected = asked_about(found, {one["key"]: one["as"] for one in [*dossier.declared, *declared]})
        else:
            messages.success(request, _("From now on we listen for these words."))
            return redirect(reverse("place-dossier") + house.query)
    elif request.method == "GET":
        stated = {one["key"]: one["as"] for one in dossier.declared}
        suspected = asked_about(suspects_in_words(dossier.words, queries.own_accounts(organisation.pk)), stated)
    days, heard = queries.heard(dossier, timezone.localtime())
    context = {
        "house": house,
        "dossier": dossier,
        "form": form,
        "suspects": suspected,
        "may_write": may_write,
        "days": days,
        "loud": [one for one in heard if one.total],
        # each figure with the day it is about, so that it opens its messages
        "table": [(one, list(zip(one.days, days, strict=True))) for one in heard if one.total],
        "may_read": request.sight.may(Right.READ_DOSSIERS, organisation.pk),
        "silent": [one.word for one in heard if not one.total],
        "total": sum(one.total for one in heard),
        "doubts": doubts_of(dossier),
        "review_due": dossier.review_on <= timezone.localdate(),
    }
    return render(request, "listening/place.html", context, status=422 if request.method == "POST" else 200)


def may_change_words(request: FencedRequest, organisation: Organisation) -> bool:
    """Who writes dossiers; and on the first day, when there is nobody else yet, the administrator."""
    if request.sight.may(Right.WRITE_DOSSIERS, organisation.pk):
        return True
    return organisation.first_day_done_at is None and request.sight.may(Right.WRITE_CHANNELS, organisation.pk)
