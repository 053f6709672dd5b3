"""Sentences of the query language, in the visitor's language on a screen and on the command line alike."""

from __future__ import annotations

import sys

from klankbord.base import language


def gettext(message: str) -> str:
    """The sentence translated by Django where it runs, else by the house itself: the language needs no Django."""
    apps = sys.modules.get("django.apps")
    if apps is not None and apps.apps.ready:
        from django.utils.translation import gettext as translated

        return translated(message)
    return language.gettext(message)
