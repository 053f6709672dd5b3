"""Words that touch special categories of personal data (AVG 9(1)) or offences (AVG 10), in what a dossier asks for.

A rule on what was written, by word lists in ``data`` that were written by hand: it flags and asks for a ground, and
never says that somebody is or believes something. What is left out with NOT is not asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from klankbord.base.text.folding import fold
from klankbord.base.text.tokens import query_terms
from klankbord.listening.models import Dossier
from klankbord.listening.persons import is_place
from klankbord.listening.query import Query
from klankbord.listening.query.tree import And, Begin, End, Near, Node, Not, Or, Term, Words
from klankbord.listening.words import word_list

SHORTEST_STEM = 5
"""Letters of a beginning (``mosli*``) that says enough to be held against longer words."""
_STREETS = ("straat", "weg", "laan", "plein", "dreef", "kade", "singel", "steeg", "pad")
"""A street may be named after anything."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A category and the words of the query that touch it."""

    category: str
    words: list[str]

    @property
    def name(self) -> str:
        return str(Dossier.Special(self.category).label)


def special_in(query: Query) -> list[Touched]:
    """The special categories that a query asks for, in the order of the law."""
    return _touched(set(_asked(query.plain)))


def special_in_words(words: Iterable[str]) -> list[Touched]:
    """The same for plain words."""
    return _touched({(term, False) for word in words for term in query_terms(word)})


def _touched(terms: set[tuple[str, bool]]) -> list[Touched]:
    found: dict[str, set[str]] = {}
    for term, begins in terms:
        bare = term.lstrip("#@")
        for category in _categories(bare, begins=begins):
            found.setdefault(category, set()).add(bare)
    return [Touched(category, sorted(found[category])) for category in Dossier.Special.values if category in found]


def _asked(node: Node) -> Iterator[tuple[str, bool]]:
    """The folded terms a tree asks for, each with whether it is only the beginning of a word."""
    match node:
        case And(children) | Or(children):
            for child in children:
                yield from _asked(child)
        case Near(left=left, right=right):
            for side in (*left, *right):
                yield from _asked(side)
        case Words(elements=elements):
            for element in elements:
                match element:
                    case Term(term) | End(term):
                        yield term, False
                    case Begin(stem):
                        yield stem, True
        case Not():
            return


def _categories(term: str, *, begins: bool) -> Iterator[str]:
    if is_place(term) or term.endswith(_STREETS):
        return
    for category in Dossier.Special.values:
        exact, stems = _words(category)
        longer = begins and len(term) >= SHORTEST_STEM and any(word.startswith(term) for word in (*exact, *stems))
        if longer or term in exact or term.startswith(stems):
            yield category


@cache
def _words(category: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Whole words, and beginnings of words."""
    words = {fold(word) for word in word_list(f"bijzonder-{category}")}
    stems = {word for word in words if word.endswith("*")}
    return frozenset(words - stems), tuple(sorted(word.removesuffix("*") for word in stems))
