"""The screens of the first day, from the set-up code to the list that is put away."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from allauth.account.internal.flows.login import perform_password_login
from allauth.account.models import Login
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.core.exceptions import PermissionDenied
from django.core.mail import send_mail
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from klankbord.listening.actions.place import open_place_dossier
from klankbord.project.firstday import code
from klankbord.project.firstday.forms import AdministratorForm, CodeForm, InstallationForm, OtherBodyForm, RolesForm
from klankbord.project.firstday.progress import steps
from klankbord.project.mail import MailNotSent
from klankbord.project.navigation import first_page
from klankbord.public.queries import demo_page
from klankbord.tenancy import actions
from klankbord.tenancy.fence import FencedRequest, in_steps, inside, step
from klankbord.tenancy.models import Municipality, Organisation, User
from klankbord.tenancy.municipalities import suggest, words_of
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import posted

CHOSEN = "first_day_choice"


# ---- where one begins ------------------------------------------------------------------------------------


@require_safe
def home(request: HttpRequest) -> HttpResponseBase:
    """Where somebody belongs: the list of the first day, the desk, the log-in page, or the start of it all."""
    if not request.user.is_authenticated:
        if Organisation.objects.filter(is_demo=False).exists():
            return redirect("account_login")
        has_demo = Organisation.objects.filter(is_demo=True).exists()
        return render(request, "firstday/start.html", {"has_demo": has_demo, "demo_page": demo_page()})
    with step(request) as fenced:
        if _unfinished(fenced):
            return redirect("first-day")
        page = first_page(fenced.sight)
        return redirect(page) if page else render(request, "firstday/nowhere.html")


def _own(request: FencedRequest) -> list[Organisation]:
    """The real organisations this user is administrator of, the newest first."""
    ids = request.sight.organisations_where(Right.WRITE_CHANNELS)
    return list(Organisation.objects.filter(pk__in=ids, is_demo=False).order_by("-created_at"))


def _unfinished(request: FencedRequest) -> Organisation | None:
    return next((one for one in _own(request) if one.first_day_done_at is None), None)


def _mine(request: FencedRequest) -> Organisation:
    """The organisation whose first day this is; PermissionDenied for who is administrator nowhere."""
    own = _own(request)
    if not own:
        raise PermissionDenied
    return _unfinished(request) or own[0]


@require_http_methods(["GET", "POST"])
def first_day(request: HttpRequest) -> HttpResponseBase:
    """The list, for who has an organisation; else the question for the set-up code."""
    if request.method == "GET" and request.user.is_authenticated and not request.GET.get("new"):
        with step(request) as fenced:
            if _own(fenced):
                return _show_list(fenced, _mine(fenced))
    form = CodeForm(posted(request))
    if request.method == "POST" and form.is_valid():
        if not ratelimit.consume(request, action="setup_code"):
            form.add_error("code", _("Too many tries. Wait a few minutes."))
        elif not code.is_right(form.cleaned_data["code"]):
            form.add_error("code", _("This is not the set-up code. Look in the window in which Klankbord was started."))
        else:
            if request.user.is_authenticated and request.user.is_demo:
                # the made-up person makes room for the real one
                logout(request)
            code.remember(request)
            wanted = request.POST.get("next", "")
            return redirect("first-day-installation" if wanted == "installation" else "first-day-organisation")
    if code.was_shown(request) and not form.is_bound:
        return redirect("first-day-organisation")
    return _ask_code(request, form)


def _ask_code(request: HttpRequest, form: CodeForm, wanted: str = "") -> HttpResponse:
    wanted = wanted or request.POST.get("next", "")[:20]
    context = {"form": form, "next": wanted}
    return render(request, "firstday/code.html", context, status=422 if form.errors else 200)


def _show_list(request: FencedRequest, organisation: Organisation) -> HttpResponse:
    listed = steps(organisation)
    now = next((one for one in listed if not one.done), None)
    context = {
        "organisation": organisation,
        "steps": listed,
        "next_step": now,
        "done": sum(one.done for one in listed),
    }
    return render(request, "firstday/list.html", context)


# ---- the organisation and its first administrator --------------------------------------------------------


@require_http_methods(["GET", "POST"])
def choose(request: HttpRequest) -> HttpResponseBase:
    """Which organisation is this? Nothing is written before there is an administrator."""
    if not code.was_shown(request):
        return redirect("first-day")
    form = OtherBodyForm(request.POST if "name" in request.POST else None)
    if request.method == "POST":
        picked = Municipality.objects.filter(code=request.POST.get("municipality", "").replace("\0", "")[:6]).first()
        if picked:
            request.session[CHOSEN] = {"municipality": picked.code}
        elif form.is_bound and form.is_valid():
            request.session[CHOSEN] = {"name": form.cleaned_data["name"]}
        if picked or (form.is_bound and form.is_valid()):
            return redirect("first-day-administrator")
    typed = request.GET.get("q", "").replace("\0", "")[:80]
    settled = set(Organisation.objects.filter(municipality__isnull=False).values_list("municipality", flat=True))
    context = {"form": form, "q": typed, "found": suggest(typed), "settled": settled}
    if request.headers.get("HX-Request"):
        return render(request, "firstday/found.html", context)
    return render(request, "firstday/organisation.html", context, status=422 if request.method == "POST" else 200)


def _chosen(request: HttpRequest) -> tuple[str, Municipality | None]:
    """The name and municipality chosen; an empty name when nothing was."""
    choice = request.session.get(CHOSEN, {})
    if "municipality" in choice:
        municipality = Municipality.objects.filter(code=choice["municipality"]).first()
        return (f"Gemeente {municipality.name}" if municipality else ""), municipality
    return choice.get("name", ""), None


@require_http_methods(["GET", "POST"])
def administrator(request: HttpRequest) -> HttpResponseBase:
    """The first administrator founds the organisation: a new account, or the one that is logged in."""
    if not code.was_shown(request):
        return redirect("first-day")
    title, municipality = _chosen(request)
    if not title:
        return redirect("first-day-organisation")
    known = request.user if isinstance(request.user, User) and not request.user.is_demo else None
    form: Any = (RolesForm if known else AdministratorForm)(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            user = _found(title, municipality, known, form.cleaned_data)
        except actions.Refused as problem:
            form.add_error(None if known else "email", str(problem))
        else:
            del request.session[CHOSEN]
            if known:
                return redirect("first-day")
            credentials = {"email": user.email}
            response: HttpResponseBase = perform_password_login(
                request, credentials, Login(user=user, redirect_url=reverse("first-day"))
            )
            return response
    context = {"form": form, "title_chosen": title, "known": known}
    return render(request, "firstday/administrator.html", context, status=422 if form.errors else 200)


@transaction.atomic
def _found(title: str, municipality: Municipality | None, known: User | None, data: dict[str, Any]) -> User:
    user = known or actions.make_user(data["email"], data["name"], data["password"])
    organisation = actions.found_organisation(title, municipality, data["roles"], by=user)
    words = words_of(municipality) if municipality else [title[:80]]
    open_place_dossier(organisation, words, by=user)
    return user


# ---- the installation ------------------------------------------------------------------------------------


@in_steps
@require_http_methods(["GET", "POST"])
def installation(request: HttpRequest) -> HttpResponseBase:
    """Address and mail server: they belong to everybody here, so the set-up code is asked for."""
    with step(request) as fenced:
        organisation = _mine(fenced)
        if not code.was_shown(request):
            return _ask_code(request, CodeForm(), "installation")
        known = actions.installation()
        names = [name for name in InstallationForm.base_fields if name != "mail_password"]
        initial = (
            {name: getattr(known, name) for name in names}
            if known.mail_host or known.address
            else {"address": _here(request)}
        )
        form = InstallationForm(posted(request), initial=initial)
        if request.method == "GET" or not form.is_valid():
            return _show_installation(request, form, bool(known.mail_secret))
        password = form.cleaned_data["mail_password"] or None
        if password is None and form.cleaned_data["mail_host"] != known.mail_host:
            # the password that was filled in earlier does not travel along to another server
            password = ""
        for name in names:
            setattr(known, name, form.cleaned_data[name])
        actions.change_installation(known, password, organisation.pk, by=fenced.user)
    if "test" not in request.POST:
        messages.success(request, _("Kept. The address works within half a minute."))
        return redirect("first-day")
    return _try_mail(request, form)


def _here(request: HttpRequest) -> str:
    address = request.build_absolute_uri("/").rstrip("/")
    return address if request.is_secure() else ""


def _try_mail(request: HttpRequest, form: InstallationForm) -> HttpResponseBase:
    """A mail to oneself, with no transaction open."""
    assert isinstance(request.user, User)
    try:
        send_mail(
            _("Klankbord can mail"),
            _("This is a test. If you read this, invitations and new passwords will arrive too."),
            None,
            [request.user.email],
        )
    except MailNotSent as problem:
        with step(request):
            return _show_installation(request, form, True, str(problem))
    messages.success(request, _("Kept. A test mail is on its way to %(email)s.") % {"email": request.user.email})
    return redirect("first-day-installation")


def _show_installation(
    request: HttpRequest, form: InstallationForm, has_password: bool, problem: str = ""
) -> HttpResponse:
    context = {"form": form, "has_password": has_password, "problem": problem}
    return render(request, "firstday/installation.html", context, status=422 if form.errors or problem else 200)


# ---- the end of the demo and of the first day ------------------------------------------------------------


@in_steps
@require_http_methods(["GET", "POST"])
def demo(request: HttpRequest) -> HttpResponseBase:
    """Remove everything made up, after a clear yes."""
    with step(request) as fenced:
        organisation = _mine(fenced)
        if not code.was_shown(request):
            return _ask_code(request, CodeForm(), "demo")
        problem = ""
        if request.method == "POST":
            try:
                removed = actions.remove_demo(organisation.pk, by=fenced.user)
            except actions.Refused as refused:
                problem = str(refused)
        if request.method == "GET" or problem:
            towns = Organisation.objects.filter(is_demo=True)
            context = {"towns": towns, "organisation": organisation, "problem": problem}
            return render(request, "firstday/demo.html", context, status=422 if problem else 200)
    for number in removed:
        # after the commit: a file without a row is harmless, a row without its file is not
        shutil.rmtree(Path(settings.MEDIA_ROOT) / str(number), ignore_errors=True)
    messages.success(request, _("The demo has been removed."))
    return redirect("first-day")


@inside
@require_POST
def done(request: FencedRequest) -> HttpResponseBase:
    """Put the list away; the pages behind it stay where they are."""
    organisation = _mine(request)
    if organisation.first_day_done_at is None:
        actions.finish_first_day(organisation, by=request.user)
    messages.success(request, _("Everything is ready. Welcome to Klankbord."))
    return redirect("home")
