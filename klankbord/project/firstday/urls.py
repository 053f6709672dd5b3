"""Addresses of the first day and of joining."""

from __future__ import annotations

from django.urls import path

from klankbord.project.firstday import joining, views

urlpatterns = [
    path("", views.home, name="home"),
    path("first-day/", views.first_day, name="first-day"),
    path("first-day/organisation", views.choose, name="first-day-organisation"),
    path("first-day/administrator", views.administrator, name="first-day-administrator"),
    path("first-day/installation", views.installation, name="first-day-installation"),
    path("first-day/demo", views.demo, name="first-day-demo"),
    path("first-day/done", views.done, name="first-day-done"),
    path("join/<str:token>", joining.join, name="join"),
]
