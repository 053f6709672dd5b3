"""The one tokenizer of the house: live matching, the indexed column and highlighting all see the same tokens."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from klankbord.base.text.folding import INVISIBLE, fold

LONGEST_TERM = 200
"""Characters. A longer term is cut, in the index and in a query alike."""
MOST_BYTES = 900_000
"""PostgreSQL refuses a tsvector of 1 MiB or more (its manual, "Text Search Limitations")."""
CUT = "…"
"""Stands among the index terms of a text of which not all terms fit. The tokenizer makes no such term."""


class Kind(StrEnum):
    """What a token is; numbers, prices, times and licence plates are words."""

    WORD = "word"
    HASHTAG = "hashtag"
    MENTION = "mention"
    URL = "url"
    EMOJI = "emoji"


class Token(NamedTuple):
    """One token: ``text`` as written at ``start:end``, ``folded`` for matching, ``position`` counted from 0.

    ``parts`` are further terms that find it at the same position: the halves of ``e-bike`` and the joined ``ebike``,
    the words in a hashtag, the host of an address.
    """

    text: str
    folded: str
    position: int
    start: int
    end: int
    kind: Kind
    parts: tuple[str, ...] = ()

    @property
    def terms(self) -> tuple[str, ...]:
        """Every term that finds this token, its own first."""
        return (self.folded, *self.parts)


def tokenize(text: str) -> list[Token]:
    """Cut a text into tokens, in order and without overlap. Linear in the length of the text."""
    tokens: list[Token] = []
    add = tokens.append
    # Half the price of calling Token, and this is the busiest line of the house.
    new = tuple.__new__
    word = Kind.WORD
    plain = text.isascii()
    position = 0
    for found in (_ASCII if plain else _UNICODE).finditer(text):
        if found.lastindex == 1:
            written = found[1]
            if plain or written.isascii():
                start, end = found.span(1)
                add(new(Token, (written, written.lower(), position, start, end, word, ())))
                position += 1
                continue
        tokens.extend(_read(found, position))
        position = len(tokens)
    return tokens


def index_terms(text: str) -> list[str]:
    """The distinct terms of a text, fit for PostgreSQL's ``array_to_tsvector``.

    No term is empty, holds NUL or exceeds ``LONGEST_TERM`` characters; together they stay under ``MOST_BYTES``, and
    ``CUT`` is among them when some were left out.
    """
    terms: dict[str, None] = {}
    for token in tokenize(text):
        terms[token.folded] = None
        for part in token.parts:
            terms[part] = None
    if len(text) * 4 < MOST_BYTES:
        return list(terms)
    return list(_within(terms, MOST_BYTES))


def query_terms(text: str) -> list[str]:
    """The terms that a text must all hold to be found by these words: of each token its own, without the parts.

    ``index_terms`` says by what a text can be found; asking for all of those would miss ``#klankbrugdicht`` when
    somebody seeks ``#KlankbrugDicht``.
    """
    return list(dict.fromkeys(token.folded for token in tokenize(text)))


def highlight(text: str, words: Iterable[str]) -> list[tuple[int, int]]:
    """The stretches of a text where one of ``words`` stands, in order, without overlap.

    A word of several tokens (``de Klankbrug``) counts only where these stand side by side.
    """
    wanted: dict[str, list[list[str]]] = {}
    for word in words:
        needle = [token.folded for token in tokenize(word)]
        if needle:
            wanted.setdefault(needle[0], []).append(needle)
    tokens = tokenize(text)
    spans: list[tuple[int, int]] = []
    for token in tokens:
        needles = [needle for term in token.terms for needle in wanted.get(term, ())]
        for needle in sorted(needles, key=len):
            stretch = tokens[token.position : token.position + len(needle)]
            if len(stretch) == len(needle) and all(
                term in other.terms for term, other in zip(needle, stretch, strict=True)
            ):
                _append_span(spans, (token.start, stretch[-1].end))
    return spans


def _append_span(spans: list[tuple[int, int]], span: tuple[int, int]) -> None:
    if spans and span[0] < spans[-1][1]:
        spans[-1] = (spans[-1][0], max(spans[-1][1], span[1]))
    else:
        spans.append(span)


def _within(terms: Iterable[str], most_bytes: int) -> Iterable[str]:
    total = 0
    for term in terms:
        total += len(term.encode())
        if total > most_bytes - len(CUT.encode()):
            yield CUT
            return
        yield term


# The pattern: the first branch takes the ordinary word with the space after it (at a space every branch would be tried
# in vain), the others are tried only where that one fails. Every
# repetition is possessive over one class, bounded, or last in its branch, so that no text makes it backtrack far.
# Possessive groups are avoided: they are wrong in Python 3.11 before 3.11.5.


def _marks() -> str:
    """Regex ranges of the combining marks, which ``\\w`` leaves out though they belong to the word."""
    points = [point for point in range(0x300, 0x10000) if unicodedata.category(chr(point))[0] == "M"]
    starts = [point for point in points if unicodedata.category(chr(point - 1))[0] != "M"]
    ends = [point for point in points if unicodedata.category(chr(point + 1))[0] != "M"]
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in zip(starts, ends, strict=True))


_TOP_LEVEL = "nl|be|de|eu|com|org|net|info|frl|gov|app|social|online|example"
_IN_ADDRESS = r"[^\s<>\"\x00-\x1f\ud800-\udfff]"
_EMOJI_BASE = r"[\u231a-\u23ff\u25fb-\u25fe\u2600-\u27bf\u2b00-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff]"
_EMOJI_TAIL = r"[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]*+"
_EMOJI = rf"""
    [\U0001f1e6-\U0001f1ff]{{2}}
    | [0-9\#*]\ufe0f?\u20e3
    | [\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u25aa\u25ab\u25b6\u25c0]\ufe0f
    | {_EMOJI_BASE}{_EMOJI_TAIL}(?:\u200d{_EMOJI_BASE}{_EMOJI_TAIL})*
    """


def _pattern(word_characters: str, apostrophes: str, hyphens: str, currencies: str, extra: str) -> re.Pattern[str]:
    """The token pattern, where ``word_characters`` is a class of whatever continues a word."""
    return re.compile(
        rf"""
        ([^\W_]{{1,{LONGEST_TERM}}}+)(?=[\s!?;)"]|[.,:](?:\s|\Z)|\Z)\s*+
        {extra}
        | (?P<url>(?<!\w)(?i:https?://|www\.){_IN_ADDRESS}++)
        | (?P<mail>(?<!\w)[\w.+-]{{1,64}}+@[^\W_][\w-]{{0,62}}+(?:\.[\w-]{{1,63}}+){{1,8}})
        | (?P<site>(?<![\w@.])(?:[^\W_][\w-]{{0,62}}+\.){{1,8}}(?i:{_TOP_LEVEL})(?![\w-])(?:/{_IN_ADDRESS}*+)?)
        | (?P<hashtag>(?<!\w)[#\uff03](?=[\d_]*+[^\W\d_]){word_characters}++)
        | (?P<mention>(?<![\w@])@\w(?:[\w.-]*\w)?(?:@[^\W_](?:[\w.-]*\w)?)?)
        | (?P<price>[{currencies}]\s?\d++(?:[.,]\d++)*)
        | (?P<number>(?<!\w)\d++(?:[.,:]\d++)+)
        | (?P<short>(?<![\w.])(?:[^\W\d_]\.){{2,12}}[^\W\d_]?(?!\w))
        | (?P<word>(?:(?<!\w)[{apostrophes}](?=[stnkmrSTNKMR](?![\w{apostrophes}])))?
            \w{word_characters}*+(?:[{apostrophes}{hyphens}]\w{word_characters}*+)*)
        """,
        re.VERBOSE,
    )


_ASCII = _pattern(r"\w", "'", "-", "$", "")
_UNICODE = _pattern(
    rf"[\w{_marks()}{INVISIBLE}]", "'\u2019\u2018\u02bc", "\u2010\u2011-", "€$£", f"| (?P<emoji>{_EMOJI})"
)

_SEPARATORS = re.compile(r"[-'_]+")
_SPACES = re.compile(r"\s+")
_IDEOGRAPHS = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_IDEOGRAPH = re.compile(f"[{_IDEOGRAPHS}]")
_ONE_IDEOGRAPH_OR_RUN = re.compile(f"[{_IDEOGRAPHS}]|[^{_IDEOGRAPHS}]+")
_CAMEL = re.compile(r"(?<=[^\W\d_])(?=[A-Z][a-z])|(?<=[a-z\d])(?=[A-Z])|(?<=[^\W\d_]{2})(?=\d)")
_SKIN_TONES = re.compile("[\U0001f3fb-\U0001f3ff]")
_PRESENTATION = re.compile("[\ufe0e\ufe0f]")
_CLOCK = re.compile(r"([01]?\d|2[0-3])[.:]([0-5]\d)")
_AFTER_ADDRESS = ".,;:!?'\")]}\u00bb\u201d\u2019\u2026"
_AFTER_HOST = re.compile(r"[/?#]")

Reading = tuple[Kind, str, list[str]]
"""Kind, folded form, parts."""


def _read(found: re.Match[str], position: int) -> list[Token]:
    """The token or tokens of anything that is not an ordinary ASCII word."""
    name = found.lastgroup or "word"
    written = found[found.lastindex or 0]
    if name in ("url", "site"):
        written = written.rstrip(_AFTER_ADDRESS)
    if name == "word" and ("_" in written or not written.isascii()):
        return _words(written, found.start(), position)
    return _token(name, written, found.start(), position)


def _token(name: str, written: str, start: int, position: int) -> list[Token]:
    """One token, or none when nothing is left after folding."""
    kind, folded, parts = _remembered(name, written) if len(written) <= 40 else _meaning(name, written)
    return [Token(written, folded, position, start, start + len(written), kind, parts)] if folded else []


def _meaning(name: str, written: str) -> tuple[Kind, str, tuple[str, ...]]:
    kind, folded, parts = _READERS[name](written)
    folded = folded[:LONGEST_TERM]
    others = dict.fromkeys(part[:LONGEST_TERM] for part in parts if part)
    others.pop(folded, None)
    return kind, folded, tuple(others)


@lru_cache(maxsize=20_000)
def _remembered(name: str, written: str) -> tuple[Kind, str, tuple[str, ...]]:
    return _meaning(name, written)


def _words(written: str, start: int, position: int) -> list[Token]:
    inner = written.strip("_")
    start += len(written) - len(written.lstrip("_")) if inner else 0
    if not _IDEOGRAPH.search(inner):
        return _token("word", inner, start, position)
    # Scripts without spaces: one token a character, so that a phrase of them can be found.
    tokens: list[Token] = []
    for piece in _ONE_IDEOGRAPH_OR_RUN.finditer(inner):
        tokens += _token("word", piece[0], start + piece.start(), position + len(tokens))
    return tokens


def _read_word(written: str) -> Reading:
    """``e-bike`` is also ``ebike`` and ``foto's`` also ``fotos``, but ``zo'n`` is not ``zon``."""
    folded = fold(written).strip("'-_")
    pieces = _SEPARATORS.split(folded)
    if len(pieces) == 1:
        return Kind.WORD, folded, []
    joined = ["".join(pieces)] if "'" not in folded or folded.endswith("'s") else []
    return Kind.WORD, folded, pieces + joined


def _read_address(written: str) -> Reading:
    """Without scheme, ``www.`` and last slash, so that every spelling of one address is the same token."""
    folded = fold(written)
    folded = folded.removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
    host = _AFTER_HOST.split(folded, maxsplit=1)[0].rpartition("@")[2].partition(":")[0]
    return Kind.URL, folded, [host]


def _read_site(written: str) -> Reading:
    """An address without scheme may be two sentences without a space (``Dank.De rest volgt``): its labels find it."""
    kind, folded, parts = _read_address(written)
    return kind, folded, [*parts, *parts[0].split(".")]


def _read_mail(written: str) -> Reading:
    folded = fold(written)
    return Kind.URL, folded, [folded.rpartition("@")[2]]


def _read_hashtag(written: str) -> Reading:
    """``#KlankendamBrandt`` is found as itself, as the plain word and by the words its capitals show."""
    body = _PRESENTATION.sub("", written[1:])
    folded = fold(body).strip("_")
    pieces = [fold(piece) for piece in _CAMEL.sub("_", body).split("_")]
    return Kind.HASHTAG, f"#{folded}", [folded, *pieces]


def _read_mention(written: str) -> Reading:
    folded = fold(written)
    local = folded[1:].partition("@")[0]
    return Kind.MENTION, folded, [f"@{local}", local]


def _read_emoji(written: str) -> Reading:
    folded = _PRESENTATION.sub("", written)
    return Kind.EMOJI, folded, [_SKIN_TONES.sub("", folded)]


def _read_price(written: str) -> Reading:
    folded = _SPACES.sub("", fold(written))
    return Kind.WORD, folded, [folded[1:]]


def _read_number(written: str) -> Reading:
    """A time is found in both spellings, ``20.30`` and ``20:30``."""
    folded = fold(written)
    clock = _CLOCK.fullmatch(folded)
    return Kind.WORD, folded, [f"{clock[1]}.{clock[2]}", f"{clock[1]}:{clock[2]}"] if clock else []


def _read_short(written: str) -> Reading:
    folded = fold(written).strip(".")
    return Kind.WORD, folded, [folded.replace(".", "")]


_READERS: dict[str, Callable[[str], Reading]] = {
    "word": _read_word,
    "url": _read_address,
    "site": _read_site,
    "mail": _read_mail,
    "hashtag": _read_hashtag,
    "mention": _read_mention,
    "emoji": _read_emoji,
    "price": _read_price,
    "number": _read_number,
    "short": _read_short,
}
