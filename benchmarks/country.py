"""A made-up country of 342 organisations that talk: sizes, channels, people and words. Pure; exercise, all of it."""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import accumulate

END = datetime(2026, 11, 20, 12, tzinfo=UTC)
YEARS = timedelta(days=3 * 365)
LARGEST = (930_000, 670_000, 570_000, 370_000, 250_000)
MEDIAN_TOWN, SPREAD = 34_000, 0.8  # residents, and the standard deviation of the logarithm
FREQUENT = [
    "de",
    "het",
    "een",
    "van",
    "en",
    "in",
    "is",
    "dat",
    "op",
    "te",
    "zijn",
    "met",
    "voor",
    "niet",
    "die",
    "aan",
    "er",
    "om",
    "ook",
    "maar",
    "als",
    "dit",
    "bij",
    "nog",
    "wel",
    "naar",
    "uit",
    "door",
    "over",
    "wat",
    "kan",
    "heb",
    "ik",
    "u",
    "jullie",
    "we",
    "ze",
    "mijn",
    "onze",
    "al",
    "meer",
    "geen",
    "daar",
    "hier",
    "nu",
    "waarom",
    "wanneer",
    "straat",
    "gemeente",
    "afval",
    "container",
    "fiets",
    "auto",
    "parkeren",
    "brug",
    "water",
    "boom",
    "licht",
    "lantaarn",
    "vergunning",
    "paspoort",
    "afspraak",
    "bericht",
    "melding",
    "overlast",
    "dank",
]
ONSETS = [
    "b",
    "bl",
    "br",
    "d",
    "dr",
    "f",
    "fl",
    "g",
    "gl",
    "gr",
    "h",
    "j",
    "k",
    "kl",
    "kr",
    "kn",
    "l",
    "m",
    "n",
    "p",
    "pl",
    "pr",
    "r",
    "s",
    "sch",
    "sl",
    "st",
    "str",
    "t",
    "tr",
    "v",
    "vl",
    "w",
    "wr",
    "z",
    "zw",
]
NUCLEI = ["a", "e", "i", "o", "u", "aa", "ee", "oo", "uu", "ie", "oe", "ei", "ij", "ou", "ui", "eu"]
CODAS = ["", "", "", "n", "l", "r", "s", "t", "k", "p", "m", "ng", "nd", "rt", "st", "cht", "lf", "rk"]
RARE_WORD = "kwibusvlieder"
"""Stands in three posts of each of the largest organisations."""


@dataclass(frozen=True, slots=True)
class Channel:
    id: int
    organisation: int
    kind: str


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread to be: where, by whom, when its posts came, and how far its handling is."""

    channel: Channel
    author: int  # the how-manieth author of that channel
    private: bool
    addressed: bool
    moments: tuple[datetime, ...]
    status: str


class Words:
    """Text by Zipf's law over a vocabulary of words that look Dutch."""

    def __init__(self, chance: random.Random, size: int = 40_000) -> None:
        self.chance = chance
        words = dict.fromkeys(FREQUENT)
        while len(words) < size:
            syllables = chance.choices((1, 2, 3, 4), (1, 5, 4, 1))[0]
            parts = (chance.choice(ONSETS) + chance.choice(NUCLEI) + chance.choice(CODAS) for _ in range(syllables))
            words["".join(parts)] = None
        self.vocabulary = list(words)
        weights = list(accumulate(1 / (rank + 2) for rank in range(size)))
        # a stretch of one long babble is a tenth of the price of drawing each word anew
        self.babble = chance.choices(self.vocabulary, cum_weights=weights, k=2_000_000)

    def some(self, count: int) -> list[str]:
        start = int(self.chance.random() * (len(self.babble) - count))
        return self.babble[start : start + count]

    def length(self) -> int:
        """Words in one post: mostly a few sentences, sometimes a whole letter."""
        return max(3, min(300, int(self.chance.lognormvariate(2.8, 0.7))))


def residents(organisations: int, chance: random.Random) -> list[int]:
    """How many people live in each, largest first; shaped like the Dutch list."""
    import math

    towns = (chance.lognormvariate(math.log(MEDIAN_TOWN), SPREAD) for _ in range(organisations - len(LARGEST)))
    return sorted([*LARGEST, *(min(240_000, max(1_000, int(size))) for size in towns)], reverse=True)


def channels(sizes: list[int], chance: random.Random) -> list[Channel]:
    """One to four channels each, the large ones more: mail first, then the public square."""
    made: list[Channel] = []
    for index, size in enumerate(sizes):
        count = 4 if size > 200_000 else chance.choices((1, 2, 3), (1, 5, 2))[0]
        for kind in ("mail", "mastodon", "mastodon", "mail")[:count]:
            made.append(Channel(len(made) + 1, index + 1, kind))
    return made


def threads(
    posts: int, conversations: int, sizes: list[int], places: list[Channel], chance: random.Random
) -> Iterator[Thread]:
    """As many threads as asked for, with the posts spread over them; a seventh of the posts opened no conversation."""
    of: dict[int, list[Channel]] = {}
    for place in places:
        of.setdefault(place.organisation, []).append(place)
    weights = list(accumulate(sizes))
    loose = posts // 7
    lengths = [2] * conversations
    for _ in range(posts - loose - 2 * conversations):
        lengths[chance.randrange(conversations)] += 1
    for number in range(conversations + loose):
        addressed = number < conversations
        organisation = bisect(weights, chance.random() * weights[-1]) + 1
        there = of[organisation]
        place = chance.choice(there)
        start = END - YEARS * chance.random()
        moments = [start]
        for _ in range(lengths[number] - 1 if addressed else 0):
            moments.append(moments[-1] + timedelta(minutes=chance.expovariate(1 / 240)))
        age = (END - start) / YEARS
        yield Thread(
            channel=place,
            author=int(sizes[organisation - 1] ** 0.8 * chance.random() ** 2),
            private=addressed and (place.kind == "mail" or chance.random() < 0.15),
            addressed=addressed,
            moments=tuple(moments),
            status=("open" if chance.random() < 0.5 else "answered")
            if age < 0.04 and chance.random() < 0.95
            else "closed",
        )
