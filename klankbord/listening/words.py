"""Word lists of this room, written down by hand: in ``data``, words with spaces between them."""

from __future__ import annotations

from importlib import resources


def word_list(name: str) -> frozenset[str]:
    """The words of one list, in lower case as they are kept."""
    text = (resources.files("klankbord.listening") / "data" / f"{name}.txt").read_text(encoding="utf-8")
    return frozenset(text.split())
