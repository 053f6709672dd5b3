"""The rules of the language, each with what it finds and what it does not."""

from __future__ import annotations

import time

import pytest

from klankbord.listening.query import Document, Refused, parse
from klankbord.listening.query.refused import DEEPEST, LONGEST, MOST_LEAVES

FINDS = [
    # words, case, accents, no stemming
    ("brug", "De BRUG is open", True),
    ("brug", "De bruggen zijn open", False),
    ("Één", "een", True),
    ("cafe", "Café", True),
    ("strasse", "Straße", True),
    ("ijsbaan", "Ĳsbaan", True),
    # adjacency is AND, and the order of binding is NOT, AND, OR
    ("brug dicht", "dicht is de brug", True),
    ("brug dicht", "de brug is open", False),
    ("a OR b c", "a", True),
    ("a OR b c", "b", False),
    ("(a OR b) c", "b c", True),
    ("a NOT b OR c", "b c", True),
    ("NOT a b OR c", "b", True),
    ("NOT a b", "a b", False),
    ("a NOT (b c)", "a b", True),
    ("a NOT (b c)", "c a b", False),
    ("NOT NOT a", "a", True),
    ("brug EN dicht OF sluis NIET open", "sluis", True),
    ("brug EN dicht OF sluis NIET open", "sluis open", False),
    # an operator is only one in capitals
    ("brug or sluis", "brug", False),
    ("brug or sluis", "brug or sluis", True),
    ("zout en peper", "zout en peper", True),
    ("brug Of sluis", "brug", False),
    ("a near/5 b", "a b", False),
    # wildcards
    ("fiets*", "fietspad", True),
    ("fiets*", "fiets", True),
    ("fiets*", "motorfiets", False),
    ("*fiets", "motorfiets", True),
    ("*fiets", "fietspad", False),
    ("caf*", "CAFÉ", True),
    ("e-b*", "e-bike", True),
    # phrases
    ('"gat in het fietspad"', "Een gat in het fietspad!", True),
    ('"gat in het fietspad"', "een gat diep in het fietspad", False),
    ('"gat in het fiets*"', "gat in het fietspad", True),
    ('"*straat 12"', "Galmstraat 12", True),
    ('"gat * het fietspad"', "gat onder het fietspad", True),
    ('"gat * het fietspad"', "gat het fietspad", False),
    ("“de brug”", "de brug", True),
    ("e-bike", "mijn E-bike", True),
    ("ebike", "mijn e-bike", True),
    ("bike", "mijn e-bike", True),
    ("en/of", "de brug en/of de sluis", True),
    # a word, wildcard or phrase also finds the hashtag; a hashtag only the hashtag
    ("klankbrug", "#Klankbrug", True),
    ("klank*", "#KlankbrugDicht", True),
    ("*dicht", "#KlankbrugDicht", True),
    ("dicht", "#KlankbrugDicht", True),
    ('"weer klankbrug dicht"', "weer #klankbrug dicht", True),
    ('"den haag"', "#DenHaag", True),
    ('"den haag"', "#denhaag", True),
    ("#klankbrug", "#Klankbrug", True),
    ("#klankbrug", "Klankbrug", False),
    ("#klankbrug", "#KlankbrugDicht", False),
    ("#klank*", "#KlankbrugDicht", True),
    ("#klank*", "Klankbrug", False),
    ('"weer #klankbrug"', "weer klankbrug", False),
    # NEAR: at most so many positions apart, in either order
    ("a NEAR/5 b", "a 1 2 3 4 b", True),
    ("a NEAR/5 b", "a 1 2 3 4 5 b", False),
    ("a BIJ/5 b", "b 1 2 3 4 a", True),
    ("a NEAR/1 b", "a b", True),
    ('"a b" NEAR/2 c', "a b 1 c", True),
    ('"a b" NEAR/2 c', "a b 1 2 c", False),
    ('c NEAR/2 "a b"', "c 1 a b", True),
    ("(a OR b) NEAR/1 (c OR d)", "b d", True),
    ("(a OR b) NEAR/1 (c OR d)", "a b", False),
    ("klankbrug NEAR/3 dicht", "#KlankbrugDicht", True),
    # this spelling
    ("=Haren", "Haren", True),
    ("=Haren", "haren", False),
    ("=Haren", "HAREN", False),
    ("=Haren", "#Haren", True),
    ("=één", "een", False),
    ("=één", "e\u0301e\u0301n", True),
    ('="Den Haag"', "in Den Haag", True),
    ('="Den Haag"', "in den Haag", False),
    # the place, not the hairs
    ("plaats:Haren", "Brand in Haren", True),
    ("plaats:Haren", "brand in haren", True),
    ("plaats:Haren", "mijn haren zitten niet", False),
    ("plaats:Haren", "#haren", True),
    ("plaats:Haren", "MIJN HAREN ZITTEN NIET", False),
    ("plaats:Haren", "HAREN", True),
    ('plaats:"Den Haag"', "naar den haag", True),
    ('plaats:"Den Haag"', "de den haag weg", False),
    # what people write otherwise
    ("👍", "top 👍🏽", True),
    ("שלום", "שָׁלוֹם", True),
    ("klankendam.example", "zie https://www.klankendam.example/afval", True),
    ("amal", "@amal@plein.example", True),
    ("20:30", "om 20.30 uur", True),
]


@pytest.mark.parametrize(("query", "text", "found"), FINDS)
def test_what_a_query_finds(query: str, text: str, found: bool) -> None:
    assert (parse(query).match(Document(text)) is not None) is found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("brug kanaal:mastodon", True),
        ("brug kanaal:Mastodon", True),
        ("brug kanaal:mail", False),
        ("brug NIET kanaal:mail", True),
        ("brug taal:nl", True),
        ("brug taal:Nederlands", True),
        ("brug taal:nl-BE", True),
        ("brug taal:en", False),
        ("brug bron:plein.example", True),
        ("brug bron:https://www.plein.example/x", True),
        ("brug bron:lein.example", False),
        ("brug channel:mastodon language:dutch source:plein.example", True),
    ],
)
def test_a_filter_asks_for_the_post_itself(query: str, found: bool) -> None:
    document = Document("de brug", channel="mastodon", language="nl-BE", source="https://m.plein.example/@x/1")
    assert (parse(query).match(document) is not None) is found


REFUSED = [
    ("", (0, 0), ""),
    ("   ", (0, 3), ""),
    ("NOT brug", (4, 8), ""),
    ("brug OR NOT sluis", (12, 17), ""),
    ("NOT (brug dicht)", (5, 9), ""),
    ("kanaal:mastodon", (0, 15), ""),
    ("brug OF taal:nl", (8, 15), ""),
    ("brug AND", (5, 8), "brug"),
    ("OF brug", (0, 2), "brug"),
    ("brug AND OR sluis", (5, 8), "brug OR sluis"),
    ("(brug OF sluis", (0, 1), "(brug OF sluis)"),
    ("brug)", (4, 5), "brug"),
    ("brug () dicht", (5, 7), "brug dicht"),
    ('"de brug', (0, 8), '"de brug"'),
    ("*", (0, 1), ""),
    ("brug *", (5, 6), "brug"),
    ("kla*dam", (0, 7), "kla*"),
    ("*midden*", (0, 8), "midden*"),
    ('"* brug"', (0, 8), '"brug"'),
    ("=Har*", (0, 5), "=Har"),
    ("brug NEAR sluis", (5, 9), "brug NEAR/5 sluis"),
    ("brug NEAR5 sluis", (5, 10), "brug NEAR/5 sluis"),
    ("brug BIJ/0 sluis", (5, 10), "brug BIJ/1 sluis"),
    ("brug NEAR/999 sluis", (5, 13), "brug NEAR/100 sluis"),
    ("a NEAR/3 b NEAR/4 c", (11, 17), "(a NEAR/3 b) AND (b NEAR/4 c)"),
    ("a NEAR/3 (b AND c)", (2, 8), "a AND (b AND c)"),
    ("-hond kat", (0, 5), "NOT hond kat"),
    ("+hond kat", (0, 5), "hond kat"),
    ("kat | hond", (4, 5), "kat OR hond"),
    ("kat && hond", (4, 6), "kat AND hond"),
    ("kanal:mastodon brug", (0, 6), "kanaal:mastodon brug"),
    ("auteur:jan brug", (0, 7), '"auteur jan" brug'),
    ("kanaal: mastodon brug", (0, 7), "kanaal:mastodon brug"),
    ("taal:klingonisch1 brug", (5, 17), "brug"),
    ("brug ,", (5, 6), "brug"),
]


@pytest.mark.parametrize(("query", "spot", "suggestion"), REFUSED)
def test_a_refusal_shows_the_spot_and_proposes_a_repair(query: str, spot: tuple[int, int], suggestion: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(query)
    refused = caught.value
    assert ((refused.start, refused.end), refused.suggestion) == (spot, suggestion)
    assert refused.message.endswith(".")


def test_an_operator_in_lower_case_is_hinted_at() -> None:
    (hint,) = parse("brug of sluis").hints
    assert (hint.start, hint.end, hint.suggestion) == (5, 7, "brug OF sluis")
    assert not parse("of brug").hints


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("brug", "Finds messages with “brug”."),
        (
            "a (b OR c) NOT d kanaal:mail",
            "Finds messages with “a” and (“b” or “c”), only on the channel mail, but without “d”.",
        ),
        (
            '"de brug" OR sluis*',
            "Finds messages with the words “de brug” next to each other or a word that begins with “sluis”.",
        ),
        ("a NEAR/3 (b OR c)", "Finds messages with “a” at most 3 words away from (“b” or “c”)."),
        (
            "=Haren plaats:Haren #haren",
            "Finds messages with “Haren” spelled exactly like this and the place Haren and the hashtag #haren.",
        ),
        ("a NOT (b OR c)", "Finds messages with “a”, but without “b” and without “c”."),
    ],
)
def test_a_query_explains_itself(query: str, said: str) -> None:
    from django.utils.translation import override

    with override("en"):
        assert parse(query).explain() == said


def test_a_find_says_why_and_where() -> None:
    text = "De Klankbrug is weer dicht #DenHaag"
    query = parse('(klank* NEAR/3 dicht) OF "den haag" OF (dicht open)')
    found = query.match(Document(text))
    assert found is not None
    assert found.why == ["klank* NEAR/3 dicht", '"den haag"']
    assert [text[start:end] for start, end in found.spans] == ["Klankbrug", "dicht", "#DenHaag"]


def deep(levels: int) -> str:
    return "(" * levels + "a" + ")" * levels


@pytest.mark.parametrize(
    "query",
    [
        deep(DEEPEST + 1),
        deep(5_000),
        "a " * (MOST_LEAVES + 1),
        "a" * (LONGEST + 1),
        f'"{"a " * 60}"',
        "(" * LONGEST,
        '"' * (LONGEST - 1),
        "* " * 999,
        "a NEAR/5 " * 900 + "a",
    ],
)
def test_what_is_too_much_is_refused_at_once(query: str) -> None:
    began = time.process_time()
    with pytest.raises(Refused):
        parse(query)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "query",
    [
        deep(DEEPEST),
        "NOT " * 3_000 + "a",
        " OR ".join(f"w{number}" for number in range(MOST_LEAVES)),
        " OR ".join(f'"a{number}* b * *c"' for number in range(300)),
        " ".join(f"a* NEAR/100 {letter}*" for letter in "bcdefghijk"),
        " OR ".join(f"(a NOT (b{number} OR c{number}))" for number in range(300)),
        '"a a a a a a a a a a"',
    ],
)
def test_what_is_hostile_takes_no_time_to_match(query: str) -> None:
    texts = ["a b c " * 17_000, "a" * 100_000, "a" + "b" * 50 + " " + "a " * 40_000, "((\"'#@" * 15_000]
    began = time.process_time()
    parsed = parse(query)
    for text in texts:
        parsed.match(Document(text))
    assert time.process_time() - began < 20


def test_two_queries_that_say_the_same_have_the_same_tree() -> None:
    assert parse("brug  EN  dicht").root == parse("brug dicht").root
    assert parse("brug").root != parse("#brug").root
