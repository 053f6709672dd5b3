"""Every address of the house."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from klankbord.project.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("", include("klankbord.project.firstday.urls")),
    path("health", health, name="health"),
    path("desk/", include("klankbord.inbox.urls")),
    path("", include("klankbord.tenancy.urls")),
    path("", include("klankbord.channels.urls")),
    path("", include("klankbord.listening.urls")),
    path("", include("klankbord.exercises.urls")),
    path("accounts/", include("allauth.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]
