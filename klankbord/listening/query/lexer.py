"""Cuts a query into parentheses, operators and leaves as they were written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from klankbord.listening.query.refused import FURTHEST, LONGEST, Refused
from klankbord.listening.query.sentences import gettext as _

QUOTES = '"“”„‟«»'
FIELDS = {
    "plaats": "place",
    "place": "place",
    "kanaal": "channel",
    "channel": "channel",
    "taal": "language",
    "language": "language",
    "bron": "source",
    "source": "source",
}


class Sign(StrEnum):
    """What a piece of a query is."""

    OPEN = "("
    CLOSE = ")"
    AND = "AND"
    OR = "OR"
    NOT = "NOT"
    NEAR = "NEAR"
    LEAF = "leaf"


OPERATORS = {
    "AND": Sign.AND,
    "EN": Sign.AND,
    "OR": Sign.OR,
    "OF": Sign.OR,
    "NOT": Sign.NOT,
    "NIET": Sign.NOT,
}
_INSTEAD = {
    "&": "AND",
    "&&": "AND",
    "|": "OR",
    "||": "OR",
    "!": "NOT",
    "EN/OF": "OF",
    "AND/OR": "OR",
}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a query at ``start:end``. Of a leaf: ``name`` is the field before the colon, ``body`` what follows.

    ``quoted`` and ``spelled`` tell of quotation marks and of ``=`` before the body, which begins at ``inside``.
    """

    sign: Sign
    start: int
    end: int
    text: str
    distance: int = 0
    name: str = ""
    body: str = ""
    inside: int = 0
    quoted: bool = False
    spelled: bool = False


_RUN = re.compile(rf"[^\s(){QUOTES}]+")
_NEAR = re.compile(r"(?:NEAR|BIJ)/([0-9]{1,9})")
_NEAR_LIKE = re.compile(r"(NEAR|BIJ)(?:[^\w]*([0-9]{0,9}))")
_FIELD = re.compile(r"([^\W\d_]{2,20}):")
_QUOTE = re.compile(rf"[{QUOTES}]")


def pieces(query: str) -> list[Piece]:
    """The pieces of a query in order. Raises Refused. Linear in the length of the query."""
    if len(query) > LONGEST:
        message = _("This query is too long: at most {most} characters.").format(most=LONGEST)
        raise Refused(message, LONGEST, len(query))
    found: list[Piece] = []
    at = 0
    while at < len(query):
        character = query[at]
        if character.isspace():
            at += 1
            continue
        if character in "()":
            piece = Piece(Sign(character), at, at + 1, character)
        elif character in QUOTES:
            piece = _quotation(query, at, at)
        else:
            piece = _run(query, at)
        found.append(piece)
        at = piece.end
    return found


def replaced(query: str, start: int, end: int, instead: str) -> str:
    """The query with something else at ``start:end``, without double spaces."""
    return " ".join(f"{query[:start]}{instead}{query[end:]}".split())


def _quotation(query: str, start: int, opening: int, *, name: str = "", spelled: bool = False) -> Piece:
    """A leaf that begins at ``start`` and whose quotation mark stands at ``opening``."""
    inside = opening + 1
    ending = _QUOTE.search(query, inside)
    if ending is None:
        message = _("This quotation mark is opened and never closed.")
        raise Refused(message, opening, len(query), query.rstrip() + '"')
    return Piece(
        Sign.LEAF,
        start,
        ending.end(),
        query[start : ending.end()],
        name=name,
        body=query[inside : ending.start()],
        inside=inside,
        quoted=True,
        spelled=spelled,
    )


def _run(query: str, start: int) -> Piece:
    """What stands there without a space: an operator, or a leaf that is not only a quotation."""
    found = _RUN.match(query, start)
    assert found is not None
    text, end = found[0], found.end()
    if text in OPERATORS:
        return Piece(OPERATORS[text], start, end, text)
    if text.isalnum() and not text.startswith(("NEAR", "BIJ")):  # nearly every leaf: nothing below can be said of it
        return Piece(Sign.LEAF, start, end, text, body=text, inside=start)
    if near := _NEAR.fullmatch(text):
        return _near(query, start, end, int(near[1]))
    _refuse_almost_operator(query, start, end, text)
    name, body = _field(query, start, text)
    inside = end - len(body)
    spelled = body.startswith("=")
    if spelled:
        body, inside = body[1:], inside + 1
    if not body and (name or spelled):
        if end < len(query) and query[end] in QUOTES:
            return _quotation(query, start, end, name=name, spelled=spelled)
        _refuse_empty(query, start, end, text)
    return Piece(Sign.LEAF, start, end, text, name=name, body=body, inside=inside, spelled=spelled)


def _near(query: str, start: int, end: int, distance: int) -> Piece:
    if not 1 <= distance <= FURTHEST:
        message = _("The number after the slash is the greatest distance in words: from 1 to {most}.")
        word = query[start:end].partition("/")[0]
        nearest = FURTHEST if distance else 1
        raise Refused(message.format(most=FURTHEST), start, end, replaced(query, start, end, f"{word}/{nearest}"))
    return Piece(Sign.NEAR, start, end, query[start:end], distance=distance)


def _refuse_almost_operator(query: str, start: int, end: int, text: str) -> None:
    instead = _INSTEAD.get(text)
    if instead:
        message = _("“{text}” is no operator here. Write AND, OR or NOT in capitals.").format(text=text)
        raise Refused(message, start, end, replaced(query, start, end, instead))
    if near := _NEAR_LIKE.fullmatch(text):
        message = _("Say how far apart they may stand: {operator}/5 is at most five words.")
        suggestion = replaced(query, start, end, f"{near[1]}/{near[2] or 5}")
        raise Refused(message.format(operator=near[1]), start, end, suggestion)
    if text[0] in "-!" and text[1:2].isalpha():
        message = _("A sign before a word has no meaning here. Write NOT in front of what you do not want.")
        raise Refused(message, start, end, replaced(query, start, end, f"NOT {text[1:]}"))
    if text[0] == "+" and text[1:2].isalpha():
        message = _("A plus is not needed: words next to each other must all be there.")
        raise Refused(message, start, end, replaced(query, start, end, text[1:]))


def _field(query: str, start: int, text: str) -> tuple[str, str]:
    """The meaning of what stands before a colon (empty when it is no field), and the rest."""
    found = _FIELD.match(text)
    if found is None or text.startswith("//", found.end()):
        return "", text
    said = found[1].lower()
    if said in FIELDS:
        return FIELDS[said], text[found.end() :]
    if found.end() == len(text):
        return "", text  # a word and a colon, as in a sentence
    near = get_close_matches(said, FIELDS, n=1)
    rest = text[found.end() :]
    suggestion = replaced(
        query, start, start + len(text), f"{near[0]}:{rest}" if near else f'"{found[1]} {rest.strip(":*")}"'
    )
    message = _("“{name}:” is no part of the language. There are plaats:, kanaal:, taal: and bron:.")
    raise Refused(message.format(name=found[1]), start, start + found.end(), suggestion)


def _refuse_empty(query: str, start: int, end: int, text: str) -> None:
    following = _RUN.match(query, end + 1) if end + 1 < len(query) else None
    message = _("After “{text}” must follow at once what you mean, without a space.").format(text=text)
    suggestion = replaced(query, start, end + 1 if following else end, text if following else "")
    raise Refused(message, start, end, suggestion)
