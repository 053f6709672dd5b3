"""The query language of dossiers: one for live matching, archive search and the command line.

``parse(text)`` gives a :class:`Query` or raises :class:`Refused`. See docs/query-language.md. Knows no database.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from klankbord.listening.query.document import Document
from klankbord.listening.query.explain import explanation
from klankbord.listening.query.parser import read
from klankbord.listening.query.refused import Hint, Refused
from klankbord.listening.query.tree import AnyLeaf, Filter, Near, Node, Words, leaves, positive
from klankbord.listening.query.verify import Found, Stretch, explained, spans

__all__ = ["Document", "Filter", "Found", "Hint", "Near", "Query", "Refused", "Stretch", "Words", "parse"]


@dataclass(frozen=True)
class Query:
    """An accepted query: ``root`` is what was written, ``plain`` the same with NOT only right above leaves."""

    text: str
    root: Node
    hints: tuple[Hint, ...] = ()

    @cached_property
    def plain(self) -> Node:
        return positive(self.root)

    @property
    def leaves(self) -> list[AnyLeaf]:
        """Every leaf in the order of the query, the unwanted ones too, with where it stands in ``text``."""
        return list(leaves(self.root))

    def explain(self) -> str:
        """What this finds, in one plain sentence."""
        return explanation(self.plain)

    def match(self, document: Document) -> Found | None:
        """Which leaves a text satisfies and where, or None when this query does not find it."""
        return explained(self.plain, document)

    def highlights(self, text: str) -> list[Stretch]:
        """The stretches of a text (a part of a find, such as its body alone) where wanted leaves stand."""
        document = Document(text)
        found = Found(tuple((leaf, tuple(spans(leaf, document))) for leaf in _wanted(self.plain)))
        return found.spans


def _wanted(node: Node) -> list[AnyLeaf]:
    """The leaves of a tree in negation normal form that are not under NOT."""
    children = getattr(node, "children", None)
    if children is not None:
        return [leaf for child in children for leaf in _wanted(child)]
    return [node] if isinstance(node, Words | Near | Filter) else []


def parse(text: str) -> Query:
    """Read a query. Raises Refused, which names the spot and, where it can, a repair that is itself accepted."""
    try:
        root, hints = read(text)
    except Refused as refused:
        refused.suggestion = _accepted(refused.suggestion)
        raise
    return Query(text, root, tuple(hints))


def _accepted(suggestion: str) -> str:
    """A suggestion that can be followed: repaired further where it has more faults, or empty."""
    for _round in range(4):
        if not suggestion:
            return ""
        try:
            read(suggestion)
        except Refused as refused:
            suggestion = refused.suggestion
        else:
            return suggestion
    return ""
