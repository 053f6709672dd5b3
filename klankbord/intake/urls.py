"""Addresses of what colleagues bring in by hand."""

from __future__ import annotations

from django.urls import path

from klankbord.intake import views

urlpatterns = [
    path("", views.take_in, name="take-in"),
    path("file", views.file, name="take-in-file"),
]
