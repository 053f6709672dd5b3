"""The tokenizer against its own promises, a slow oracle and hostile texts."""

from __future__ import annotations

import time
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from klankbord.base.text import tokens
from klankbord.base.text.folding import fold
from klankbord.base.text.tokens import LONGEST_TERM, MOST_BYTES, Kind, highlight, index_terms, query_terms, tokenize

TOWN_TEXT = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            "abcXYZ019 \n.,:;-_'\u2019#@€$/+!?\u200b\u200d\u0301\ufe0f\u20e3👍🏽👩ßĳİ\u0131é京مш\u202e\x00\ud800"
        ),
        st.characters(),
    ),
    max_size=60,
)


def folded(text: str) -> list[str]:
    return [token.folded for token in tokenize(text)]


def found_by(text: str, term: str) -> bool:
    return any(term in token.terms for token in tokenize(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("De brug is dicht!", ["de", "brug", "is", "dicht"]),
        ("Één café, ZÓ open.", ["een", "cafe", "zo", "open"]),
        ("e\u0301e\u0301n", ["een"]),
        ("Straße STRASSE", ["strasse", "strasse"]),
        ("Ĳsbaan IJsbaan", ["ijsbaan", "ijsbaan"]),
        ("\u0131ş\u0131k İZMİR", ["isik", "izmir"]),
        ("'s-Gravenhage en \u2019s avonds", ["s-gravenhage", "en", "s", "avonds"]),
        ("zij zei 'hallo' tegen d'r", ["zij", "zei", "hallo", "tegen", "d'r"]),
        ("om 20.30 uur, 20:30u", ["om", "20.30", "uur", "20:30", "u"]),
        ("€ 12,50 of €1.250,00", ["€12,50", "of", "€1.250,00"]),
        ("kenteken XX-000-X", ["kenteken", "xx-000-x"]),
        ("a.u.b. vóór 1 mei", ["a.u.b", "voor", "1", "mei"]),
        ("_nadruk_ en __ en foo_bar", ["nadruk", "en", "en", "foo_bar"]),
        ("ge\u200bmeen\u00adte", ["gemeente"]),
        ("שָׁלוֹם مَرْحَبًا", ["שלום", "مرحبا"]),
        ("北京市", ["北", "京", "市"]),
        ("C# en #1", ["c", "en", "1"]),
        ("…!?", []),
    ],
)
def test_text_is_cut_and_folded_as_people_read_it(text: str, expected: list[str]) -> None:
    assert folded(text) == expected


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("e-bike", {"e-bike", "e", "bike", "ebike"}),
        ("foto's", {"foto's", "foto", "s", "fotos"}),
        ("zo'n", {"zo'n", "zo", "n"}),
        ("20.30", {"20.30", "20:30"}),
        ("€ 12,50", {"€12,50", "12,50"}),
        ("a.u.b.", {"a.u.b", "aub"}),
        ("#KlankendamBrandt", {"#klankendambrandt", "klankendambrandt", "klankendam", "brandt"}),
        ("#Jaarwisseling2030", {"#jaarwisseling2030", "jaarwisseling2030", "jaarwisseling", "2030"}),
        ("@amal@sociaal.example", {"@amal@sociaal.example", "@amal", "amal"}),
        ("https://www.Klankendam.example/Afval/", {"klankendam.example/afval", "klankendam.example"}),
        ("klankendam.nl/afval", {"klankendam.nl/afval", "klankendam.nl", "klankendam", "nl"}),
        ("info@klankendam.example", {"info@klankendam.example", "klankendam.example"}),
        ("👍🏽", {"👍🏽", "👍"}),
    ],
)
def test_a_token_is_found_by_its_parts(text: str, terms: set[str]) -> None:
    (token,) = tokenize(text)
    assert set(token.terms) == terms
    assert set(index_terms(text)) == terms


def test_a_word_finds_the_hashtag_but_a_hashtag_only_the_hashtag() -> None:
    assert found_by("Weer dicht #Klankbrug", "klankbrug")
    assert found_by("Weer dicht #Klankbrug", "#klankbrug")
    assert not found_by("De Klankbrug is weer dicht", "#klankbrug")


@pytest.mark.parametrize(
    ("sought", "text"),
    [
        ("#KlankbrugDicht", "weer raak #klankbrugdicht"),
        ("klankendam.nl/afval", "zie https://www.klankendam.nl/afval"),
        ("E-bike", "mijn e-bike is weg"),
        ("ebike", "mijn e-bike is weg"),
        ("de brug", "De Brug, zei hij"),
    ],
)
def test_what_is_sought_is_found_however_it_was_written(sought: str, text: str) -> None:
    assert set(query_terms(sought)) <= set(index_terms(text))


@given(TOWN_TEXT)
def test_every_text_finds_itself(text: str) -> None:
    assert set(query_terms(text)) <= set(index_terms(text))


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("zie https://klankendam.example/x?a=1).", [Kind.WORD, Kind.URL]),
        ("@amal kijk #brug", [Kind.MENTION, Kind.WORD, Kind.HASHTAG]),
        ("👨‍👩‍👧‍👦❤️1️⃣🇳🇱", [Kind.EMOJI] * 4),
        ("super👍🏿hoor", [Kind.WORD, Kind.EMOJI, Kind.WORD]),
    ],
)
def test_kinds(text: str, kinds: list[Kind]) -> None:
    assert [token.kind for token in tokenize(text)] == kinds


def test_punctuation_after_an_address_is_not_part_of_it() -> None:
    assert tokenize("(zie https://klankendam.example/afval).")[1].text == "https://klankendam.example/afval"


@given(TOWN_TEXT)
@example("_'s-")
@example("@a.-")
def test_tokens_are_the_text_in_order_without_overlap(text: str) -> None:
    end = 0
    for position, token in enumerate(tokenize(text)):
        assert token.position == position
        assert token.text == text[token.start : token.end] != ""
        assert token.start >= end
        assert all(0 < len(term) <= LONGEST_TERM and "\x00" not in term for term in token.terms)
        end = token.end


@given(TOWN_TEXT)
def test_terms_can_be_stored(text: str) -> None:
    terms = index_terms(text)
    assert len(terms) == len(set(terms))
    assert "".join(terms).encode("utf-8", "replace").decode() == "".join(terms)


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=80))
@example("1,5 a.b. klankendam.nl #Brug_2 @x 's-G")
def test_the_fast_road_for_ascii_gives_what_the_general_one_gives(text: str) -> None:
    assert tokenize(text + " ") == tokenize(text + " é")[:-1]


@given(st.text(alphabet=st.characters(categories=("L", "N")), max_size=30))
def test_every_letter_and_digit_ends_up_in_a_token(text: str) -> None:
    covered = {index for token in tokenize(text) for index in range(token.start, token.end)}
    lost = {text[index] for index in range(len(text)) if index not in covered}
    assert all(fold(character).strip("'-_") == "" for character in lost)


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text(alphabet=st.sampled_from("aàÅçéëïñöÿŁøßĳabcxyz éè"), max_size=30))
def test_folding_forgets_case_and_composition(text: str) -> None:
    assert fold(text) == fold(text.upper()) == fold(unicodedata.normalize("NFD", text))


@pytest.mark.parametrize(
    "hostile",
    [
        "a",
        "a.",
        "a-",
        "'s-",
        "#1",
        "@a.-",
        "@a@",
        "a+b",
        "x@y.",
        "site-.nl.",
        "https://",
        "1.",
        "€ ",
        "👨\u200d",
        "e\u0301",
        "_",
        "a_",
        "京",
        "\u200b",
        "aB",
        "#aB",
        ".",
        "'",
    ],
)
def test_a_hundred_thousand_characters_take_linear_time(hostile: str) -> None:
    def seconds(length: int) -> float:
        text = (hostile * (length // len(hostile) + 1))[:length] + "é"
        start = time.process_time()
        index_terms(text)
        return time.process_time() - start

    # Quadratic work on the long text would cost a hundred times the short one: minutes, not this bound.
    assert seconds(100_000) < 40 * seconds(10_000) + 0.5


def test_terms_of_an_enormous_text_stay_under_the_limit_of_postgresql() -> None:
    text = " ".join(f"{number:x}京" for number in range(300_000))
    terms = index_terms(text)
    assert MOST_BYTES - 20 < sum(len(term.encode()) for term in terms) <= MOST_BYTES


def test_a_long_word_is_cut_alike_in_index_and_query() -> None:
    assert index_terms("x" * 5000) == index_terms("x" * 4999 + "y") == ["x" * tokens.LONGEST_TERM]


@pytest.mark.parametrize(
    ("text", "words", "expected"),
    [
        ("De Klankbrug is dicht", ["klankbrug"], ["Klankbrug"]),
        ("De Klankbrug, de brug", ["de klankbrug"], ["De Klankbrug"]),
        ("de brug, Klankbrug", ["de klankbrug"], []),
        ("Mijn é-bike op #Klankbrug", ["bike", "KLANKBRUG", "fiets"], ["é-bike", "#Klankbrug"]),
        ("op de brug", ["de brug", "op de"], ["op de brug"]),
        ("op de brug", ["", "!"], []),
    ],
)
def test_highlight_marks_what_was_sought(text: str, words: list[str], expected: list[str]) -> None:
    assert [text[start:end] for start, end in highlight(text, words)] == expected


@given(TOWN_TEXT, st.lists(TOWN_TEXT, max_size=3))
def test_highlight_marks_every_single_word_that_the_index_knows(text: str, words: list[str]) -> None:
    spans = highlight(text, words)
    assert spans == sorted(spans)
    assert all(left[1] <= right[0] for left, right in pairwise(spans))
    covered = {index for start, end in spans for index in range(start, end)}
    for word in words:
        sought = tokenize(word)
        if len(sought) == 1:
            for token in tokenize(text):
                assert (sought[0].folded not in token.terms) or token.start in covered
