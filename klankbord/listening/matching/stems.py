"""Which wildcards a word satisfies: the keys of all wildcards in use, looked up by each beginning and end of a word."""

from __future__ import annotations

from collections import Counter

from klankbord.listening.matching.clauses import BEGIN, END

MOST_REMEMBERED = 50_000
"""Words of which the outcome is remembered: few words make up most texts."""


class Stems:
    """The wildcards in use, each as often as it was added."""

    def __init__(self) -> None:
        self._used: Counter[str] = Counter()
        self._begins: tuple[int, ...] = ()
        self._ends: tuple[int, ...] = ()
        self._lengths: Counter[tuple[str, int]] = Counter()
        self._remembered: dict[str, tuple[str, ...]] = {}

    def __bool__(self) -> bool:
        return bool(self._used)

    def add(self, key: str) -> None:
        self._used[key] += 1
        if self._used[key] == 1:
            self._lengths[key[0], len(key) - 1] += 1
            self._changed()

    def remove(self, key: str) -> None:
        self._used[key] -= 1
        if not self._used[key]:
            del self._used[key]
            self._lengths[key[0], len(key) - 1] -= 1
            self._changed()

    def _changed(self) -> None:
        self._lengths = +self._lengths
        self._begins, self._ends = (
            tuple(sorted(length for mark, length in self._lengths if mark == side)) for side in (BEGIN, END)
        )
        self._remembered.clear()

    def satisfied(self, term: str) -> tuple[str, ...]:
        """The keys of the wildcards that this term satisfies."""
        found = self._remembered.get(term)
        if found is None:
            if len(self._remembered) >= MOST_REMEMBERED:
                self._remembered.clear()
            found = self._remembered[term] = tuple(self._look_up(term))
        return found

    def _look_up(self, term: str) -> list[str]:
        longest = len(term)
        keys = [BEGIN + term[:length] for length in self._begins if length <= longest]
        keys += [END + term[longest - length :] for length in self._ends if length <= longest]
        return [key for key in keys if key in self._used]
