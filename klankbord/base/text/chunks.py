"""The terms of a text without their places, at a tenth of the tokenizer's price: for what meets every post.

No token reaches across white space, save a price (``€ 12,50``). So a text can be cut at white space, and what the
tokenizer makes of each chunk can be remembered: few chunks make up most texts. A test holds this to the tokenizer.
"""

from __future__ import annotations

from klankbord.base.text.tokens import tokenize

CURRENCIES = "€$£"
PUNCTUATION = '.,:!?;)"'
LONGEST_REMEMBERED = 60
"""Characters; longer chunks are addresses that hardly come twice."""
MOST_REMEMBERED = 100_000

_remembered: dict[str, tuple[str, ...]] = {}


def terms_in(text: str) -> set[str]:
    """Every term by which some token of a text is found: the same as of ``tokenize``."""
    terms: set[str] = set()
    remembered = _remembered
    for chunk in text.split():
        found = remembered.get(chunk)
        if found is None:
            if chunk[-1] in CURRENCIES:
                return {term for token in tokenize(text) for term in token.terms}
            found = terms_of_chunk(chunk)
        terms.update(found)
    return terms


def terms_of_chunk(chunk: str) -> tuple[str, ...]:
    """The terms of what stands between white space."""
    word = chunk[:-1] if chunk[-1] in PUNCTUATION else chunk
    if word.isascii() and word.isalnum() and len(word) <= LONGEST_REMEMBERED:
        found: tuple[str, ...] = (word.lower(),)  # the ordinary word of the tokenizer's first branch
    else:
        found = tuple({term: None for token in tokenize(chunk) for term in token.terms})
    # what ends in a currency must be looked at again each time: the amount may follow
    if len(chunk) <= LONGEST_REMEMBERED and chunk[-1] not in CURRENCIES:
        if len(_remembered) >= MOST_REMEMBERED:
            _remembered.clear()
        _remembered[chunk] = found
    return found
