"""Reads a query by its grammar (docs/query-language.md): OR binds loosest, then AND, then NOT, then NEAR."""

from __future__ import annotations

from klankbord.listening.query.lexer import Piece, Sign, pieces, replaced
from klankbord.listening.query.reading import leaf
from klankbord.listening.query.refused import DEEPEST, MOST_LEAVES, Hint, Refused
from klankbord.listening.query.sentences import gettext as _
from klankbord.listening.query.tree import (
    And,
    AnyLeaf,
    Near,
    Node,
    Not,
    Or,
    Words,
    finds_something,
    leaves,
    positive,
)

_LOWER = {"and": "AND", "en": "EN", "or": "OR", "of": "OF", "not": "NOT", "niet": "NIET"}
MOST_NEAR = 50
"""Words on one side of NEAR."""


def read(query: str) -> tuple[Node, list[Hint]]:
    """The tree of a query, and remarks on it. Raises Refused."""
    found = pieces(query)
    if not found:
        raise Refused(_("There is nothing here yet. Write the words to look for."), 0, len(query))
    if sum(piece.sign is Sign.LEAF for piece in found) > MOST_LEAVES:
        message = _("This query is too long: at most {most} words and phrases.").format(most=MOST_LEAVES)
        raise Refused(message, 0, len(query))
    root = _Reader(query, found).all()
    _refuse_without_words(query, root)
    return root, _hints(query, found)


class _Reader:
    """Recursive descent: one method for each rule of the grammar; at most ``DEEPEST`` levels."""

    def __init__(self, query: str, found: list[Piece]) -> None:
        self.query, self.pieces = query, found
        self.at = 0
        self.depth = 0

    def sign(self) -> Sign | None:
        """What the next piece is; None at the end."""
        return self.pieces[self.at].sign if self.at < len(self.pieces) else None

    def all(self) -> Node:
        node = self.either()
        if self.sign() is Sign.CLOSE:
            extra = self.pieces[self.at]
            message = _("This parenthesis closes nothing.")
            raise Refused(message, extra.start, extra.end, self.without(extra))
        return node

    def either(self) -> Node:
        children = [self.both()]
        while self.sign() is Sign.OR:
            self.at += 1
            children.append(self.both())
        return Or(tuple(children)) if len(children) > 1 else children[0]

    def both(self) -> Node:
        children = [self.perhaps_not()]
        while self.sign() not in (None, Sign.OR, Sign.CLOSE):
            if self.sign() is Sign.AND:
                self.at += 1
            children.append(self.perhaps_not())
        return And(tuple(children)) if len(children) > 1 else children[0]

    def perhaps_not(self) -> Node:
        negations = 0
        while self.sign() is Sign.NOT:
            negations += 1
            self.at += 1
        node = self.near()
        return Not(node) if negations % 2 else node

    def near(self) -> Node:
        first = self.at
        left = self.smallest()
        if self.sign() is not Sign.NEAR:
            return left
        operator = self.pieces[self.at]
        self.at += 1
        right = self.smallest()
        if self.sign() is Sign.NEAR:
            self.refuse_chain(first, operator)
        start, end = self.pieces[first].start, self.pieces[self.at - 1].end
        sides = self.side(left, operator), self.side(right, operator)
        return Near(self.query[start:end], start, end, *sides, operator.distance)

    def smallest(self) -> Node:
        piece = self.pieces[self.at] if self.at < len(self.pieces) else None
        if piece is None or piece.sign not in (Sign.OPEN, Sign.LEAF):
            raise self.missing(piece)
        self.at += 1
        return leaf(self.query, piece) if piece.sign is Sign.LEAF else self.group(piece)

    def group(self, opening: Piece) -> Node:
        if self.sign() is Sign.CLOSE:
            end = self.pieces[self.at].end
            message = _("There is nothing between these parentheses.")
            raise Refused(message, opening.start, end, replaced(self.query, opening.start, end, ""))
        self.depth += 1
        if self.depth > DEEPEST:
            message = _("These parentheses are nested too deep: at most {most}.").format(most=DEEPEST)
            raise Refused(message, opening.start, opening.end)
        node = self.either()
        if self.sign() is not Sign.CLOSE:
            message = _("This parenthesis is opened and never closed.")
            raise Refused(message, opening.start, opening.end, self.query.rstrip() + ")")
        self.at += 1
        self.depth -= 1
        return node

    def missing(self, piece: Piece | None) -> Refused:
        """What to say where a word was expected and something else, or nothing, stands."""
        before = self.pieces[self.at - 1] if self.at else None
        if before is not None and before.sign not in (Sign.LEAF, Sign.OPEN, Sign.CLOSE):
            message = _("After {operator} a word is missing.").format(operator=before.text)
            return Refused(message, before.start, before.end, self.without(before))
        if piece is None:
            opening = self.pieces[-1]
            message = _("This parenthesis is opened and never closed.")
            return Refused(message, opening.start, opening.end, self.without(opening))
        if piece.sign is Sign.CLOSE:
            return Refused(_("This parenthesis closes nothing."), piece.start, piece.end, self.without(piece))
        message = _("Before {operator} a word is missing.").format(operator=piece.text)
        return Refused(message, piece.start, piece.end, self.without(piece))

    def without(self, piece: Piece) -> str:
        return replaced(self.query, piece.start, piece.end, " ")

    def side(self, node: Node, operator: Piece) -> tuple[Words, ...]:
        """One side of NEAR: a word, a phrase, or a choice of those."""
        words = [node] if isinstance(node, Words) else list(node.children) if isinstance(node, Or) else []
        flat = [one for one in words if isinstance(one, Words)]
        if not flat or len(flat) != len(words) or len(flat) > MOST_NEAR:
            message = _(
                "On either side of {operator} stands a word, a phrase, or some of those with OR between parentheses."
            )
            suggestion = replaced(self.query, operator.start, operator.end, "AND")
            raise Refused(message.format(operator=operator.text), operator.start, operator.end, suggestion)
        return tuple(dict.fromkeys(flat))

    def refuse_chain(self, first: int, operator: Piece) -> None:
        second = self.pieces[self.at]
        message = _("{operator} stands between two things, not three. Write it twice with AND between.")
        start, end = self.pieces[first].start, operator.start
        one, two = self.query[start:end].strip(), self.query[operator.end : second.start].strip()
        self.at += 1
        self.smallest()
        stop = self.pieces[self.at - 1].end
        three = self.query[second.end : stop].strip()
        instead = f"({one} {operator.text} {two}) AND ({two} {second.text} {three})"
        suggestion = replaced(self.query, start, stop, instead)
        raise Refused(message.format(operator=operator.text), second.start, second.end, suggestion)


def _refuse_without_words(query: str, root: Node) -> None:
    """A query must say what to find, in each of its alternatives."""
    plain = positive(root)
    for option in plain.children if isinstance(plain, Or) else (plain,):
        if finds_something(option):
            continue
        found = list(leaves(option))
        start, end = found[0].start, found[-1].end
        start, end = min(start, end), max(start, end)
        if any(isinstance(one, Not) for one in (option.children if isinstance(option, And) else (option,))):
            message = _(
                "This only says what must not be there, and would find nearly everything. Also say what to look for."
            )
        elif isinstance(option, Or | And) and any(map(_words_in, found)):
            message = _("One of the choices here names no word to look for, and would find nearly everything.")
        else:
            message = _(
                "This only says where to look, and would find everything there. Also say which words to look for."
            )
        raise Refused(message, start, end)


def _words_in(leaf: AnyLeaf) -> bool:
    return isinstance(leaf, Words | Near)


def _hints(query: str, found: list[Piece]) -> list[Hint]:
    """Operators in lower case are ordinary words; between other words that is hardly ever meant."""
    return [
        Hint(
            _("“{word}” is an ordinary word here, which must be in the text. In capitals it is an operator.").format(
                word=piece.text
            ),
            piece.start,
            piece.end,
            replaced(query, piece.start, piece.end, instead),
        )
        for piece in found[1:-1]
        if piece.sign is Sign.LEAF and (instead := _LOWER.get(piece.text))
    ]
