"""What one leaf of a query asks for: its words as the house tokenizer cuts them, or a demand on the post itself."""

from __future__ import annotations

import re
import unicodedata

from klankbord.base.text.folding import INVISIBLE, fold
from klankbord.base.text.tokens import LONGEST_TERM, Kind, Token, tokenize
from klankbord.listening.query.lexer import Piece, replaced
from klankbord.listening.query.refused import LONGEST_PHRASE, Refused
from klankbord.listening.query.sentences import gettext as _
from klankbord.listening.query.tree import AnyLeaf, Anything, Begin, Element, End, Field, Filter, Rule, Term, Words

STAR = "\ua66e"
"""A letter that nobody writes stands for ``*`` while the words are cut: the tokenizer keeps it inside its word."""

_LANGUAGE_NAMES = {
    "nl": "nederlands vlaams dutch",
    "fy": "fries frisian",
    "en": "engels english",
    "de": "duits german",
    "fr": "frans french",
    "tr": "turks turkish",
    "ar": "arabisch arabic",
    "pl": "pools polish",
    "uk": "oekraiens ukrainian",
    "es": "spaans spanish",
    "pap": "papiaments",
    "ru": "russisch",
    "it": "italiaans",
    "pt": "portugees",
    "ro": "roemeens",
    "bg": "bulgaars",
    "zh": "chinees",
    "ti": "tigrinya",
}
LANGUAGES = {name: code for code, names in _LANGUAGE_NAMES.items() for name in names.split()}
_CODE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{1,8})*")
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:www\.)?([^/?#:]*)")
_VARIANTS = str.maketrans({"\u2019": "'", "\u2018": "'", "\u02bc": "'", "\u2010": "-", "\u2011": "-"})
_UNSEEN = re.compile(f"[{INVISIBLE}]")


def leaf(query: str, piece: Piece) -> AnyLeaf:
    """The leaf that is written at a piece of the query. Raises Refused."""
    match piece.name:
        case "" | "place":
            return _words(query, piece)
        case name:
            return _filter(query, piece, Field(name))


def spelling(written: str) -> str:
    """A word as its letters are seen: apostrophes, hyphens, invisible signs and ways to store an accent do not count.

    Case and accents do.
    """
    if written.isascii():
        return written
    return unicodedata.normalize("NFKC", _UNSEEN.sub("", written)).translate(_VARIANTS)


def host(address: str) -> str:
    """The host of an address, folded and without ``www.``: what ``bron:`` compares."""
    found = _HOST.match(fold(address.strip()))
    return found[1] if found else ""


def language_code(said: str) -> str:
    """A language as its code (``nl``, ``nl-be``); empty when it is none."""
    code = fold(said.strip()).replace("_", "-")
    code = LANGUAGES.get(code, code)
    return code if _CODE.fullmatch(code) else ""


def _filter(query: str, piece: Piece, field: Field) -> Filter:
    said = piece.body.strip(" ,;.!")
    match field:
        case Field.LANGUAGE:
            value = language_code(said)
        case Field.SOURCE:
            value = host(said)
        case Field.CHANNEL:
            value = fold(said)
    if "*" in value:
        message = _("A * has no meaning here: name the channel, the language or the source in full.")
        raise Refused(message, piece.start, piece.end, replaced(query, piece.start, piece.end, ""))
    if not value:
        message = _("“{value}” is no {field}.").format(
            value=said,
            field={Field.CHANNEL: _("channel"), Field.LANGUAGE: _("language"), Field.SOURCE: _("source")}[field],
        )
        raise Refused(message, piece.inside, piece.end, replaced(query, piece.start, piece.end, ""))
    return Filter(piece.text, piece.start, piece.end, field, value)


def _words(query: str, piece: Piece) -> Words:
    body = piece.body
    if body.isascii() and body.isalnum() and len(body) <= LONGEST_TERM and not (piece.spelled or piece.name):
        # what the tokenizer would say too, at a tenth of its price
        return Words(piece.text, piece.start, piece.end, (Term(body.lower()),))
    tokens = _cut(query, piece)
    rule = Rule.SPELLED if piece.spelled else Rule.PLACE if piece.name else Rule.FOLDED
    elements = tuple(_element(query, piece, token, rule) for token in tokens)
    if len(elements) > LONGEST_PHRASE:
        message = _("At most {most} words can stand between quotation marks.").format(most=LONGEST_PHRASE)
        raise Refused(message, piece.start, piece.end)
    if isinstance(elements[0], Anything) or isinstance(elements[-1], Anything):
        message = _("A * alone stands for one word between other words, not at the beginning or the end.")
        body = piece.body.strip("* ")
        raise Refused(message, piece.start, piece.end, replaced(query, piece.start, piece.end, body and f'"{body}"'))
    written = piece.text if piece.quoted else piece.text.rstrip(",;:!?")
    joined = _joined(elements) if rule is not Rule.SPELLED else ""
    return Words(written, piece.start, piece.start + len(written), elements, rule, joined)


def _cut(query: str, piece: Piece) -> list[Token]:
    """The tokens of a leaf, with ``STAR`` for each ``*``. Refuses when nothing is left, or a star stands loose."""
    if STAR in piece.body:
        message = _("The sign {sign} cannot be sought.").format(sign=STAR)
        raise Refused(message, piece.start, piece.end, replaced(query, piece.start, piece.end, ""))
    body = piece.body.replace("*", STAR)
    tokens = tokenize(body)
    if not any(token.folded != STAR for token in tokens):
        message = (
            _("A * alone would find everything. Write at least one letter next to it.")
            if tokens
            else _("With “{word}” nothing can be found.").format(word=piece.text)
        )
        raise Refused(message, piece.start, piece.end, replaced(query, piece.start, piece.end, ""))
    if sum(token.folded.count(STAR) for token in tokens) != body.count(STAR) or any(
        token.folded == STAR and not _loose(body, token) for token in tokens
    ):
        _refuse_star(query, piece)
    return tokens


def _loose(body: str, token: Token) -> bool:
    """Whether a token stands between spaces, or at an end."""
    return not body[max(0, token.start - 1) : token.start].strip() and not body[token.end : token.end + 1].strip()


def _element(query: str, piece: Piece, token: Token, rule: Rule) -> Element:
    folded, count = token.folded, token.folded.count(STAR)
    if not count:
        return Term(folded, spelling(token.text) if rule is Rule.SPELLED else "")
    if folded == STAR:
        return Anything()
    if rule is not Rule.FOLDED:
        message = _("A * cannot stand in a place or behind =.")
        suggestion = replaced(query, piece.start, piece.end, piece.text.replace("*", ""))
        raise Refused(message, piece.start, piece.end, suggestion)
    stem = folded.replace(STAR, "")
    if count == 1 and folded.endswith(STAR) and stem not in ("#", "@"):
        return Begin(stem)
    if count == 1 and folded.startswith(STAR):
        return End(stem)
    _refuse_star(query, piece)
    raise AssertionError("refused above")


def _refuse_star(query: str, piece: Piece) -> None:
    message = _("A * stands at the beginning or at the end of a word: begin* or *end.")
    stem = piece.body.strip("*").partition("*")[0]
    instead = "" if piece.quoted else f"{stem}*" if any(map(str.isalnum, stem)) else ""
    raise Refused(message, piece.start, piece.end, replaced(query, piece.start, piece.end, instead) if instead else "")


def _joined(elements: tuple[Element, ...]) -> str:
    """The hashtag of a phrase without its spaces: “Den Haag” also finds ``#denhaag``."""
    if len(elements) < 2 or not all(isinstance(element, Term) for element in elements):
        return ""
    text = "#" + "".join(element.term for element in elements if isinstance(element, Term))
    tokens = tokenize(text)
    if len(tokens) != 1 or tokens[0].kind is not Kind.HASHTAG or tokens[0].folded != text:
        return ""
    return text
