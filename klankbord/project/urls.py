"""Every address of the house."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from klankbord.project.health import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", health, name="health"),
]
