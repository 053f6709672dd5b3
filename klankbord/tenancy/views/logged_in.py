"""Where one is logged in, and ending that: about oneself and nobody else."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from klankbord.tenancy import actions
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.sessions import places


@inside
@require_GET
def logged_in(request: FencedRequest) -> HttpResponseBase:
    found = places(request.user, request.session.session_key)
    return render(request, "tenancy/logged_in.html", {"places": found, "others": len(found) > 1})


@inside
@require_POST
def end(request: FencedRequest) -> HttpResponseBase:
    """Log out in one other place."""
    here = request.session.session_key
    found = [place for place in places(request.user, here) if place.mark == request.POST.get("mark", "")]
    if found and not found[0].is_this_one and actions.end_session(request.user, found[0].mark):
        messages.success(request, _("You are logged out on %(device)s.") % {"device": found[0].device})
    else:
        messages.info(request, _("You were logged out there already."))
    return redirect("logged-in")


@inside
@require_POST
def end_others(request: FencedRequest) -> HttpResponseBase:
    """Log out everywhere but here."""
    number = actions.end_other_sessions(request.user, request.session.session_key or "")
    words = ngettext(
        "You are logged out in %(number)d other place.", "You are logged out in %(number)d other places.", number
    )
    messages.success(request, words % {"number": number})
    return redirect("logged-in")
