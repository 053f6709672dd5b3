"""Logging in and out with the identity provider of the installation: who somebody is, and what follows from groups."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import structlog
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.adapter import get_adapter as get_social_adapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthError, AuthProcess
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.validators import validate_email
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from requests import RequestException, Session

from klankbord.base.outside.guarded_session import guarded_session
from klankbord.project.provider import PROVIDER_ID, Provider, proves_second_step
from klankbord.tenancy.actions import Refused
from klankbord.tenancy.following import come_by_provider, follow_provider
from klankbord.tenancy.models import User

LONGEST_GROUP, MOST_GROUPS = 200, 1000
KNOWN_FOR = 600  # seconds
NEEDED = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")

logger = structlog.get_logger()


class SigningIn(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """What django-allauth asks us to decide about who comes from the provider."""

    def get_requests_session(self) -> Session:
        return guarded_session()

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """The provider vouches for somebody: find or make the account, give it the roles of its groups, or refuse."""
        provider: Provider | None = settings.OIDC
        if provider is None or sociallogin.state.get("process") != AuthProcess.LOGIN:
            raise Http404
        claims = _claims(sociallogin)
        _forget_claims(sociallogin)
        try:
            if _sends_too_many_groups(claims, provider.groups):
                raise Refused(
                    _(
                        "You are in more groups than can be sent along. Nothing has changed. Ask the administrator to"
                        " send along only the groups of Klankbord."
                    )
                )
            groups = _groups(claims.get(provider.groups))
            if sociallogin.is_existing:
                user, has_place = sociallogin.user, follow_provider(sociallogin.user, groups)
            else:
                user, has_place = come_by_provider(*_introduction(claims), groups)
        except Refused as problem:
            raise ImmediateHttpResponse(_not_in(request, provider, str(problem))) from None
        if not has_place:
            sentence = _(
                "%(provider)s knows you, but you are in no group that gives access to Klankbord. Ask the administrator"
                " of your organisation to put you in the right group."
            )
            raise ImmediateHttpResponse(_not_in(request, provider, sentence % {"provider": provider.name}))
        if not sociallogin.is_existing:
            _connect(request, sociallogin, user)
        request.second_step_at_provider = proves_second_step(claims, provider.second_step)  # type: ignore[attr-defined]

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: dict[str, Any] | None = None,
    ) -> None:
        """Says in our words that it did not work; what exactly stands in the log, without codes or tokens."""
        if error == AuthError.CANCELLED:
            return
        logger.warning("logging in with the provider failed", error=str(error), problem=type(exception).__name__)
        sentence = _("Logging in did not work. Nothing has changed. Try again in a moment.")
        raise ImmediateHttpResponse(_not_in(request, settings.OIDC, sentence))


def _connect(request: HttpRequest, sociallogin: SocialLogin, user: User) -> None:
    """From now on this is that somebody. Whoever used the account already hears of it by mail."""
    if user.last_login is not None:
        sociallogin.connect(request, user)
        return
    sociallogin.user = user
    sociallogin.save(request, connect=True)


def _claims(sociallogin: SocialLogin) -> dict[str, Any]:
    """What the provider says in the ID token and at its userinfo endpoint; the ID token has the last word."""
    kept = sociallogin.account.extra_data
    subjects = {part.get("sub") for part in kept.values() if isinstance(part, Mapping)}
    if len(subjects) > 1:
        # OpenID Connect Core 1.0, 5.3.2: an answer about somebody else must not be used
        raise PermissionDenied
    found: dict[str, Any] = {}
    for part in ("userinfo", "id_token"):
        said = kept.get(part)
        if isinstance(said, Mapping):
            found |= said
    return found


def _forget_claims(sociallogin: SocialLogin) -> None:
    # groups, names and telephone numbers that the provider tells are not kept: only who it is there
    sociallogin.account.extra_data = {}
    if sociallogin.account.pk:
        sociallogin.account.save(update_fields=["extra_data"])


def _introduction(claims: Mapping[str, Any]) -> tuple[str, str]:
    """E-mail address and name of somebody who comes for the first time."""
    email = str(claims.get("email") or "").strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        email = ""
    if not email or claims.get("email_verified") is False:
        raise Refused(
            _("Your e-mail address is missing or not confirmed there. Ask the administrator to put that right.")
        )
    return email, str(claims.get("name") or email.partition("@")[0])[:120]


def _groups(said: Any) -> list[str]:
    """The groups in a claim: a list, or one name."""
    listed = said if isinstance(said, list) else [said]
    return [name[:LONGEST_GROUP] for name in listed[:MOST_GROUPS] if isinstance(name, str) and name]


def _sends_too_many_groups(claims: Mapping[str, Any], name: str) -> bool:
    """Whether the provider left the groups out because there are too many, as Microsoft Entra ID does above 200."""
    elsewhere = claims.get("_claim_names")
    return bool(claims.get("hasgroups")) or (isinstance(elsewhere, Mapping) and name in elsewhere)


def only_by_provider(request: HttpRequest, provider: Provider) -> HttpResponse:
    """Somebody tried a password or a passkey whose place follows from groups at the provider."""
    sentence = _("Your access comes from %(provider)s. Log in there: choose that button on the log-in page.")
    return _not_in(request, provider, sentence % {"provider": provider.name})


def _not_in(request: HttpRequest, provider: Provider | None, sentence: str) -> HttpResponse:
    context = {"sentence": sentence, "provider": provider}
    return render(request, "signing_in/not_in.html", context, status=403)


@require_GET
def to_provider(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Go there to log in. Takes nothing from the address but the page to come back to."""
    if settings.OIDC is None or provider_id != PROVIDER_ID:
        raise Http404
    wanted = request.GET.get("next", "")
    back = wanted if url_has_allowed_host_and_scheme(wanted, None) else None
    try:
        provider = get_social_adapter(request).get_provider(request, PROVIDER_ID)
        answer: HttpResponse = provider.redirect(request, process=AuthProcess.LOGIN, next_url=back)
    except (RequestException, OAuth2Error, KeyError, ValueError) as problem:
        logger.warning("the provider does not answer", problem=type(problem).__name__)
        sentence = _("%(provider)s does not answer. Try again in a moment, or log in with your password.")
        answer = _not_in(request, settings.OIDC, sentence % {"provider": settings.OIDC.name})
        answer.status_code = 503
    return answer


@require_GET
def cancelled(request: HttpRequest) -> HttpResponse:
    """Somebody changed their mind at the provider."""
    return redirect("account_login")


def came_by_provider(request: HttpRequest) -> bool:
    """Whether this session began at the provider."""
    records = get_authentication_records(request, request.user) if request.user.is_authenticated else []
    return any(record.get("method") == "socialaccount" for record in records)


@require_GET
def leave_provider(request: HttpRequest) -> HttpResponse:
    """Logged out here: now there as well (OpenID Connect RP-Initiated Logout 1.0).

    A page that moves on by itself, and not a redirect of the log-out form: our policy lets no form lead elsewhere.
    No ID token is kept for this, so the provider may ask whether one means it.
    """
    provider: Provider | None = settings.OIDC
    end = _end_of_session(request)
    if request.user.is_authenticated or provider is None or not end:
        return redirect("account_login")
    back = request.build_absolute_uri(reverse("account_login"))
    asked = urlencode({"client_id": provider.client, "post_logout_redirect_uri": back})
    url = f"{end}{'&' if '?' in end else '?'}{asked}"
    return render(request, "signing_in/leave.html", {"url": url, "provider": provider})


def provider_trouble(provider: Provider) -> str:
    """Why nobody can log in with this provider, for who runs the machine; empty when it answers as it should."""
    try:
        with guarded_session() as session:
            answer = session.get(f"{provider.address}/.well-known/openid-configuration")
            said = answer.json() if answer.ok else None
    except (RequestException, ValueError) as problem:
        return str(problem) or type(problem).__name__
    if not isinstance(said, Mapping):
        return f"status {answer.status_code}"
    if str(said.get("issuer", "")).rstrip("/") != provider.address:
        return _("it calls itself %(name)s") % {"name": said.get("issuer")}
    missing = [name for name in NEEDED if not said.get(name)]
    return _("it does not name %(names)s") % {"names": ", ".join(missing)} if missing else ""


def _end_of_session(request: HttpRequest) -> str:
    """Where one logs out at the provider; empty when it has no such page, or does not answer."""
    if settings.OIDC is None:
        return ""
    key = f"oidc-end:{settings.OIDC.address}"
    known = cache.get(key)
    if known is None:
        try:
            provider = get_social_adapter(request).get_provider(request, PROVIDER_ID)
            said = provider.get_oauth2_adapter(request).openid_config.get("end_session_endpoint", "")
        except (RequestException, ValueError, AttributeError):
            said = ""
        known = said if isinstance(said, str) and said.startswith(("https://", "http://")) else ""
        cache.set(key, known, KNOWN_FOR)
    return str(known)
