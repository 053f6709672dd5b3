"""Hashes that say nothing without this installation's key: the same for the same organisation, another for the next."""

from __future__ import annotations

import base64
import hashlib
import hmac

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings

SIGNS = 32
"""Hexadecimals of a hash: 128 bits, so that two things never meet by chance."""


def keyed_hash(organisation_id: int, purpose: str, text: str) -> str:
    """HMAC-SHA-256 of a text under the key of one organisation and one purpose, cut to 128 bits, in hexadecimals."""
    key = _key(f"{purpose}:{organisation_id}")
    return hmac.new(key, text.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:SIGNS]


def seal(organisation_id: int, text: str) -> str:
    """Encrypt a text with the key of one organisation; the same text gives another result each time."""
    return _fernet(organisation_id).encrypt(text.encode()).decode("ascii")


def unseal(organisation_id: int, sealed: str) -> str | None:
    """What was sealed; None when it was sealed with another key."""
    try:
        return _fernet(organisation_id).decrypt(sealed.encode("ascii")).decode()
    except InvalidToken:
        return None


def _key(name: str) -> bytes:
    return hmac.new(settings.FIELD_ENCRYPTION_KEY.encode(), name.encode(), hashlib.sha256).digest()


def _fernet(organisation_id: int) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(f"seal:{organisation_id}")))
