"""One spelling for matching: no case, no accents, no invisible characters."""

from __future__ import annotations

import unicodedata

_INVISIBLE_RANGES = (
    (0x00AD, 0x00AD),
    (0x034F, 0x034F),
    (0x061C, 0x061C),
    (0x180E, 0x180E),
    (0x200B, 0x200F),
    (0x202A, 0x202E),
    (0x2060, 0x2064),
    (0x2066, 0x2069),
    (0xFE00, 0xFE0F),
    (0xFEFF, 0xFEFF),
)
INVISIBLE = "".join(f"{chr(first)}-{chr(last)}" for first, last in _INVISIBLE_RANGES)
"""Regex ranges: soft hyphen, zero-width and bidi characters, variation selectors. They never separate words."""

_WITHOUT_INVISIBLE = {point: None for first, last in _INVISIBLE_RANGES for point in range(first, last + 1)}

_SPECIAL = str.maketrans(
    {
        "\u0131": "i",
        "ø": "o",
        "ł": "l",
        "đ": "d",
        "ħ": "h",
        "ð": "d",
        "þ": "th",
        "æ": "ae",
        "œ": "oe",
        "\u2019": "'",
        "\u2018": "'",
        "\u02bc": "'",
        "\u2010": "-",
        "\u2011": "-",
    }
)
"""Letters that Unicode does not decompose, and the apostrophes and hyphens people mix up."""


def fold(text: str) -> str:
    """Fold case and accents: ``Één`` and ``een``, ``Straße`` and ``STRASSE``, ``ĳs`` and ``IJs`` become equal.

    Compatibility decomposition, case folding, and removal of the marks with a Unicode combining class above 0,
    so the vowel signs of Indic scripts stay. Idempotent.
    """
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.translate(_WITHOUT_INVISIBLE)).casefold().translate(_SPECIAL)
    letters = unicodedata.normalize("NFKD", plain)
    bare = "".join(character for character in letters if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare)
