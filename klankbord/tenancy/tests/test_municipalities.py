"""Finding a municipality by what people call it."""

from __future__ import annotations

import pytest

from klankbord.tenancy.models import Municipality
from klankbord.tenancy.municipalities import rows, suggest, words_of


@pytest.mark.usefixtures("db")
class TestMunicipalities:
    def test_all_of_them_are_there(self) -> None:
        assert Municipality.objects.count() == 342
        haren = Municipality.objects.get(code="GM0014")
        assert (haren.name, haren.province, haren.area_code) == ("Groningen", "Groningen", "050")

    @pytest.mark.parametrize(
        ("typed", "name"),
        [
            ("Den Haag", "'s-Gravenhage"),
            ("den bosch", "'s-Hertogenbosch"),
            ("s gravenhage", "'s-Gravenhage"),
            ("sudwest", "Súdwest-Fryslân"),
            ("Sneek", "Súdwest-Fryslân"),
            ("Nuenen", "Nuenen, Gerwen en Nederwetten"),
            ("utrecht", "Utrecht"),
            ("Dantumadeel", "Dantumadiel"),
        ],
    )
    def test_people_find_theirs_by_any_name(self, typed: str, name: str) -> None:
        assert suggest(typed)[0].municipality.name == name

    @pytest.mark.parametrize("typed", ["", "   ", "qqqq", "'", "%", "\0", "é" * 5000])
    def test_nonsense_finds_nothing(self, typed: str) -> None:
        assert suggest(typed) == []

    def test_a_name_that_is_an_ordinary_word_gets_company(self) -> None:
        words = words_of(Municipality.objects.get(name="Best"))
        assert words == ["gemeente Best"]

    def test_the_words_are_the_names_and_the_places(self) -> None:
        words = words_of(Municipality.objects.get(name="'s-Gravenhage"))
        assert "Den Haag" in words
        assert "'s-Gravenhage" in words
        assert len(words) == len({word.casefold() for word in words})


def test_every_nickname_belongs_to_a_municipality() -> None:
    codes = {row["cbs_code"] for row in rows("gemeenten.csv")}
    assert {row["cbs_code"] for row in rows("bijnamen.csv")} <= codes
    assert {row["cbs_code"] for row in rows("woonplaatsen.csv")} <= codes
