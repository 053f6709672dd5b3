"""Made-up dossiers and posts in the mixture that the matcher is measured with. Repeatable; exercise, all of it.

70 % place AND topic, 15 % place only, 15 % topic AND topic. A topic is a word (62 %), a phrase (15 %), a beginning of a
word (11 %), two words near each other (6 %) or a hashtag (6 %). 40 % has a NOT. Topics are drawn by Zipf's law from the
words after the hundred commonest, so that common words are followed most. Posts have 25 words by their frequency in
Dutch (wordfreq), one of them one of 4,000 places, by Zipf's law again; dossiers are spread evenly over the places, as
their municipalities are. One word in fifty is written as a hashtag.
"""

from __future__ import annotations

import csv
import random
import re
from dataclasses import dataclass
from importlib import resources
from itertools import accumulate

PLACES = 4_000
WORDS = 50_000
LENGTH = 25
HASHTAG = 0.02
COMMONEST = 100
"""Words of the list that nobody makes a topic: de, het, een."""
NEAR = 5
_PLAIN = re.compile(r"[a-z]{2,30}")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A leaf of a made-up query: ``kind`` says what its words are."""

    kind: str
    words: tuple[str, ...]

    @property
    def text(self) -> str:
        match self.kind:
            case "phrase":
                return f'"{" ".join(self.words)}"'
            case "prefix":
                return f"{self.words[0]}*"
            case "near":
                return f"{self.words[0]} NEAR/{NEAR} {self.words[1]}"
            case "hashtag":
                return f"#{self.words[0]}"
        return self.words[0]


@dataclass(frozen=True, slots=True)
class Question:
    """A made-up query: everything in ``wanted`` and nothing of ``unwanted``."""

    wanted: tuple[Leaf, ...]
    unwanted: tuple[Leaf, ...]

    @property
    def text(self) -> str:
        return " AND ".join(leaf.text for leaf in self.wanted) + "".join(f" NOT {leaf.text}" for leaf in self.unwanted)


class World:
    """The words and places that posts and dossiers are made of."""

    def __init__(self, seed: int) -> None:
        from wordfreq import get_frequency_dict

        self.chance = random.Random(seed)
        frequencies: dict[str, float] = get_frequency_dict("nl", wordlist="best")
        places = _places(self.chance)
        plain = [(word, share) for word, share in frequencies.items() if _PLAIN.fullmatch(word) and word not in places]
        plain.sort(key=lambda one: (-one[1], one[0]))
        self.words = [word for word, _share in plain[:WORDS]]
        self._shares = list(accumulate(share for _word, share in plain[:WORDS]))
        self.places = list(places)
        self._of_places = list(accumulate(1 / (rank + 1) for rank in range(len(self.places))))
        self._commonest = frozenset(self.words[:COMMONEST])
        self.topics = self.words[COMMONEST:20_000]
        self._of_topics = list(accumulate(1 / (rank + COMMONEST) for rank in range(len(self.topics))))

    def topic_word(self) -> str:
        return self.chance.choices(self.topics, cum_weights=self._of_topics)[0]

    def post(self) -> list[str]:
        """The words of a post, some as hashtags."""
        said = self.chance.choices(self.words, cum_weights=self._shares, k=LENGTH)
        said[self.chance.randrange(LENGTH)] = self.chance.choices(self.places, cum_weights=self._of_places)[0]
        return [f"#{word}" if self.chance.random() < HASHTAG else word for word in said]

    def leaf(self) -> Leaf:
        kind = self.chance.choices(("word", "phrase", "prefix", "near", "hashtag"), (62, 15, 11, 6, 6))[0]
        match kind:
            case "phrase" | "near":
                return Leaf(kind, self._together(kind))
            case "prefix":
                word = self.topic_word()
                return Leaf(kind, (word[: max(3, min(6, len(word) - 1))],))
        return Leaf(kind, (self.topic_word(),))

    def _together(self, kind: str) -> tuple[str, ...]:
        """Two words that somebody could say beside or near each other, at least one of them a topic."""
        while True:
            said = [word.lstrip("#") for word in self.post()]
            at = self.chance.randrange(LENGTH - NEAR)
            pair = said[at], said[at + (1 if kind == "phrase" else self.chance.randint(1, NEAR))]
            if pair[0] != pair[1] and not self._commonest.issuperset(pair):
                return pair

    def question(self) -> Question:
        kind = self.chance.choices(("both", "place", "topics"), (70, 15, 15))[0]
        wanted = [self.leaf()] if kind == "both" else [] if kind == "place" else [self.leaf(), self.leaf()]
        if kind != "topics":
            wanted.insert(0, Leaf("word", (self.chance.choice(self.places),)))
        unwanted = (Leaf("word", (self.topic_word(),)),) if self.chance.random() < 0.4 else ()
        return Question(tuple(wanted), unwanted)


def _places(chance: random.Random) -> dict[str, None]:
    """Dutch places of one word, and invented ones from their halves until there are enough; commonest first."""
    with (resources.files("klankbord.tenancy") / "data" / "woonplaatsen.csv").open(encoding="utf-8") as file:
        names = [row["woonplaats"].lower() for row in csv.DictReader(file)]
    found = dict.fromkeys(name for name in names if _PLAIN.fullmatch(name))
    real = list(found)
    while len(found) < PLACES:
        one, other = chance.choice(real), chance.choice(real)
        found[one[: len(one) // 2 + 1] + other[len(other) // 2 :]] = None
    shuffled = list(found)[:PLACES]
    chance.shuffle(shuffled)
    return dict.fromkeys(shuffled)
