"""Joining by the link of an invitation: somebody new makes an account, somebody known says yes."""

from __future__ import annotations

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from klankbord.project.firstday.forms import AccountForm
from klankbord.tenancy import actions
from klankbord.tenancy.models import User
from klankbord.tenancy.queries import Invited, has_a_place, invitation_behind
from klankbord.tenancy.views.people import labels
from klankbord.tenancy.views.whose import posted


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponseBase:
    """What fits the one who opens the link; used up in the same moment in which the place is taken."""
    invited = invitation_behind(actions.hash_of(token))
    if invited is None:
        return _show(request, None, status=404)
    if isinstance(request.user, User):
        return _join_known(request, token, invited, request.user)
    known = User.objects.filter(email__iexact=invited.email).first()
    if known and (known.has_usable_password() or has_a_place(known.pk)):
        return _show(request, invited, log_in=f"{reverse('account_login')}?next={request.path}")
    form = AccountForm(posted(request), email=invited.email, initial={"name": known.name if known else ""})
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                data = form.cleaned_data
                if known:
                    user = known
                    actions.come_back(user, data["name"], data["password"])
                else:
                    user = actions.make_user(invited.email, data["name"], data["password"], is_demo=invited.is_demo)
                actions.accept_invitation(token, by=user)
        except actions.Refused as problem:
            form.add_error(None, str(problem))
        else:
            login = Login(user=user, redirect_url=reverse("home"))
            response: HttpResponseBase = perform_password_login(request, {"email": user.email}, login)
            return response
    return _show(request, invited, form=form, status=422 if form.errors else 200)


def _join_known(request: HttpRequest, token: str, invited: Invited, user: User) -> HttpResponseBase:
    """Somebody who is logged in; an invitation is for one address only."""
    if user.email.lower() != invited.email.lower():
        return _show(request, invited, wrong_user=user)
    if user.is_demo != invited.is_demo:
        return _show(request, invited, problem=_("Made-up people stay in the demo."), status=422)
    if request.method != "POST":
        return _show(request, invited, confirm=True)
    try:
        with transaction.atomic():
            actions.accept_invitation(token, by=user)
    except actions.Refused as problem:
        return _show(request, invited, problem=str(problem), status=422)
    return redirect("home")


def _show(request: HttpRequest, invited: Invited | None, status: int = 200, **more: object) -> HttpResponse:
    context = {"invited": invited, "roles": labels(invited.roles) if invited else [], **more}
    response = render(request, "firstday/join.html", context, status=status)
    # Django would write the address of what was not right in the log, and here the address is the key itself
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django reads it, the stubs do not know it
    return response
