"""Translates the sentences of the command line, where Django is not running (yet)."""

from __future__ import annotations

import os
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

LOCALE = Path(__file__).resolve().parent.parent / "locale"


@cache
def _catalogue(language: str) -> NullTranslations:
    return translation("django", localedir=str(LOCALE), languages=[language], fallback=True)


def gettext(message: str) -> str:
    """The sentence in the language of ``KLANKBORD_LANGUAGE`` (Dutch when unset)."""
    return _catalogue(os.environ.get("KLANKBORD_LANGUAGE", "nl")).gettext(message)
