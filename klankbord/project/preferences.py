"""The language, the display and the keys that somebody chose: kept with the account, for strangers in a cookie.

A session reads them from the account once and remembers them, so that no page asks the database for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from klankbord.tenancy.actions import change_preference
from klankbord.tenancy.fence import entered
from klankbord.tenancy.models import Preference, User

IN_SESSION = "preferences"
THEME_COOKIE = "klankbord_theme"
A_YEAR = 365 * 24 * 60 * 60
LANGUAGES = [code for code, _name in settings.LANGUAGES]


def of_account(user: User) -> dict[str, Any]:
    """What the account holds; the defaults for who never chose."""
    with entered(user):
        known = Preference.objects.filter(user=user).first() or Preference(user=user)
    return {"language": known.language, "theme": known.theme, "single_keys": known.single_keys}


class Preferred:
    """Middleware: speaks the language of the account, also on a device where somebody logs in for the first time."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        match = request.resolver_match
        # a stream shows no words, and a session that changed would hold on to a connection as long as it lasts
        if settings.SESSION_COOKIE_NAME not in request.COOKIES or (match and match.url_name == "live"):
            return
        if not isinstance(request.user, User):
            return
        if IN_SESSION not in request.session:
            request.session[IN_SESSION] = of_account(request.user)
        language = request.session[IN_SESSION]["language"]
        if language in LANGUAGES:
            translation.activate(language)
            request.LANGUAGE_CODE = translation.get_language()


def preferred(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the display and the keys, from the session or, for strangers, the cookie."""
    chosen: dict[str, Any] = {}
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        chosen = request.session.get(IN_SESSION, {})
    theme = chosen.get("theme", request.COOKIES.get(THEME_COOKIE, ""))
    return {
        "theme": theme if theme in Preference.Theme.values else "",
        "themes": Preference.Theme.choices,
        "single_keys": chosen.get("single_keys", True),
    }


@require_POST
def change(request: HttpRequest) -> HttpResponse:
    """Keep what was chosen and go back to the page it was chosen on; nonsense changes nothing."""
    changes: dict[str, str | bool] = {}
    asked = request.POST
    if asked.get("language") in LANGUAGES:
        changes["language"] = asked["language"]
    if asked.get("theme") in Preference.Theme.values:
        changes["theme"] = asked["theme"]
    if asked.get("single_keys") in ("yes", "no"):
        changes["single_keys"] = asked["single_keys"] == "yes"
    if isinstance(request.user, User) and changes:
        with entered(request.user):
            change_preference(request.user, **changes)
        request.session[IN_SESSION] = of_account(request.user)
    back = asked.get("next", "")
    if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
        back = "/"
    response: HttpResponse = HttpResponseRedirect(back) if "next" in asked else HttpResponse(status=204)
    for name, value in ((settings.LANGUAGE_COOKIE_NAME, changes.get("language")), (THEME_COOKIE, changes.get("theme"))):
        if value is not None:
            # the log-in page, too, looks and speaks as it did here
            response.set_cookie(
                name, str(value), A_YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
            )
    return response
