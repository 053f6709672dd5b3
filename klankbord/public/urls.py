"""Addresses for residents."""

from __future__ import annotations

from django.urls import path

from klankbord.public import views

urlpatterns = [
    path("contact/<slug:word>-<int:pk>/", views.contact_form, name="contact-form"),
    path("contact/<slug:word>-<int:pk>/thanks/<str:ticket>", views.thanks, name="contact-thanks"),
]
