"""Decides whether a text satisfies a query, and where. Every other way to search ends here.

Nothing is worse than linear in the text times the leaves of the query, apart from sorting.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from klankbord.base.text.folding import fold
from klankbord.base.text.tokens import Kind, Token
from klankbord.listening.query.document import Document
from klankbord.listening.query.reading import host, language_code, spelling
from klankbord.listening.query.refused import LONGEST_PHRASE
from klankbord.listening.query.tree import (
    And,
    AnyLeaf,
    Anything,
    Begin,
    Element,
    End,
    Field,
    Filter,
    Near,
    Node,
    Not,
    Or,
    Rule,
    Term,
    Words,
)

Stretch = tuple[int, int]
"""First and last position, or first character and the one after the last."""

_TO_A_PLACE = frozenset(
    (
        *("in", "te", "uit", "naar", "vanuit", "tot", "via", "bij", "rond", "rondom", "nabij", "richting", "vlakbij"),
        *("gemeente", "stad", "dorp", "plaats", "centrum", "omgeving", "station", "regio", "heel"),
    )
)
"""After these a name in lower case is still a place: people write "we wonen in haren"."""


@dataclass(frozen=True, slots=True)
class Found:
    """Why a text was found: the leaves that it satisfies, each with its stretches of characters (none for a filter)."""

    leaves: tuple[tuple[AnyLeaf, tuple[Stretch, ...]], ...]

    @property
    def why(self) -> list[str]:
        """The satisfied leaves as they were written, each once."""
        return list(dict.fromkeys(leaf.written for leaf, _stretches in self.leaves))

    @property
    def spans(self) -> list[Stretch]:
        """Every stretch to highlight, in order, joined where they overlap."""
        joined: list[Stretch] = []
        for start, end in sorted(span for _leaf, spans in self.leaves for span in spans):
            if joined and start < joined[-1][1]:
                joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
            else:
                joined.append((start, end))
        return joined


def explained(root: Node, document: Document) -> Found | None:
    """Every reason why a text satisfies a tree (in negation normal form); None when it does not."""
    reasons: dict[AnyLeaf, None] = {}
    if not _reasons(root, document, reasons):
        return None
    return Found(tuple((leaf, tuple(spans(leaf, document))) for leaf in reasons))


def _reasons(node: Node, document: Document, reasons: dict[AnyLeaf, None]) -> bool:
    """Whether a node holds; the leaves of whatever holds are added to ``reasons``."""
    match node:
        case And(children):
            here: dict[AnyLeaf, None] = {}
            if not all(_reasons(child, document, here) for child in children):
                return False
            reasons.update(here)
            return True
        case Or(children):
            # every choice that holds is a reason, so this looks at all of them
            held = [_reasons(child, document, reasons) for child in children]
            return any(held)
        case Not(child):
            return not holds(child, document)
        case _:
            if not leaf_holds(node, document):
                return False
            reasons[node] = None
            return True


def holds(node: Node, document: Document) -> bool:
    """Whether a text satisfies a tree."""
    match node:
        case And(children):
            return all(holds(child, document) for child in children)
        case Or(children):
            return any(holds(child, document) for child in children)
        case Not(child):
            return not holds(child, document)
        case _:
            return leaf_holds(node, document)


def leaf_holds(leaf: AnyLeaf, document: Document) -> bool:
    match leaf:
        case Words(elements=(Term(term, ""),), rule=Rule.FOLDED):
            return term in document.terms
        case Words():
            return bool(occurrences(leaf, document))
        case Near(left=left, right=right, distance=distance):
            return bool(_near(_all(left, document), _all(right, document), distance, first_only=True))
        case Filter():
            return _passes(leaf, document)


def spans(leaf: AnyLeaf, document: Document) -> list[Stretch]:
    """The stretches of characters where a leaf stands in a text, in order."""
    match leaf:
        case Words():
            found = occurrences(leaf, document)
        case Near(left=left, right=right, distance=distance):
            one, other = _all(left, document), _all(right, document)
            found = sorted({*_near(one, other, distance), *_near(other, one, distance)})
        case Filter():
            return []
    tokens = document.tokens
    return [(tokens[first].start, tokens[last].end) for first, last in found]


def occurrences(words: Words, document: Document) -> list[Stretch]:
    """Where these words stand side by side, as first and last position, in order."""
    found = _side_by_side(words.elements, document)
    if words.rule is Rule.SPELLED:
        found = [place for place in found if _is_spelled(words.elements, document.tokens, place[0])]
    elif words.rule is Rule.PLACE:
        found = [place for place in found if _is_a_place(document.tokens, *place)]
    if words.joined:
        found = sorted({*found, *((at, at) for at in document.positions(words.joined))})
    return found


def _side_by_side(elements: tuple[Element, ...], document: Document) -> list[Stretch]:
    if len(elements) == 1:
        return [(at, at) for at in _positions(elements[0], document)]
    starts: set[int] | None = None
    for offset, element in enumerate(elements):
        if isinstance(element, Anything):
            continue
        here = {at - offset for at in _positions(element, document)}
        starts = here if starts is None else starts & here
        if not starts:
            return []
    last = len(elements) - 1
    return [(at, at + last) for at in sorted(starts or ())]


def _positions(element: Element, document: Document) -> list[int]:
    match element:
        case Term(term):
            return document.positions(term)
        case Begin(stem):
            terms = document.beginning(stem)
        case End(stem):
            terms = document.ending(stem)
        case Anything():
            return list(range(len(document.tokens)))
    return sorted({at for term in terms for at in document.positions(term)})


def _is_spelled(elements: tuple[Element, ...], tokens: list[Token], first: int) -> bool:
    return all(
        isinstance(element, Term) and element.spelled in spelling(tokens[first + offset].text)
        for offset, element in enumerate(elements)
    )


def _is_a_place(tokens: list[Token], first: int, last: int) -> bool:
    """Whether these tokens are a name: a hashtag, with a capital, or in lower case after a word that leads to a place.

    Capitals prove nothing where the words around are all capitals too.
    """
    here = tokens[first : last + 1]
    if any(token.kind is Kind.HASHTAG for token in here):
        return True
    before = tokens[first - 1] if first else None
    if before is not None and before.folded in _TO_A_PLACE:
        return True
    if not any(map(str.isupper, "".join(token.text for token in here))):
        return False
    after = tokens[last + 1] if last + 1 < len(tokens) else None
    return not (_shouted(here[0]) and any(token is not None and _shouted(token) for token in (before, after)))


def _shouted(token: Token) -> bool:
    return len(token.text) > 1 and token.text.isupper()


def _all(choices: tuple[Words, ...], document: Document) -> list[Stretch]:
    if len(choices) == 1:
        return occurrences(choices[0], document)
    return sorted({place for words in choices for place in occurrences(words, document)})


def _near(ones: list[Stretch], others: list[Stretch], distance: int, *, first_only: bool = False) -> list[Stretch]:
    """Those of ``ones`` that stand at most ``distance`` positions from one of ``others``; overlapping is distance 0."""
    found: list[Stretch] = []
    for first, last in ones:
        # no phrase is longer than LONGEST_PHRASE, so only this window can hold a neighbour
        at = bisect_left(others, (first - distance - LONGEST_PHRASE, -1))
        while at < len(others) and others[at][0] - last <= distance:
            if first - others[at][1] <= distance:
                found.append((first, last))
                break
            at += 1
        if found and first_only:
            break
    return found


def _passes(leaf: Filter, document: Document) -> bool:
    match leaf.field:
        case Field.CHANNEL:
            return fold(document.channel) == leaf.value
        case Field.LANGUAGE:
            code = language_code(document.language)
            return code == leaf.value or code.startswith(leaf.value + "-")
        case Field.SOURCE:
            source = host(document.source)
            return source == leaf.value or source.endswith("." + leaf.value)
