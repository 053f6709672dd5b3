"""What a query says, as a tree. Where something stands in the query does not count when two trees are compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Term:
    """One token of a text that can be found by this folded term; ``#`` in front: only the hashtag."""

    term: str
    spelled: str = ""
    """How it must be written, where that counts."""


@dataclass(frozen=True, slots=True)
class Begin:
    """One token with a term that begins so; ``#`` in front: only hashtags."""

    stem: str


@dataclass(frozen=True, slots=True)
class End:
    """One token with a term that ends so."""

    stem: str


@dataclass(frozen=True, slots=True)
class Anything:
    """One token, whichever; only between others."""


Element = Term | Begin | End | Anything


class Rule(StrEnum):
    """What counts beside the words themselves."""

    FOLDED = "folded"
    SPELLED = "spelled"
    PLACE = "place"


class Field(StrEnum):
    """What can be asked of a post beside its words."""

    CHANNEL = "channel"
    LANGUAGE = "language"
    SOURCE = "source"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A smallest part of a query: ``written`` stands at ``start:end`` of it."""

    written: str
    start: int = field(compare=False)
    end: int = field(compare=False)


@dataclass(frozen=True, slots=True)
class Words(Leaf):
    """One word or several side by side. ``joined`` is the hashtag that says the same in one (``#denhaag``), if any."""

    elements: tuple[Element, ...]
    rule: Rule = Rule.FOLDED
    joined: str = ""


@dataclass(frozen=True, slots=True)
class Near(Leaf):
    """One of ``left`` and one of ``right``, at most ``distance`` positions apart in either order."""

    left: tuple[Words, ...]
    right: tuple[Words, ...]
    distance: int


@dataclass(frozen=True, slots=True)
class Filter(Leaf):
    """A demand on the post itself. It narrows what is found and finds nothing alone."""

    field: Field
    value: str
    """Folded; a language as its code, a source as a host."""


@dataclass(frozen=True, slots=True)
class And:
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    child: Node


AnyLeaf = Words | Near | Filter
Node = AnyLeaf | And | Or | Not


def leaves(node: Node) -> Iterator[AnyLeaf]:
    """Every leaf, in the order of the query."""
    match node:
        case And(children) | Or(children):
            for child in children:
                yield from leaves(child)
        case Not(child):
            yield from leaves(child)
        case _:
            yield node


def positive(node: Node) -> Node:
    """The same question with NOT only right above leaves (negation normal form), and without nested AND or OR."""
    return _pushed(node, negated=False)


def _pushed(node: Node, *, negated: bool) -> Node:
    match node:
        case Not(child):
            return _pushed(child, negated=not negated)
        case And(children) | Or(children):
            kind = And if isinstance(node, And) is not negated else Or
            flat: dict[Node, None] = {}
            for child in children:
                pushed = _pushed(child, negated=negated)
                flat.update(dict.fromkeys(pushed.children if isinstance(pushed, kind) else (pushed,)))
            return kind(tuple(flat)) if len(flat) > 1 else next(iter(flat))
        case _:
            return Not(node) if negated else node


def finds_something(node: Node) -> bool:
    """Whether every text found by this tree (in negation normal form) holds some word that it asks for."""
    match node:
        case And(children):
            return any(map(finds_something, children))
        case Or(children):
            return all(map(finds_something, children))
        case Words() | Near():
            return True
        case _:
            return False
