"""“What do the networks find by this?”, on a button of the editor: asked, shown, and kept nowhere."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from klankbord.base.text.clean import safe_text
from klankbord.listening.actions.dossiers import public_order_allowed
from klankbord.listening.models import Dossier
from klankbord.listening.networks import Answer, ask_networks, shown, whom_to_ask
from klankbord.listening.persons import suspects, unstated
from klankbord.listening.queries import own_accounts
from klankbord.listening.query import Refused, parse
from klankbord.listening.special import special_in
from klankbord.listening.views.editor import declared_in
from klankbord.tenancy.fence import in_steps, step
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import whose


@in_steps
@never_cache
@require_POST
def search_networks(request: HttpRequest) -> HttpResponseBase:
    """A fragment, or a page for who has no JavaScript. For what would be a closed dossier it shows figures only."""
    purpose = request.POST.get("purpose", "")
    text = " ".join(safe_text(request.POST.get("query", "")[:20_001]).split())
    public_order = purpose == Dossier.Purpose.PUBLIC_ORDER
    answers: list[Answer] = []
    figures_only = False
    with step(request) as fenced:
        organisation = whose(fenced, Right.WRITE_DOSSIERS).organisation.pk
        if public_order and not (
            fenced.sight.may(Right.OPEN_PUBLIC_ORDER, organisation) and public_order_allowed(organisation)
        ):
            raise PermissionDenied
        problem = _why_not(request, organisation, text)
        asked = whom_to_ask(organisation)
    if not problem:
        query = parse(text)
        heard = ask_networks(asked, query)
        figures_only = public_order or bool(special_in(query))
        with step(request):
            answers = shown(organisation, query, asked, heard, figures_only=figures_only)
    alone = not request.headers.get("HX-Request")
    context = {"problem": problem, "answers": answers, "query": text, "figures_only": figures_only}
    with step(request):
        return render(request, "listening/networks_page.html" if alone else "listening/networks.html", context)


def _why_not(request: HttpRequest, organisation_id: int, text: str) -> str:
    """Why the networks are not asked this: what may not be followed is not looked up either."""
    if not text:
        return _("Type what you follow first.")
    try:
        parse(text)
    except Refused as refused:
        return refused.message
    found = suspects(text, own_accounts(organisation_id))
    return " ".join(one.reason for one in unstated(found, declared_in(request.POST, found)))
