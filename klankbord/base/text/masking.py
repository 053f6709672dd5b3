"""Covers what points at one person in a text that was not written to us: numbers, addresses, plates, accounts.

What is covered becomes blocks that the tokenizer does not see, so that no dossier and no search finds the mask itself.
Check digits decide where there are any: IBAN by ISO 13616 (mod 97), citizen service number by the eleven test of the
Wet algemene bepalingen burgerservicenummer. Licence plates follow the RDW's series 1 to 14.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from klankbord.base.text.handles import handles_in, is_among

MAIL, PHONE, IBAN, BSN, PLATE = "████@████", "██-████████", "████ ████ ████", "███ ███ ███", "██-██-██"
HANDLE = "@████"
MASKS = (MAIL, IBAN, PHONE, BSN, PLATE, HANDLE)


class Hidden(NamedTuple):
    """A stretch of text that is covered, and with what."""

    start: int
    end: int
    mask: str


_WORTH_A_LOOK = re.compile(r"[\d@]")
"""Everything that is covered holds a digit or an at sign; most texts hold neither."""


def mask(text: str, known: Collection[str] = ()) -> str:
    """The text with phone numbers, mail addresses, IBANs, citizen service numbers, licence plates and accounts covered.

    ``known``: accounts that stay, folded.
    """
    pieces: list[str] = []
    at = 0
    for start, end, cover in hidden(text, known):
        pieces += [text[at:start], cover]
        at = end
    return "".join([*pieces, text[at:]]) if pieces else text


def hidden(text: str, known: Collection[str] = ()) -> list[Hidden]:
    """What :func:`mask` covers, in order and without overlap. Linear in the length of the text."""
    if not _WORTH_A_LOOK.search(text):
        return []
    covered: list[Hidden] = []
    readings = [(start, order, end) for order, find in enumerate(_FINDERS) for start, end in find(text)]
    accounts = [one.span() for one in handles_in(text) if not is_among(one[0], known)]
    readings += [(start, MASKS.index(HANDLE), end) for start, end in accounts]
    for start, order, end in sorted(readings):
        if covered and start < covered[-1].end:
            # two readings of one stretch: all of it goes
            covered[-1] = covered[-1]._replace(end=max(end, covered[-1].end))
        else:
            covered.append(Hidden(start, end, MASKS[order]))
    return covered


Found = list[tuple[int, int]]

# A number that somebody calls a case, an order or a reference number is one, whatever its digits say.
_REFERENCE = re.compile(
    r"(?:[€$£]|(?:\bzaak|zaaknr|zaaknummer|kenmerk|dossier|dossiernummer|referentie|ref|nr|nummer|ordernummer|bestelnummer"
    r"|meldingsnummer|melding|artikel|pagina|perceel|kvk|kvk-nummer|besluit|case|reference|order|ticket)"
    r"(?:\s?(?:nr|nummer|number|no))?)[.:]?\s?#?$",
    re.IGNORECASE,
)
_LOOK_BACK = 32


def _is_reference(text: str, start: int) -> bool:
    return bool(_REFERENCE.search(text[max(0, start - _LOOK_BACK) : start]))


_MAIL = re.compile(r"(?<![\w@.+-])[^\W_][\w.+-]{0,63}@(?:[^\W_][\w-]{0,62}\.){1,8}[^\W\d_]{2,24}(?![\w@])")


def _mails(text: str) -> Found:
    return [(found.start(), found.end()) for found in _MAIL.finditer(text)] if "@" in text else []


_REGISTRY = """
NL18 BE16 DE22 FR27 LU20 GB22 IE22 ES24 IT27 PT25 AT20 CH21 LI21 PL28 CZ24 SK24 HU28 RO24 BG22 HR21 SI19 GR27 DK18 SE24
NO15 FI18 IS26 EE20 LV21 LT20 MT31 CY28 TR26 UA29 RS22 BA20 AL28 MK19 ME22 MD24 GE22 IL23 SA24 AE23 MC27 SM27 AD24 VA22
PK24 TN24 JO30 KW30 QA29 LB28 BR29
"""
IBAN_LENGTHS = {one[:2]: int(one[2:]) for one in _REGISTRY.split()}
"""Characters per country, from the registry of ISO 13616."""
_IBAN_START = re.compile(r"(?<![^\W_])(?P<country>[A-Za-z]{2})[ ]?\d{2}(?=[ .-]?[A-Za-z0-9])")
_JOINS = " .-\u00a0"


def iban_holds(iban: str) -> bool:
    """ISO 7064 mod 97-10 over an IBAN without spaces: the first four characters behind, letters as 10 to 35."""
    moved = iban[4:] + iban[:4]
    return int("".join(str(int(sign, 36)) for sign in moved)) % 97 == 1


def _ibans(text: str) -> Found:
    found: Found = []
    for start in _IBAN_START.finditer(text):
        length = IBAN_LENGTHS.get(start["country"].upper())
        if length is None or (found and start.start() < found[-1][1]):
            continue
        signs, end = _gather(text, start.start(), length)
        if len(signs) == length and not _continues(text, end) and iban_holds(signs):
            found.append((start.start(), end))
    return found


def _gather(text: str, start: int, length: int) -> tuple[str, int]:
    """This many letters and digits from ``start``, stepping over single spaces, points and hyphens."""
    signs: list[str] = []
    at, joined = start, False
    while at < len(text) and len(signs) < length:
        sign = text[at]
        if sign.isascii() and sign.isalnum():
            signs.append(sign)
            joined = False
        elif sign in _JOINS and not joined:
            joined = True
        else:
            break
        at += 1
    return "".join(signs), at


def _continues(text: str, end: int) -> bool:
    return text[end : end + 1].isalnum()


# Numbers of people: 06, area codes, internet numbers 085/087/088/084/091. Not 14 + area code, 0800, 0900 and 112:
# those are of organisations.
_PHONE = re.compile(
    r"(?<![\w/=&#.,€$£+])(?<!\w-)(?P<in>(?:\+|00)\s?31[\s.-]{0,2}(?:\(0\)[\s.-]?)?|\(?0(?=[1-7]|8[4578]|91))"
    r"(?P<rest>\d(?:\)?[\s.-]{0,2}\d){8})(?![\d])(?![.,]\d)(?![-/]\d)"
)
_ABROAD = re.compile(r"(?<![\w/=&#.,+])\+(?!31)[1-9]\d{0,2}(?:[\s.-]?\(?\d{1,4}\)?){2,6}(?!\d)")
_PHONE_LINK = re.compile(r"(?:(?<=wa\.me/)|(?<=tel:)|(?<=whatsapp\.com/send\?phone=))\+?\d{8,15}(?!\d)")


def _phones(text: str) -> Found:
    found = [
        (one.start(), one.end())
        for one in _PHONE.finditer(text)
        if "\n" not in one[0] and not _is_reference(text, one.start()) and _could_be_dutch(one)
    ]
    # a look for one sign is far cheaper than a pattern that is tried at every place
    if "+" in text:
        found += [
            (one.start(), one.end())
            for one in _ABROAD.finditer(text)
            if "\n" not in one[0] and 8 <= sum(sign.isdigit() for sign in one[0]) <= 15
        ]
    if "wa.me/" in text or "tel:" in text or "phone=" in text:
        found += [(one.start(), one.end()) for one in _PHONE_LINK.finditer(text)]
    return sorted(set(found))


def _could_be_dutch(one: re.Match[str]) -> bool:
    """Nine digits behind the nought; groups as people write them, so that a row of years or prices is none."""
    digits = re.sub(r"\D", "", one["rest"])
    if len(digits) != 9:
        return False
    if one["in"].startswith(("+", "00")):
        return digits[0] in "1234567" or digits[:2] in ("84", "85", "87", "88", "91")
    groups = re.split(r"[\s.\-()]+", ("0" + one["rest"]).strip())
    # 01-02-2024… and 06.10.12.14.16: dates and times fall apart in more pieces than a phone number has
    return not (len(groups[0]) == 2 and groups[0] != "06")


_NUMBER = re.compile(
    r"(?<![\w/=&#,€$£+-])(?<![\d.]\.)"
    r"\d{3}(?:\d{6}|(?P<join>[ .])\d{3}(?P=join)\d{3}|\d\.\d{2}\.\d{3})(?!\w)(?![.,:/-]\d)"
)
_CALLED_BSN = re.compile(
    r"(?:bsn|burgerservicenummer|sofinummer|sofi-nummer|sofi)[^\d\n]{0,12}(?P<number>\d(?:[ .]?\d){7,8})(?![\d])",
    re.IGNORECASE,
)


def bsn_holds(digits: str) -> bool:
    """The eleven test: 9 a + 8 b + … + 2 h - i is a multiple of eleven, and not all are nought."""
    digits = digits.zfill(9)
    weights = (9, 8, 7, 6, 5, 4, 3, 2, -1)
    total = sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True))
    return digits.strip("0") != "" and total % 11 == 0


def _numbers(text: str) -> Found:
    found: Found = []
    low = text.casefold()
    if "bsn" in low or "sofi" in low or "burgerservice" in low:
        found += [
            (one.start("number"), one.end("number"))
            for one in _CALLED_BSN.finditer(text)
            if bsn_holds(re.sub(r"\D", "", one["number"]))
        ]
    found += [
        (one.start(), one.end())
        for one in _NUMBER.finditer(text)
        if bsn_holds(re.sub(r"\D", "", one[0])) and not _is_reference(text, one.start())
    ]
    return sorted(set(found))


# Series of the RDW: L a letter, N a digit. The oldest three used vowels too, later ones never did; OV-20-24 is a bus
# line to most people, so that those count where somebody calls them a plate.
_SHAPES_OLD = ("LL-NN-NN", "NN-NN-LL", "NN-LL-NN")
_SHAPES = (
    *_SHAPES_OLD,
    *("LL-NN-LL", "LL-LL-NN", "NN-LL-LL", "NN-LLL-N", "N-LLL-NN", "LL-NNN-L", "L-NNN-LL", "LLL-NN-L", "L-NN-LLL"),
    *("N-LL-NNN", "NNN-LL-N"),
)
_LETTERS = frozenset("BDFGHJKLMNPRSTVWXZ")


_CALLED_PLATE = re.compile(r"(?:kenteken|kentekenplaat|nummerplaat|nummerbord|plaat)\W{0,3}$", re.IGNORECASE)
_PLATE_LIKE = re.compile(
    r"(?<![\w/=&#.-])(?:[A-Za-z\d]{1,3}-[A-Za-z\d]{2,3}-[A-Za-z\d]{1,3}|[A-Z\d]{6})(?![\w/])(?!-\w)", re.ASCII
)
_SHAPE_SET = frozenset(_SHAPES)
# without hyphens a series may look like a postcode, so that one needs them
_JOINED_SHAPES = frozenset(shape.replace("-", "") for shape in _SHAPES if shape != "NN-NN-LL")


def _shape(plate: str, letters: Callable[[str], bool]) -> str:
    """The form of something like a plate: N a digit, L a letter that a plate may have, ? another."""
    return "".join("N" if sign.isdigit() else sign if sign == "-" else "L" if letters(sign) else "?" for sign in plate)


def _plates(text: str) -> Found:
    found: Found = []
    for one in _PLATE_LIKE.finditer(text):
        plate = one[0].upper()
        shape = _shape(plate, _LETTERS.__contains__)
        modern = shape in (_SHAPE_SET if "-" in plate else _JOINED_SHAPES)
        called = bool(_CALLED_PLATE.search(text[max(0, one.start() - _LOOK_BACK) : one.start()]))
        old = called and _shape(plate, str.isalpha) in _SHAPES_OLD
        alike = len(set(plate.replace("-", ""))) == 1
        if (old or modern) and not alike and (called or not _is_reference(text, one.start())):
            found.append(one.span())
    return found


_FINDERS: tuple[Callable[[str], Found], ...] = (_mails, _ibans, _phones, _numbers, _plates)
"""In the order of ``MASKS``, of which the last is for accounts: those depend on who is known."""
