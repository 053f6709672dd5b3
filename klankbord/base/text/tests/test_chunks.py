"""Terms by chunk are the tokenizer's terms."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klankbord.base.text import chunks
from klankbord.base.text.chunks import terms_in, terms_of_chunk
from klankbord.base.text.tokens import tokenize

CHARACTERS = st.one_of(
    st.sampled_from("abcXYZ019 \n\t\u2028\x1c\x85.,:;-_'\u2019#@€$£/+!?()\"\u200b\u200d\u0301\ufe0f\u20e3👍🏽👩ßĳ京مש"),
    st.characters(),
)
PIECES = st.sampled_from(
    (
        "€ 12,50",
        "$ 5",
        "a.u.b.",
        "20.30",
        "#KlankbrugDicht",
        "@amal@plein.example",
        "www.klankendam.example/a",
        "'s-Graven",
    )
)


@given(st.lists(st.one_of(CHARACTERS, PIECES), max_size=40).map("".join))
@example("dat kost € 12,50 of €\n3")
@example("x$ 1 één")
@example("北京 市 e\u0301\u200b e")
def test_the_terms_of_the_chunks_are_those_of_the_tokens(text: str) -> None:
    expected = {term for token in tokenize(text) for term in token.terms}
    assert terms_in(text) == expected
    for chunk in text.split():
        terms_of_chunk(chunk)
    assert terms_in(text) == expected, "remembered otherwise than looked up"


def test_what_is_remembered_stays_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "_remembered", {})
    monkeypatch.setattr(chunks, "MOST_REMEMBERED", 10)
    terms_in(" ".join(f"woord{number}" for number in range(95)) + " " + "z" * (chunks.LONGEST_REMEMBERED + 1))
    assert 0 < len(chunks._remembered) <= 10
