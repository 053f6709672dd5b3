"""Addresses of the looks of an organisation."""

from __future__ import annotations

from django.urls import path

from klankbord.project.style import views

urlpatterns = [
    path("house-style/", views.house_style, name="house-style"),
    path("house-style/<int:pk>/theme.css", views.style_sheet, name="style-sheet"),
    path("house-style/<int:pk>/logo", views.logo, name="logo"),
]
