"""Addresses of the pages about people and the log."""

from __future__ import annotations

from django.urls import path

from klankbord.tenancy.views import groups, journal, logged_in, people

urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/invite", people.invite, name="invite"),
    path("people/invitation/<int:pk>/withdraw", people.withdraw, name="withdraw-invitation"),
    path("people/invitation/<int:pk>/renew", people.renew, name="renew-invitation"),
    path("people/<int:pk>", people.member, name="member"),
    path("people/<int:pk>/end", people.end, name="end-membership"),
    path("people/<int:pk>/second-step", people.reset_second_step, name="reset-second-step"),
    path("people/teams", people.teams, name="teams"),
    path("people/groups", groups.groups, name="groups"),
    path("people/groups/<int:pk>/remove", groups.unmap, name="unmap-group"),
    path("me/logged-in", logged_in.logged_in, name="logged-in"),
    path("me/logged-in/end", logged_in.end, name="end-session"),
    path("me/logged-in/end-others", logged_in.end_others, name="end-other-sessions"),
    path("audit/", journal.audit, name="audit"),
]
