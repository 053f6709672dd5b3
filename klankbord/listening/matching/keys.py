"""The keys of a text: its terms, and of the wildcards in use those that some term satisfies."""

from __future__ import annotations

from collections import Counter
from itertools import chain

from klankbord.base.text.chunks import CURRENCIES, LONGEST_REMEMBERED, MOST_REMEMBERED, terms_of_chunk
from klankbord.listening.matching.clauses import BEGIN, END
from klankbord.listening.query import Document

ALWAYS = ""
"""The key that every text holds."""


class Keys:
    """The wildcards in use, each as often as it was added, and what was made of the chunks of earlier texts."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()
        self._lengths: Counter[tuple[str, int]] = Counter()
        self._begins: tuple[int, ...] = ()
        self._ends: tuple[int, ...] = ()
        self._remembered: dict[str, tuple[str, ...]] = {}

    def add(self, wildcard: str) -> None:
        self._used[wildcard] += 1
        if self._used[wildcard] == 1:
            self._changed(wildcard, 1)

    def remove(self, wildcard: str) -> None:
        self._used[wildcard] -= 1
        if not self._used[wildcard]:
            del self._used[wildcard]
            self._changed(wildcard, -1)

    def _changed(self, wildcard: str, number: int) -> None:
        self._remembered.clear()
        length = wildcard[0], len(wildcard) - 1
        self._lengths[length] += number
        if self._lengths[length] in (0, number):  # the first of this length, or the last
            self._lengths = +self._lengths
            self._begins, self._ends = (
                tuple(sorted(length for mark, length in self._lengths if mark == side)) for side in (BEGIN, END)
            )

    def of(self, document: Document) -> set[str]:
        """Every key that a text holds."""
        chunks = document.text.split()
        try:
            return {ALWAYS}.union(*map(self._remembered.__getitem__, chunks))
        except KeyError:
            return self._of_new(chunks, document)

    def _of_new(self, chunks: list[str], document: Document) -> set[str]:
        keys = {ALWAYS}
        for chunk in chunks:
            keys.update(self._remembered.get(chunk) or self._look_up(chunk))
            if chunk[-1] in CURRENCIES:  # a price reaches across the space
                return keys.union(document.terms, *map(self._satisfied, document.terms))
        return keys

    def _look_up(self, chunk: str) -> tuple[str, ...]:
        terms = terms_of_chunk(chunk)
        keys = tuple(chain(terms, *map(self._satisfied, terms)))
        if len(chunk) <= LONGEST_REMEMBERED and chunk[-1] not in CURRENCIES:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            self._remembered[chunk] = keys
        return keys

    def _satisfied(self, term: str) -> list[str]:
        """The wildcards in use that a term satisfies."""
        longest = len(term)
        keys = [BEGIN + term[:length] for length in self._begins if length <= longest]
        keys += [END + term[longest - length :] for length in self._ends if length <= longest]
        return [key for key in keys if key in self._used]
