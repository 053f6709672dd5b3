"""How rare a key is, learned from the texts that pass; before any passed, guessed from its length."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet

from klankbord.listening.matching.clauses import BEGIN, END, Clause

ENOUGH = 1_000
"""Texts to see before what was learned counts for more than the guess."""
MOST_KEYS = 300_000
"""Kept at once; beyond that what was seen once is forgotten."""
_GUESSES = (1.0, 0.9, 0.5, 0.2, 0.05, 0.02, 0.01, 0.005)
"""Share of the texts that hold a word of so many letters; longer ones a little less for each letter."""


class Rarity:
    """Counts in how many texts each key stood."""

    def __init__(self) -> None:
        self.texts = 0
        self._seen: Counter[str] = Counter()

    def learn(self, keys: AbstractSet[str]) -> None:
        """One more text, by all its keys."""
        self.texts += 1
        self._seen.update(keys)
        if len(self._seen) > MOST_KEYS:
            self._seen = Counter({key: count for key, count in self._seen.items() if count > 1})

    def share(self, key: str) -> float:
        """The share of texts expected to hold this key."""
        guess = _guess(key)
        if self.texts < ENOUGH:
            return guess
        # a key that was not seen at all is as rare as its guess says, but no commoner than once in what was seen
        return (self._seen[key] + min(guess, 0.5)) / self.texts

    def cost(self, clause: Clause) -> float:
        """The share of texts expected to hold some key of a clause, at most."""
        return sum(map(self.share, clause))


def _guess(key: str) -> float:
    wide = 5.0 if key[:1] in (BEGIN, END) else 0.3 if key[:1] in "#@" else 1.0
    length = len(key) - 1 if wide != 1.0 else len(key)
    return min(1.0, wide * (_GUESSES[length] if length < len(_GUESSES) else 0.04 / length))
