"""Accounts as people name them in a text: ``@name``, ``@name@server``, also inside an address."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from klankbord.base.text.folding import fold

# not behind a block of what is covered already, so that covering twice is covering once
_HANDLE = re.compile(r"(?<![\w@█])@\w(?:[\w.-]*\w)?(?:@\w(?:[\w.-]*\w)?)*")


def handles_in(text: str) -> Iterator[re.Match[str]]:
    """Where accounts are named. Without a letter it is a time (``@18.00``) or a point on a map. Linear."""
    if "@" not in text:
        return
    for found in _HANDLE.finditer(text):
        if any(map(str.isalpha, found[0])):
            yield found


def is_among(handle: str, known: Collection[str]) -> bool:
    """Whether a handle is one of these, folded. An address without an at sign first is only equal to itself.

    Networks leave the server out for who is on it, so ``@name`` may be a known ``@name@server``; and a known ``@name``
    is that name on every server.
    """
    asked = fold(handle)
    if asked in known or f"@{asked}" in known:
        return True
    if not asked.startswith("@"):
        return False
    name, _at, server = asked[1:].partition("@")
    return f"@{name}" in known or (not server and any(one.startswith(f"@{name}@") for one in known))
