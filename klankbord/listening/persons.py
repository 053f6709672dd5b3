"""Terms of a query that look like one person: a dossier follows a phenomenon or a place, never somebody.

Rules on what was written, since there is no list of everybody: accounts and their pages, what is covered in a text of
others (phone, mail, IBAN, citizen service number, plate), forms of address, a first name with a surname, and two
capitalised words that are no place, street or thing. Somebody's own word ("official in function", "not a person")
overrules a rule; the privacy officer sees that.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources

from django.utils.translation import gettext as _

from klankbord.base.text.folding import fold
from klankbord.base.text.handles import is_among
from klankbord.base.text.masking import hidden
from klankbord.listening.query.lexer import QUOTES
from klankbord.listening.words import word_list


class Stated(StrEnum):
    """What the owner of a dossier can state about a term that looks like a person."""

    OFFICIAL = "official"
    """An official, and only what is said about the work."""
    NOBODY = "nobody"
    """Not a person: a street, a company, a feast."""


@dataclass(frozen=True, slots=True)
class Suspect:
    """A stretch of a query that looks like one person, and why."""

    term: str
    reason: str
    start: int
    end: int

    @property
    def key(self) -> str:
        """By this the owner's statement is remembered: case and accents do not matter."""
        return fold(" ".join(self.term.split()))


_FIRST_NAMES = word_list("voornamen")
_PREFIXES = word_list("tussenvoegsels")
_ADDRESS = word_list("aanspreekvormen")
_THINGS = tuple(word_list("dingen"))
_THINGS_IN_NAMES = tuple(word_list("dingen-in-namen"))
"""Streets and buildings end so, and surnames do too: after a first name they prove nothing."""
_ORDINARY = word_list("gewone-woorden")
LONGEST_PLACE = 6
"""Words in the longest name of a place."""
_OPERATOR = re.compile(r"(?:AND|EN|NEAR/\d+|BIJ/\d+)\Z")
_APART = re.compile(r"(?:OR|OF|NOT|NIET)\Z")
_PIECE = re.compile(r"[()\"“”„‟«»]|[^\s()\"“”„‟«»]+")
_INITIALS = re.compile(r"(?:[A-Z]\.){1,4}\Z|[A-Z]\Z")
_PAGE = re.compile(
    r"(?:^|//|\.)(?:x|twitter|facebook|fb|instagram|threads|tiktok|snapchat|t|youtube|linkedin|bsky)\.(?:com|net|me|app)"
    r"/(?!(?:hashtag|search|explore|groups|events|watch|tag|company|feed)\b)\w|/(?:users?|u|profile|in|add)/\w"
)
"""The page of an account; not the one of a hashtag, a group or an event."""
_EXEMPT_FIELD = re.compile(r"(?:plaats|place|kanaal|channel|taal|language|bron|source):", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int
    quoted: bool = False

    @property
    def low(self) -> str:
        return fold(self.text)

    @property
    def capital(self) -> bool:
        return self.text[:1].isupper() and not (len(self.text) > 2 and self.text.isupper())


def suspects(query: str, own_accounts: Collection[str] = ()) -> list[Suspect]:
    """What looks like one person in a query, in order. ``own_accounts``: handles of the organisation itself."""
    own = frozenset(map(fold, own_accounts))
    found: list[Suspect] = []
    for run in _runs(query):
        found += _accounts(run, own)
        found += _numbers(run, own)
        found += _names(run)
    return sorted(found, key=lambda one: one.start)


def suspects_in_words(words: Iterable[str], own_accounts: Collection[str] = ()) -> list[Suspect]:
    """What looks like one person in plain words, of which each stands for itself."""
    return [one for word in words for one in suspects(word, own_accounts)]


def unstated(found: Iterable[Suspect], declared: Iterable[dict[str, str]]) -> list[Suspect]:
    """The suspects that the owner has stated nothing about."""
    keys = {one["key"] for one in declared if one.get("as") in set(Stated)}
    return [one for one in found if one.key not in keys]


def _runs(query: str) -> Iterator[list[_Word]]:
    """Words that must be found together: side by side, between quotation marks, or joined by AND or NEAR."""
    run: list[_Word] = []
    quoted = False
    for piece in _PIECE.finditer(query):
        text = piece[0]
        if text in QUOTES:
            quoted = not quoted
        if _APART.match(text) or text in "()":
            yield run
            run = []
        elif _OPERATOR.match(text) or (len(text) == 1 and not text.isalnum()):
            continue
        elif _EXEMPT_FIELD.match(text):
            yield run
            run = []
        else:
            bare = text.strip("=#*,;:!?")
            if bare:
                start = piece.start() + text.index(bare)
                run.append(_Word(bare, start, start + len(bare), quoted))
    yield run


def _accounts(run: list[_Word], own: Collection[str]) -> Iterator[Suspect]:
    for word in run:
        named = "@" in word.text and len(word.text) > 1 and not is_among(word.text, own)
        if named or _PAGE.search(word.low):
            reason = _("“%(term)s” is somebody's account or address.")
            yield Suspect(word.text, reason % {"term": word.text}, word.start, word.end)


def _numbers(run: list[_Word], own: Collection[str]) -> Iterator[Suspect]:
    """What would be covered in a text of others, also when its parts stand apart: ``06 AND 12345678``."""
    text, places = "", []
    for word in run:
        places.append((len(text), len(text) + len(word.text), word))
        text += word.text + " "
    for stretch in hidden(text, own):
        words = [word for start, end, word in places if start < stretch.end and stretch.start < end]
        term = " ".join(word.text for word in words)
        if "@" not in term:
            reason = _("“%(term)s” is a number of one person: of a phone, an account, a car or a register.")
            yield Suspect(term, reason % {"term": term}, words[0].start, words[-1].end)


def _names(run: list[_Word]) -> Iterator[Suspect]:
    at = 0
    while at < len(run):
        if long := _place_at(run, at):
            at += long
            continue
        suspect, used = _name_at(run, at)
        if suspect:
            yield suspect
        at += used or 1


def _place_at(run: list[_Word], at: int) -> int:
    """How many words from here are together the name of one place: “De Fryske Marren”; 0 for none."""
    for end in range(min(len(run), at + LONGEST_PLACE), at + 1, -1):
        if is_place(" ".join(word.text for word in run[at:end])):
            return end - at
    return 0


def _name_at(run: list[_Word], at: int) -> tuple[Suspect | None, int]:
    """A name that begins with this word, and how many words were used."""
    first = run[at]
    last = at + 1
    while last < len(run) and run[last].low in _PREFIXES:
        last += 1
    if last >= len(run) or "@" in run[last].text:
        return None, 0
    words = run[at : last + 1]
    whole = " ".join(word.text for word in words)
    named = first.low in _FIRST_NAMES or first.low.rstrip(".") in _ADDRESS or bool(_INITIALS.match(first.text))
    thing = _THINGS if named else (*_THINGS, *_THINGS_IN_NAMES)
    # "Anne Frank school" between quotation marks is the school
    follows = run[last + 1].low if last + 1 < len(run) and run[last].quoted and run[last + 1].quoted else ""
    if is_place(whole) or run[last].low.endswith(thing) or follows in _THINGS:
        return None, len(words)
    reason = ""
    if first.low.rstrip(".") in _ADDRESS:
        if run[last].capital and not _is_ordinary(run[last]):
            reason = _("“%(term)s” speaks of one person by name.")
    elif first.low in _FIRST_NAMES:
        if run[last].capital or not _is_ordinary(run[last]):
            reason = _("“%(term)s” looks like a first name and a surname.")
    elif _INITIALS.match(first.text):
        if run[last].capital and len(run[last].text) > 2:
            reason = _("“%(term)s” looks like initials and a surname.")
    elif first.capital and run[last].capital and not (_is_ordinary(first) or _is_ordinary(run[last])):
        reason = _("“%(term)s” are names with capitals; this may be somebody.")
    if not reason:
        return None, 0
    return Suspect(whole, reason % {"term": whole}, first.start, run[last].end), len(words)


def _is_ordinary(word: _Word) -> bool:
    return word.low in _ORDINARY or word.low in _PREFIXES or is_place(word.text) or any(map(str.isdigit, word.text))


def is_place(text: str) -> bool:
    return fold(text) in _places()


@cache
def _places() -> frozenset[str]:
    """Every municipality and place of the country, by the reference data of ``tenancy``."""
    names: set[str] = set()
    for file, column in (("gemeenten.csv", "naam"), ("woonplaatsen.csv", "woonplaats"), ("bijnamen.csv", "bijnaam")):
        with (resources.files("klankbord.tenancy") / "data" / file).open(encoding="utf-8") as rows:
            names |= {fold(row[column]) for row in csv.DictReader(rows)}
    return frozenset(names)
