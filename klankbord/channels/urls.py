"""Addresses of the pages about channels and mandates."""

from __future__ import annotations

from django.urls import path

from klankbord.channels.views import connect, mandates, page

urlpatterns = [
    path("channels/", page.channels, name="channels"),
    path("channels/connect/<slug:kind>", connect.connect, name="connect-channel"),
    path("channels/<int:pk>/", page.channel, name="channel"),
    path("channels/<int:pk>/settings", connect.change, name="change-channel"),
    path("channels/<int:pk>/switch", page.switch, name="switch-channel"),
    path("channels/<int:pk>/replay", page.replay, name="replay-quarantine"),
    path("people/mandates", mandates.mandates, name="mandates"),
    path("people/mandates/give", mandates.give, name="give-mandate"),
    path("people/mandates/<int:pk>/end", mandates.end, name="end-mandate"),
]
