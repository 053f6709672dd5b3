"""Addresses of exercises."""

from __future__ import annotations

from django.urls import path

from klankbord.exercises import views

urlpatterns = [
    path("exercises/", views.exercises, name="exercises"),
    path("exercises/<slug:key>/", views.exercise, name="exercise"),
    path("exercises/<slug:key>/state", views.state, name="exercise-state"),
    path("exercises/<slug:key>/start", views.start, name="start-exercise"),
    path("exercises/<slug:key>/pause", views.pause, name="pause-exercise"),
    path("exercises/<slug:key>/speed", views.speed, name="pace-exercise"),
    path("exercises/<slug:key>/back", views.put_back, name="put-back-exercise"),
]
