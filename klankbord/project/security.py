"""What every answer carries to keep a browser safe, and the rule that staff log in with a second step."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, resolve_url
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

GetResponse = Callable[[HttpRequest], Any]

# No inline script, no inline style, nothing from elsewhere: a message of a stranger can only be text and own pictures.
OWN = ("script-src", "style-src", "img-src", "font-src", "media-src", "connect-src", "manifest-src", "form-action")
NOTHING = ("default-src", "base-uri", "frame-ancestors")
CONTENT_SECURITY_POLICY = "; ".join([f"{kind} 'none'" for kind in NOTHING] + [f"{kind} 'self'" for kind in OWN])
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}


class SecurityHeaders:
    """Middleware: adds the headers above where a view set none, and keeps pages of who is logged in out of caches."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        self.is_async = iscoroutinefunction(get_response)
        if self.is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        if self.is_async:
            return self._later(request)
        return _guarded(request, self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return _guarded(request, await self.get_response(request))


def _guarded(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    # The cookie is looked at, not the session: an open event stream must not hold a database connection.
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response


def mfa_required(user: AbstractBaseUser) -> bool:
    """The rule as it stands by default: everybody but the made-up people of the demo."""
    return not getattr(user, "is_demo", False)


def must_have_second_step(user: AbstractBaseUser) -> bool:
    """Ask the rule that the setting MFA_REQUIRED names."""
    return bool(import_string(settings.MFA_REQUIRED)(user))


ALWAYS_REACHABLE = {
    "account_logout",
    "account_reauthenticate",
    "mfa_activate_totp",
    "mfa_add_webauthn",
    "mfa_reauthenticate",
    "mfa_reauthenticate_webauthn",
    "preferences",
    "health",
    "manifest",
    "offline",
    "service-worker",
    "metrics",
}
READY = "second_step_is_set_up"


class RequireSecondStep:
    """Middleware: who must have a second step sets it up first; until then every other page leads there.

    That somebody has one is remembered in the session, since the last one cannot be taken away while the rule applies
    (``accounts.SecondStep.can_delete_authenticator``); an administrator who takes it away ends the sessions as well.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        match = request.resolver_match
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or (match and match.url_name in ALWAYS_REACHABLE):
            return None
        user = request.user
        if not user.is_authenticated or request.session.get(READY) or not must_have_second_step(user):
            return None
        if _has_second_step(user):
            request.session[READY] = True
            return None
        messages.info(request, _("Set up your two-step log-in first. It takes a minute and you do it once."))
        if request.headers.get("HX-Request"):
            return HttpResponse(headers={"HX-Redirect": resolve_url("mfa_activate_totp")})
        return redirect("mfa_activate_totp")


def _has_second_step(user: AbstractBaseUser) -> bool:
    # Models can only be imported once Django has started, and this module is read before that.
    from klankbord.tenancy.models import User
    from klankbord.tenancy.queries import has_second_step

    return isinstance(user, User) and has_second_step(user)
