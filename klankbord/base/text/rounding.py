"""Makes the places in a text that was not written to us no finer than a street or neighbourhood.

A street is a public place; a house number, a full postcode (some twenty addresses), a coordinate and three words of
what3words are somebody's door. The first four digits of a postcode are about a neighbourhood, two decimals of a
coordinate about a kilometre.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

COVER = "██"

_STREETS = (
    *("straat", "laan", "weg", "plein", "dreef", "kade", "singel", "steeg", "gracht", "hof", "pad", "dijk"),
    *("plantsoen", "park", "markt", "erf", "boulevard", "allee"),
)
_NO_STREETS = frozenset(
    {"onderweg", "snelweg", "autoweg", "autosnelweg", "supermarkt", "kerstmarkt", "rommelmarkt", "vrijmarkt"}
    | {"bouwmarkt", "jaarmarkt", "weekmarkt", "arbeidsmarkt", "woningmarkt"}
)
_HOUSE = re.compile(
    r"(?<![\w.,/:€$£#-])\d{1,5}(?:[ ]?[-/]?[ ]?[A-Za-z](?!\w)|[ -]?(?:bis|hs|huis)(?!\w))?"
    r"(?:[ ]?(?:-|/|t/m|tot|en|&)[ ]?\d{1,5}[A-Za-z]?(?!\w))*(?!\w)(?![.,:/-]\d)"
)
_BEFORE = re.compile(
    r"(?P<street>[^\W\d_][\w'’-]{0,40}),?[ \t\u00a0]{1,2}(?:(?:huisnummer|nummer|nr|no)\.?[ ]?)?\Z", re.IGNORECASE
)
_LOOK_BACK = 64
_AMOUNT = re.compile(
    r"[ ]?(?:dag|week|weken|maand|uur|uren|minu|second|jaar|jaren|keer|maal|km|kilometer|meter|m\b|cm|euro|procent|%|°"
    r"|graden|mensen|personen|bewoners|auto|fietse|bomen|huizen|woningen|stuks|jan|feb|maart|apr|mei|jun|jul|aug|sep|okt|nov|dec)",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?:19|20)\d\d\Z")

_POSTCODE = re.compile(
    r"(?<![\w/=&#.,€$£+-])[1-9]\d{3}(?:[ \u00a0](?P<apart>[A-Z]{2})|(?P<joined>[A-Za-z]{2}))(?![\w-])"
)
_NO_LETTERS = frozenset(
    {"EU", "NL", "KM", "KG", "EN", "OF", "IS", "IN", "OP", "BV", "NV", "TV", "MB", "GB", "KB", "CM", "MM", "KW"}
    | {"SA", "SD", "SS"}
)
"""Behind a number these are mostly something else; SA, SD and SS are not given out."""

_COORDINATES = re.compile(
    r"(?<![\d.])-?\d{1,3}\.\d\d(?P<first>\d{1,20})(?:[ ]?[,;/][ ]?|[ ]|%2C)-?\d{1,3}\.\d\d(?P<second>\d{1,20})(?!\d)",
    re.IGNORECASE,
)
_THREE_WORDS = re.compile(r"(?<![/\w])///[^\W\d_]{2,30}\.[^\W\d_]{2,30}\.[^\W\d_]{2,30}")


def rounded(text: str) -> str:
    """The text with what is finer than a street covered. Linear in its length."""
    pieces: list[str] = []
    at = 0
    for start, end in sorted({*_houses(text), *_postcodes(text), *_points(text)}):
        if start < at:
            continue
        pieces += [text[at:start], COVER]
        at = end
    return "".join([*pieces, text[at:]]) if pieces else text


def _houses(text: str) -> Iterator[tuple[int, int]]:
    for number in _HOUSE.finditer(text):
        before = _BEFORE.search(text[max(0, number.start() - _LOOK_BACK) : number.start()])
        if before is None or not _is_street(before["street"]):
            continue
        if not _YEAR.match(number[0]) and not _AMOUNT.match(text, number.end()):
            yield number.span()


def _is_street(word: str) -> bool:
    low = word.lower()
    ending = next((one for one in _STREETS if low.endswith(one)), None)
    return ending is not None and low not in _NO_STREETS and (word[0].isupper() or len(low) > len(ending) + 1)


def _postcodes(text: str) -> Iterator[tuple[int, int]]:
    for code in _POSTCODE.finditer(text):
        name = "apart" if code["apart"] else "joined"
        if code[name].upper() not in _NO_LETTERS:
            yield code.span(name)


def _points(text: str) -> Iterator[tuple[int, int]]:
    for point in _COORDINATES.finditer(text):
        yield point.span("first")
        yield point.span("second")
    if "///" in text:
        for words in _THREE_WORDS.finditer(text):
            yield words.start() + 3, words.end()
