"""Every address of the house."""

from __future__ import annotations

from allauth.socialaccount.providers.openid_connect.views import callback as from_provider
from django.urls import URLPattern, URLResolver, include, path

from klankbord.intake.person_page import person
from klankbord.project import passkeys, phone, preferences, signing_in
from klankbord.project.health import health
from klankbord.project.metrics import metrics

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("klankbord.project.firstday.urls")),
    path("health", health, name="health"),
    path("metrics", metrics, name="metrics"),
    path("desk/", include("klankbord.inbox.urls")),
    path("", include("klankbord.tenancy.urls")),
    path("", include("klankbord.channels.urls")),
    path("", include("klankbord.listening.urls")),
    path("privacy/person", person, name="person"),
    path("accounts/2fa/webauthn/keys/<int:pk>/remove/", passkeys.remove, name="mfa_remove_webauthn"),
    path("accounts/2fa/totp/deactivate/", passkeys.deactivate_app, name="mfa_deactivate_totp"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/2fa/", include("allauth.mfa.urls")),
    path("accounts/oidc/<slug:provider_id>/login/", signing_in.to_provider, name="openid_connect_login"),
    path("accounts/oidc/<slug:provider_id>/login/callback/", from_provider, name="openid_connect_callback"),
    path("accounts/oidc/cancelled/", signing_in.cancelled, name="socialaccount_login_cancelled"),
    path("accounts/oidc/leave/", signing_in.leave_provider, name="leave-provider"),
    path("take-in/", include("klankbord.intake.urls")),
    path("", include("klankbord.public.urls")),
    path("", include("klankbord.exercises.urls")),
    path("", include("klankbord.project.style.urls")),
    path("manifest.webmanifest", phone.manifest, name="manifest"),
    path("service-worker.js", phone.service_worker, name="service-worker"),
    path("offline", phone.offline, name="offline"),
    path("preferences", preferences.change, name="preferences"),
]
