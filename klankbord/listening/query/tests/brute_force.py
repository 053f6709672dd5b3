"""The slow reading of a query: every leaf at every token, straight from the tree as it was written.

Shares nothing with the verifier but the tree and the tokenizer. The oracle of matcher and archive search.
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from klankbord.base.text.folding import fold
from klankbord.base.text.tokens import Kind, Token, tokenize
from klankbord.listening.query import Document, Query
from klankbord.listening.query.tree import (
    And,
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

_LEADS_TO_A_PLACE = re.compile(
    "in|te|uit|naar|vanuit|tot|via|bij|rond|rondom|nabij|richting|vlakbij"
    "|gemeente|stad|dorp|plaats|centrum|omgeving|station|regio|heel"
)


def finds(query: Query, document: Document) -> bool:
    """Whether a query finds a text."""
    return _holds(query.root, tokenize(document.text), document)


def _holds(node: Node, tokens: list[Token], document: Document) -> bool:
    match node:
        case And(children):
            return all(_holds(child, tokens, document) for child in children)
        case Or(children):
            return any(_holds(child, tokens, document) for child in children)
        case Not(child):
            return not _holds(child, tokens, document)
        case Filter():
            return _passes(node, document)
        case Words():
            return bool(_places(node, tokens))
        case Near():
            return any(
                max(one[0] - other[1], other[0] - one[1], 0) <= node.distance
                for left in node.left
                for one in _places(left, tokens)
                for right in node.right
                for other in _places(right, tokens)
            )


def _places(words: Words, tokens: list[Token]) -> list[tuple[int, int]]:
    count = len(words.elements)
    found = [
        (first, first + count - 1)
        for first in range(len(tokens) - count + 1)
        if all(_is(element, tokens[first + at]) for at, element in enumerate(words.elements))
        and (words.rule is not Rule.PLACE or _names_a_place(tokens, first, count))
    ]
    return found + [(at, at) for at, token in enumerate(tokens) if words.joined and words.joined in token.terms]


def _names_a_place(tokens: list[Token], first: int, count: int) -> bool:
    """As the description of the language says it, of ``count`` tokens that begin at ``first``."""
    before, here, after = tokens[max(first - 1, 0) : first], tokens[first:][:count], tokens[first + count :][:1]
    if any(token.kind is Kind.HASHTAG for token in here) or any(
        _LEADS_TO_A_PLACE.fullmatch(fold(one.text)) for one in before
    ):
        return True
    loud, *loud_beside = [_all_capitals(token.text) for token in (here[0], *before, *after)]
    return any(letter.isupper() for token in here for letter in token.text) and not (loud and any(loud_beside))


def _all_capitals(word: str) -> bool:
    return len(word) > 1 and word == word.upper() != word.lower()


def _is(element: Element, token: Token) -> bool:
    match element:
        case Term(term, spelled):
            return term in token.terms and spelled in _composed(token.text)
        case Begin(stem):
            return any(term.startswith(stem) for term in token.terms)
        case End(stem):
            return any(term.endswith(stem) for term in token.terms)
        case Anything():
            return True


def _composed(text: str) -> str:
    unseen = [character for character in text if fold(f"a{character}b") != "ab" or unicodedata.combining(character)]
    return unicodedata.normalize("NFKC", "".join(unseen)).translate(
        {0x2019: "'", 0x2018: "'", 0x2BC: "'", 0x2010: "-", 0x2011: "-"}
    )


def _passes(leaf: Filter, document: Document) -> bool:
    match leaf.field:
        case Field.CHANNEL:
            return fold(document.channel) == leaf.value
        case Field.LANGUAGE:
            return f"{document.language.lower()}-".startswith(f"{leaf.value}-")
        case Field.SOURCE:
            source = urlsplit(document.source).hostname or document.source
            return f".{source.removeprefix('www.')}".endswith(f".{leaf.value}")
