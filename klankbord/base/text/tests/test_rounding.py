"""Places in what others said: the street stays, the door goes."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.base.text.masking import mask
from klankbord.base.text.rounding import rounded


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("Herrie in de Galmstraat 12!", "Herrie in de Galmstraat ██!"),
        ("Galmstraat 12a en Echolaan 3-bis", "Galmstraat ██ en Echolaan ██"),
        ("Lange Galmstraat nr. 12, achter", "Lange Galmstraat nr. ██, achter"),
        ("Galmstraat 12-14 en verder", "Galmstraat ██ en verder"),
        ("Galmstraat 12 en 14", "Galmstraat ██"),
        ("op het Marktplein 7 B", "op het Marktplein ██"),
        ("galmstraat 112 hs", "galmstraat ██"),
        ("9711 AB Klankendam", "9711 ██ Klankendam"),
        ("Postcode 9711ab", "Postcode 9711██"),
        ("Kijk op 52.374030, 4.889690", "Kijk op 52.37██, 4.88██"),
        ("https://kaart.example/@52.37403,4.88969,17z", "https://kaart.example/@52.37██,4.88██,17z"),
        ("Ik sta bij ///klank.brug.zingt", "Ik sta bij ///██"),
    ],
)
def test_what_is_finer_than_a_street_is_covered(said: str, kept: str) -> None:
    assert rounded(said) == kept


@pytest.mark.parametrize(
    "said",
    [
        "De Galmstraat 3 dagen dicht",
        "Feest op het Marktplein 2026",
        "Markt op het Marktplein 12 mei",
        "De Klankweg 10:30 uur",
        "Onderweg 30 mensen gezien",
        "Op de snelweg 12 keer",
        "1500 KM gereden, 1000 EU",
        "Versie 1.234,56 en 3.14159",
        "De A12 en de N201",
        "Galmstraat",
        "14 straten, 12 lanen",
        "Het kost € 1234 en 2500 euro",
        "",
    ],
)
def test_other_numbers_stay(said: str) -> None:
    assert rounded(said) == said


@given(st.text(alphabet="Galmstraat 0123456789-./,ABab█", max_size=80))
def test_twice_is_once_and_the_mask_hides_nothing_from_it(text: str) -> None:
    once = rounded(mask(text))
    assert rounded(once) == once
    assert len(once) <= len(text) + 20 * (text.count(" ") + 2)


@pytest.mark.parametrize(
    "hostile", ["Galmstraat 1 " * 8_000, "1234" * 25_000, "a-" * 50_000, "1.23 " * 20_000, "1, " * 30_000]
)
def test_a_hostile_text_takes_no_longer_than_its_length(hostile: str) -> None:
    began = time.process_time()
    rounded(hostile)
    assert time.process_time() - began < 2
