"""Addresses of the pages about dossiers."""

from __future__ import annotations

from django.urls import path

from klankbord.listening import views

urlpatterns = [path("place/", views.place_dossier, name="place-dossier")]
