"""A text as queries see it: its tokens, its terms, and what is known of the post."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

from klankbord.base.text.chunks import terms_in
from klankbord.base.text.tokens import Token, tokenize


@dataclass(frozen=True)
class Document:
    """A text with its channel, language and source (a host or address), each empty when unknown."""

    text: str
    channel: str = ""
    language: str = ""
    source: str = ""
    published_at: datetime | None = field(default=None, compare=False)

    @cached_property
    def tokens(self) -> list[Token]:
        return tokenize(self.text)

    @cached_property
    def terms(self) -> frozenset[str]:
        """Every term by which some token is found."""
        return frozenset(terms_in(self.text))

    @cached_property
    def _positions(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for token in self.tokens:
            for term in token.terms:
                found.setdefault(term, []).append(token.position)
        return found

    def positions(self, term: str) -> list[int]:
        """Where tokens with this term stand, in order."""
        return self._positions.get(term, [])

    @cached_property
    def _forward(self) -> list[str]:
        return sorted(self.terms)

    @cached_property
    def _backward(self) -> list[str]:
        return sorted(term[::-1] for term in self.terms)

    def beginning(self, stem: str) -> Iterator[str]:
        """The terms that begin so."""
        return _with_prefix(self._forward, stem)

    def ending(self, stem: str) -> Iterator[str]:
        """The terms that end so."""
        return (term[::-1] for term in _with_prefix(self._backward, stem[::-1]))


def _with_prefix(ordered: list[str], prefix: str) -> Iterator[str]:
    at = bisect_left(ordered, prefix)
    while at < len(ordered) and ordered[at].startswith(prefix):
        yield ordered[at]
        at += 1
