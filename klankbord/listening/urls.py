"""Addresses of the pages about dossiers."""

from __future__ import annotations

from django.urls import path

from klankbord.listening.views import archive, dossiers, editor, export, networks, page, place, privacy, register, wider

urlpatterns = [
    path("place/", place.place_dossier, name="place-dossier"),
    path("dossiers/", dossiers.dossier_list, name="dossiers"),
    path("dossiers/new", dossiers.new, name="new-dossier"),
    path("dossiers/explain", editor.explain, name="explain-query"),
    path("dossiers/networks", networks.search_networks, name="search-networks"),
    path("dossiers/wider", wider.wider, name="wider"),
    path("dossiers/privacy", privacy.privacy, name="listening-privacy"),
    path("dossiers/processing", privacy.processing, name="register-of-processing"),
    path("dossiers/dpia", privacy.dpia, name="dpia"),
    path("dossiers/<int:pk>/", page.dossier_page, name="dossier"),
    path("dossiers/<int:pk>/change", dossiers.change, name="change-dossier"),
    path("dossiers/<int:pk>/start", dossiers.start, name="start-dossier"),
    path("dossiers/<int:pk>/end", dossiers.end, name="end-dossier"),
    path("dossiers/<int:pk>/sign", dossiers.sign, name="sign-dossier"),
    path("dossiers/<int:pk>/open", page.open_messages, name="open-finds"),
    path("dossiers/<int:pk>/finds", page.find_list, name="dossier-finds"),
    path("dossiers/<int:pk>/archive", archive.archive, name="dossier-archive"),
    path("dossiers/<int:pk>/noise", page.noise, name="dossier-noise"),
    path("dossiers/<int:pk>/sharper", page.sharper, name="dossier-sharper"),
    path("dossiers/<int:pk>/source", page.source, name="dossier-source"),
    path("dossiers/<int:pk>/note", page.note, name="dossier-note"),
    path("dossiers/<int:pk>/follow", page.follow, name="follow-dossier"),
    path("dossiers/<int:pk>/export", export.export, name="export-dossier"),
    path("register/<int:pk>", register.register, name="register"),
]
