"""How many posts of 25 words one core tokenizes, beside a bare ``str.lower().split()`` as floor.

Run: ``python benchmarks/tokenizer.py``
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable

from klankbord.base.text.tokens import index_terms, tokenize

WORDS = (  # noqa: SIM905 - a text is easier to read than forty quoted words
    "de het een van en in op te dat is die voor met niet zijn er aan ook als maar om dan nog bij uit brug straat "
    "container gemeente afspraak paspoort balie wijk buurt vuurwerk fiets auto wanneer waarom bedankt gewoon "
    "Klankendam Luisterveen Marktplein Klankbrug melding overlast speeltuin verkeer wegwerkzaamheden graag morgen"
).split()
SPICE = ("foto's", "e-bike", "#KlankbrugDicht", "20.30", "@gemeente", "klankendam.example/afval", "a.u.b.")
ACCENTED = ("één", "café", "€ 12,50", "👍🏽", "geïnformeerd")


def posts(number: int, *, accented: bool) -> list[str]:
    """Made-up posts of 25 words: one in twelve words is not plain; with ``accented`` one in twelve is not ASCII."""
    chance = random.Random(7)
    special = (*SPICE, *ACCENTED) if accented else SPICE
    made = []
    for _ in range(number):
        words = [chance.choice(special) if chance.random() < 1 / 12 else chance.choice(WORDS) for _ in range(25)]
        words[9] += ","
        words[24] += "."
        made.append(" ".join(words) + (" één" if accented else ""))
    return made


def rate(work: Callable[[str], object], texts: list[str]) -> float:
    """Posts per second of processor time, best of three rounds."""
    best = 0.0
    for _ in range(3):
        start = time.process_time()
        for text in texts:
            work(text)
        best = max(best, len(texts) / (time.process_time() - start))
    return best


def main() -> None:
    for name, texts in (("ascii", posts(10_000, accented=False)), ("accents and emoji", posts(10_000, accented=True))):
        floor = rate(lambda text: text.lower().split(), texts)
        print(
            f"{name}: tokenize {rate(tokenize, texts):,.0f} posts/s, index_terms {rate(index_terms, texts):,.0f}",
            end="",
        )
        print(f" posts/s (floor, lower and split: {floor:,.0f} posts/s)")


if __name__ == "__main__":
    main()
