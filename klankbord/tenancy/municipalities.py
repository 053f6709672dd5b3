"""Finding one's municipality by what people call it: official name, nickname, or a place in it."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from django.utils.formats import number_format

from klankbord.tenancy.models import Municipality

DATA = resources.files("klankbord.tenancy") / "data"
MOST = 12


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A municipality that was meant, and by which other name it was found."""

    municipality: Municipality
    known_as: str

    @property
    def population(self) -> str:
        return number_format(self.municipality.population, force_grouping=True)


def rows(name: str) -> Iterator[dict[str, str]]:
    """The rows of one of the files that the house ships."""
    yield from csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines())


def folded(name: str) -> str:
    """Lower case, without accents, dashes or apostrophes: how people type a name in a hurry."""
    bare = "".join(
        letter for letter in unicodedata.normalize("NFKD", name.lower()) if not unicodedata.combining(letter)
    )
    return " ".join("".join(letter if letter.isalnum() else " " for letter in bare).split())


@cache
def _names() -> tuple[tuple[str, str, str], ...]:
    """(folded name, CBS code, name as said) of everything that leads to a municipality, official names first."""
    official = [(folded(row["naam"]), row["cbs_code"], "") for row in rows("gemeenten.csv")]
    nicknames = [(folded(row["bijnaam"]), row["cbs_code"], row["bijnaam"]) for row in rows("bijnamen.csv")]
    places = [(folded(row["woonplaats"]), row["cbs_code"], row["woonplaats"]) for row in rows("woonplaatsen.csv")]
    return tuple(official + nicknames + places)


def suggest(typed: str, most: int = MOST) -> list[Suggestion]:
    """Municipalities for what was typed so far: exact names first, then beginnings, then anything that holds it."""
    wanted = folded(typed[:80])
    if not wanted:
        return []
    ranked = sorted(
        (0 if name == wanted else 1 if name.startswith(wanted) else 2, order, code, said)
        for order, (name, code, said) in enumerate(_names())
        if wanted in name
    )
    first: dict[str, str] = {}
    for _rank, _order, code, said in ranked:
        first.setdefault(code, said)
    codes = list(first)[:most]
    known = {one.code: one for one in Municipality.objects.filter(code__in=codes)}
    return [Suggestion(known[code], first[code]) for code in codes if code in known]


@cache
def _ordinary() -> frozenset[str]:
    return frozenset((DATA / "gewone-woorden.txt").read_text(encoding="utf-8").casefold().split("\n"))


def words_of(municipality: Municipality) -> list[str]:
    """What to listen for at first: the municipality by every name, and its places. Editable afterwards.

    A name that is an ordinary word too (Best, Goes, Haren) counts only with a word beside it.
    """
    names = [(municipality.name, "gemeente")]
    names += [(row["bijnaam"], "gemeente") for row in rows("bijnamen.csv") if row["cbs_code"] == municipality.code]
    names += [
        (row["woonplaats"], municipality.name)
        for row in rows("woonplaatsen.csv")
        if row["cbs_code"] == municipality.code
    ]
    found: dict[str, str] = {}
    for name, beside in names:
        beside = "gemeente" if folded(beside) == folded(name) else beside
        found.setdefault(folded(name), f"{beside} {name}" if name.casefold() in _ordinary() else name)
    return list(found.values())
