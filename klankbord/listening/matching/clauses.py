"""The normal form in which queries are compared with a text: clauses over keys, and what they leave undecided.

A *key* is what a text can be looked up by: a term, or a wildcard that some term of the text satisfies. A *clause* is a
set of keys of which a text must hold at least one to be found: a conjunctive normal form that is implied by the query,
and equal to it as far as ``exact`` says. So any clause is a sufficient set of anchors.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from klankbord.listening.query.tree import (
    And,
    Anything,
    Begin,
    Element,
    End,
    Filter,
    Near,
    Node,
    Not,
    Or,
    Rule,
    Term,
    Words,
)

Clause = frozenset[str]
Cost = Callable[[Clause], float]
"""How often a text is expected to hold some key of a clause."""

BEGIN, END = "\x00", "\x01"
"""The first character of the key of a wildcard; no term holds one of these."""


@dataclass(frozen=True, slots=True)
class Normal:
    """A query as ``clauses`` that must each be hit, keys that must be absent, and nodes still to be verified."""

    clauses: tuple[Clause, ...]
    forbidden: Clause
    undecided: tuple[Node, ...]


def key_of(element: Element) -> str:
    """The key that every text with this element holds; empty for just any word."""
    match element:
        case Term(term):
            return term
        case Begin(stem):
            return BEGIN + stem
        case End(stem):
            return END + stem
        case Anything():
            return ""


def normal_form(plain: Node, cost: Cost) -> Normal:
    """The normal form of a tree in negation normal form; where only one clause can be kept, the rarest."""
    clauses: dict[Clause, None] = {}
    forbidden: set[str] = set()
    undecided: list[Node] = []
    for node in plain.children if isinstance(plain, And) else (plain,):
        if isinstance(node, Not):
            key = _single(node.child)
            if key:
                forbidden.add(key)
            else:
                undecided.append(node)
            continue
        found, exact = _clauses(node, cost)
        clauses.update(dict.fromkeys(found))
        if not exact:
            undecided.append(node)
    return Normal(tuple(clauses), frozenset(forbidden), tuple(undecided))


def _single(node: Node) -> str:
    """The one key that is all that a node asks for, or empty."""
    match node:
        case Words(elements=(element,), rule=Rule.FOLDED):
            return key_of(element)
    return ""


def _clauses(node: Node, cost: Cost) -> tuple[list[Clause], bool]:
    """Clauses that follow from a node, and whether they say all of it. None for what can hold without any word."""
    match node:
        case Words():
            return _of_words(node), bool(_single(node))
        case Near(left=left, right=right):
            return [_of_choice([_clauses(one, cost)[0] for one in side], cost) for side in (left, right)], False
        case And(children):
            each = [_clauses(child, cost) for child in children]
            return [clause for found, _exact in each for clause in found], all(exact for _found, exact in each)
        case Or(children):
            each = [_clauses(child, cost) for child in children]
            if not all(found for found, _exact in each):
                return [], False
            exact = all(exact and len(found) == 1 for found, exact in each)
            return [_of_choice([found for found, _exact in each], cost)], exact
        case Filter() | Not():
            return [], False


def _of_words(words: Words) -> list[Clause]:
    joined = {words.joined} if words.joined else set()
    return [frozenset({key, *joined}) for element in words.elements if (key := key_of(element))]


def _of_choice(options: list[list[Clause]], cost: Cost) -> Clause:
    """One clause for a choice: the rarest of each option together."""
    return frozenset().union(*(min(clauses, key=cost) for clauses in options))
