"""Addresses of the pages about people and the log."""

from __future__ import annotations

from django.urls import path

from klankbord.tenancy.views import journal, people

urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/invite", people.invite, name="invite"),
    path("people/invitation/<int:pk>/withdraw", people.withdraw, name="withdraw-invitation"),
    path("people/invitation/<int:pk>/renew", people.renew, name="renew-invitation"),
    path("people/<int:pk>", people.member, name="member"),
    path("people/<int:pk>/end", people.end, name="end-membership"),
    path("people/teams", people.teams, name="teams"),
    path("audit/", journal.audit, name="audit"),
]
