"""Which of many queries find a text: an index from keys to queries, and a verifier for what the index cannot decide.

Each query is put under its rarest clause, and below that under its next rarest (see docs/matcher.md); so a text only
meets the queries of which it holds two anchors. Queries come and go while texts pass. Not safe for several threads.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from operator import attrgetter

from klankbord.listening.matching.clauses import BEGIN, END, Clause, normal_form
from klankbord.listening.matching.keys import ALWAYS, Keys
from klankbord.listening.matching.rarity import Rarity
from klankbord.listening.query import Document, Found, Query
from klankbord.listening.query.tree import And, Node, Not, Or
from klankbord.listening.query.verify import holds

MOST_PLACES = 32
"""Places of one query in the index before its second anchor is left out."""
LEARN_ONE_IN = 8
"""Of so many texts one is learned from: which words are rare changes slowly."""
REVIEW_EVERY = 2_000
"""Texts after which is looked at how well the anchors were chosen."""
TOO_MANY = 50
"""Queries met by a text in vain, on average, from which choosing all anchors anew is worth its price."""


@dataclass(slots=True, eq=False)
class _Entry:
    """A query in the index. ``needed`` and ``clauses`` are what its places leave to check; then ``undecided``."""

    number: int
    dossier: Hashable
    query: Query
    places: tuple[tuple[str, str], ...]
    several: bool
    needed: Clause
    clauses: tuple[Clause, ...]
    forbidden: Clause
    undecided: tuple[Node, ...]
    why: tuple[str, ...] | None

    @property
    def wildcards(self) -> list[str]:
        """The keys of wildcards that are looked for in a text's keys, each once."""
        keys = self.needed.union(self.forbidden, *self.clauses, *self.places)
        return [key for key in keys if key.startswith((BEGIN, END))]


@dataclass(frozen=True)
class Match:
    """A text that a dossier's query found."""

    dossier: Hashable
    query: Query
    document: Document
    always: tuple[str, ...] | None
    """The reasons, where they are the same for every text."""

    @cached_property
    def found(self) -> Found:
        """The satisfied leaves and their stretches of characters."""
        found = self.query.match(self.document)
        assert found is not None, "the matcher and the verifier disagree"
        return found

    @property
    def why(self) -> list[str]:
        """The satisfied leaves as they were written."""
        return self.found.why if self.always is None else list(self.always)


class Matcher:
    """Queries by dossier, ready to be compared with texts one after the other."""

    def __init__(self) -> None:
        self.rarity = Rarity()
        self._entries: dict[Hashable, _Entry] = {}
        self._index: dict[str, dict[str, list[_Entry]]] = {}
        self._wildcards = Keys()
        self._added = 0
        self._passed = 0
        self._in_vain = 0
        self._review_at = REVIEW_EVERY

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, dossier: Hashable) -> bool:
        return dossier in self._entries

    def add(self, dossier: Hashable, query: Query) -> None:
        """Follow this query for a dossier, in place of the one it had."""
        self.remove(dossier)
        self._added += 1
        self._put(_entry(self._added, dossier, query, self.rarity))

    def remove(self, dossier: Hashable) -> None:
        """Follow nothing for a dossier."""
        entry = self._entries.pop(dossier, None)
        if entry is None:
            return
        for first, second in entry.places:
            below = self._index[first]
            below[second].remove(entry)
            if not below[second]:
                del below[second]
            if not below:
                del self._index[first]
        for key in entry.wildcards:
            self._wildcards.remove(key)

    def match(self, document: Document) -> list[Match]:
        """Every dossier whose query finds this text, in the order in which they were added."""
        keys = self._wildcards.of(document)
        found: list[_Entry] = []
        tried: set[_Entry] = set()
        index = self._index
        met = 0
        for first in index.keys() & keys:
            below = index[first]
            for second in below.keys() & keys:
                entries = below[second]
                met += len(entries)
                for entry in entries:
                    if entry.several:
                        if entry in tried:
                            continue
                        tried.add(entry)
                    if (
                        entry.needed <= keys
                        and entry.forbidden.isdisjoint(keys)
                        and (not entry.clauses or not any(map(keys.isdisjoint, entry.clauses)))
                        and (not entry.undecided or all(holds(node, document) for node in entry.undecided))
                    ):
                        found.append(entry)
        self._passed += 1
        self._in_vain += met - len(found)
        if not self._passed % LEARN_ONE_IN:
            self._learn(keys)
        if len(found) > 1:
            found.sort(key=_NUMBER)
        return [Match(entry.dossier, entry.query, document, entry.why) for entry in found]

    def _put(self, entry: _Entry) -> None:
        self._entries[entry.dossier] = entry
        for first, second in entry.places:
            self._index.setdefault(first, {}).setdefault(second, []).append(entry)
        for key in entry.wildcards:
            self._wildcards.add(key)

    def _learn(self, keys: set[str]) -> None:
        """Note which keys are common; when many queries were met in vain, choose all anchors anew by that."""
        self.rarity.learn(keys)
        if self._passed >= self._review_at:
            if self._in_vain > TOO_MANY * REVIEW_EVERY:
                self.choose_anchors()
                # where this did not help it should not be tried all the time
                self._review_at += self._passed
            else:
                self._review_at = self._passed + REVIEW_EVERY
            self._in_vain = 0

    def choose_anchors(self) -> None:
        """Put every query in its place anew, by what was learned since it was added."""
        entries, self._entries = self._entries, {}
        self._index = {}
        self._wildcards = Keys()
        for entry in entries.values():
            self._put(_entry(entry.number, entry.dossier, entry.query, self.rarity))


_NUMBER = attrgetter("number")


def _entry(number: int, dossier: Hashable, query: Query, rarity: Rarity) -> _Entry:
    normal = normal_form(query.plain, rarity.cost)
    ordered = sorted(normal.clauses, key=rarity.cost)
    first, rest = ordered[0], ordered[1:]
    second = frozenset((ALWAYS,))
    if rest and len(first) * len(rest[0]) <= MOST_PLACES:
        second, rest = rest[0], rest[1:]
    places = tuple(product(first, second))
    return _Entry(
        number,
        dossier,
        query,
        places,
        several=len(places) > 1,
        needed=frozenset().union(*(clause for clause in rest if len(clause) == 1)),
        clauses=tuple(clause for clause in rest if len(clause) > 1),
        forbidden=normal.forbidden,
        undecided=normal.undecided,
        why=_always(query.plain),
    )


def _always(plain: Node) -> tuple[str, ...] | None:
    """The reasons that every find of a tree has; None when they differ from text to text."""
    children = plain.children if isinstance(plain, And) else (plain,)
    if any(isinstance(child, Or | And) for child in children):
        return None
    return tuple(dict.fromkeys(child.written for child in children if not isinstance(child, Not | Or | And)))
