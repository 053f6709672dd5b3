"""A query that cannot be followed, and remarks on one that can."""

from __future__ import annotations

from dataclasses import dataclass

LONGEST = 20_000
"""Characters of a query."""
MOST_LEAVES = 1_000
DEEPEST = 40
"""Parentheses inside parentheses."""
LONGEST_PHRASE = 50
"""Words between quotation marks."""
FURTHEST = 100
"""Positions that two words of NEAR may be apart."""


class Refused(Exception):
    """Why a query is not followed: a sentence for people, the spot (``start:end``, characters), and a repair.

    ``suggestion`` is a whole query that is accepted, or empty where none is evident.
    """

    def __init__(self, message: str, start: int, end: int, suggestion: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.suggestion = suggestion


@dataclass(frozen=True, slots=True)
class Hint:
    """A remark on an accepted query that may not mean what its writer thinks, with the query that perhaps was meant."""

    message: str
    start: int
    end: int
    suggestion: str
