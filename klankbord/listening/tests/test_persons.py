"""A query on a person stops, with its reason; streets, feasts and companies go on."""

from __future__ import annotations

import pytest

from klankbord.listening.persons import suspects, unstated


@pytest.mark.parametrize(
    "query",
    [
        "Klankbrug",
        '"Johan de Wittstraat"',
        "Johan de Wittstraat",
        "Sinterklaas",
        "Sinterklaas OR intocht",
        "De Boer",
        '"De Boer" AND supermarkt',
        '"Den Haag"',
        '"Bergen op Zoom" AND afval',
        '"Alphen aan den Rijn"',
        '"Grote Markt" OR Marktplein',
        '"Rode Kruis"',
        "Tweede Kamer",
        "plaats:Haren AND fietspad",
        "#KlankendamBruist",
        "burgemeester en wethouders",
        '"burgemeester en wethouders" AND besluit',
        "Jan",
        "Willem-Alexander OR Koningsdag",
        '"Prins Hendrikplein"',
        "overlast AND vuurwerk NOT Oud",
        "AZC Klankendam",
        '"Anne Frank school"',
        "taal:nl brug",
        "Haren BIJ/5 Groningen",
        "e-bike* AND fietspad",
        "x.com/hashtag/klankbrug OR facebook.com/groups/klankendam",
        "https://klankendam.example/nieuws/brug",
        '"14 020" OR "0800 1234" OR A28',
        "jaarwisseling AND (2025 OR 2026)",
    ],
)
def test_a_phenomenon_or_a_place_may_be_followed(query: str) -> None:
    assert suspects(query) == []


@pytest.mark.parametrize(
    ("query", "term"),
    [
        ("@bea_bewoner", "@bea_bewoner"),
        ("brug OR @bea@plein.example", "@bea@plein.example"),
        ("bea@post.example", "bea@post.example"),
        ('"Bea Bewoner"', "Bea Bewoner"),
        ("Kees Dekker", "Kees Dekker"),
        ("Kees AND Dekker", "Kees Dekker"),
        ("Kees BIJ/3 Dekker", "Kees Dekker"),
        ("kees dekker", "kees dekker"),
        ('"jan van der berg"', "jan van der berg"),
        ("Jan de Vries", "Jan de Vries"),
        ('"Kees Dekker" AND brug', "Kees Dekker"),
        ("Kees Dekker brug", "Kees Dekker"),
        ('brug AND "Farah el Idrissi"', "Farah el Idrissi"),
        ('"J. Dekker"', "J. Dekker"),
        ("meneer Dekker", "meneer Dekker"),
        ("mevrouw van Dijkhuizen", "mevrouw van Dijkhuizen"),
        ("Kees Nieuwenhuis", "Kees Nieuwenhuis"),
        ("wethouder Bos", "wethouder Bos"),
        ("Mevrouw De Wit", "Mevrouw De Wit"),
        ("burgemeester Dekker", "burgemeester Dekker"),
        ("fam. Dekker", "fam. Dekker"),
        ("=Kees =Dekker", "Kees Dekker"),
        ("0612345678", "0612345678"),
        ("brug OR (06 AND 12345678)", "06 12345678"),
        ('"+31 6 1234 5678"', "+31 6 1234 5678"),
        ("NL91ABNA0417164300 OR brug", "NL91ABNA0417164300"),
        ('"NL91 ABNA 0417 1643 00"', "NL91 ABNA 0417 1643 00"),
        ("(111222333)", "111222333"),
        ("GX-123-B", "GX-123-B"),
        ("https://x.com/jan", "https://x.com/jan"),
        ("www.facebook.com/jan.jansen", "www.facebook.com/jan.jansen"),
        ("linkedin.com/in/jan-jansen AND brug", "linkedin.com/in/jan-jansen"),
        ("https://plein.example/users/bea", "https://plein.example/users/bea"),
        ("https://plein.example/@bea", "https://plein.example/@bea"),
    ],
)
def test_a_person_stops_with_a_reason(query: str, term: str) -> None:
    found = suspects(query)
    assert [one.term for one in found] == [term]
    assert all(one.term in one.reason for one in found)


def test_what_is_found_stands_there() -> None:
    query = 'afval OR "meneer Dekker" OR @bea'
    assert [query[one.start : one.end] for one in suspects(query)] == ["meneer Dekker", "@bea"]


def test_the_own_account_is_nobody() -> None:
    assert suspects("@klankendam@plein.example", ["@Klankendam@plein.example"]) == []


def test_what_the_owner_states_overrules_a_rule() -> None:
    stated = [{"term": "Albert Heijn", "key": "albert heijn", "as": "nobody"}]
    assert unstated(suspects('"Albert Heijn" OR "Kees Dekker"'), stated)[0].term == "Kees Dekker"
    assert unstated(suspects('"Albert  Heijn"'), stated) == []
    assert len(unstated(suspects('"Albert Heijn"'), [stated[0] | {"as": "iets anders"}])) == 1
