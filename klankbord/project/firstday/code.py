"""The set-up code: who can read the screen of ``klankbord start`` or the secrets file may found an organisation."""

from __future__ import annotations

import time
from hmac import compare_digest

from django.conf import settings
from django.http import HttpRequest

LASTS = 4 * 60 * 60  # seconds
KEY = "setup_code_until"


def plain(code: str) -> str:
    """As it may be typed: small letters, spaces and dashes make no difference."""
    return "".join(sign for sign in code.upper() if sign.isascii() and sign.isalnum())


def is_right(code: str) -> bool:
    return compare_digest(plain(code).encode(), plain(settings.SETUP_CODE).encode())


def remember(request: HttpRequest) -> None:
    request.session[KEY] = int(time.time()) + LASTS


def was_shown(request: HttpRequest) -> bool:
    """Whether this browser showed the code in the last hours."""
    return int(request.session.get(KEY, 0)) > time.time()
