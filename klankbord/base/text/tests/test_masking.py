"""What points at one person is covered; postcodes, prices, dates and case numbers stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.base.text.masking import (
    BSN,
    HANDLE,
    IBAN,
    IBAN_LENGTHS,
    MAIL,
    PHONE,
    PLATE,
    bsn_holds,
    hidden,
    iban_holds,
    mask,
)
from klankbord.base.text.tokens import tokenize


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Bel mij op 06-12345678 graag", f"Bel mij op {PHONE} graag"),
        ("0612345678, 06 12 34 56 78", f"{PHONE}, {PHONE}"),
        ("of 06 1234 5678.", f"of {PHONE}."),
        ("+31 6 12345678 en 0031612345678", f"{PHONE} en {PHONE}"),
        ("+31 (0)6 12345678", PHONE),
        ("(050) 123 45 67 en 0594-123456", f"{PHONE} en {PHONE}"),
        ("085-1234567", PHONE),
        ("uit Belgi\u00eb +32 470 12 34 56", f"uit Belgi\u00eb {PHONE}"),
        ("https://wa.me/31612345678", f"https://wa.me/{PHONE}"),
        ("mail bea.bewoner+brug@post.example even", f"mail {MAIL} even"),
        ("(bea@post.example)", f"({MAIL})"),
        ("NL91 ABNA 0417 1643 00 graag", f"{IBAN} graag"),
        ("nl91abna0417164300", IBAN),
        ("BE68 5390 0754 7034", IBAN),
        ("DE89 3704 0044 0532 0130 00", IBAN),
        ("mijn nummer is 111222333", f"mijn nummer is {BSN}"),
        ("1234.56.782 of 123 456 782", f"{BSN} of {BSN}"),
        ("bsn: 11122233", "bsn: 11122233"),
        ("BSN 12345672", f"BSN {BSN}"),
        ("de blauwe GX-123-B reed door", f"de blauwe {PLATE} reed door"),
        ("12-BD-34, 1-XBD-23 en 99-XX-9", f"{PLATE}, {PLATE} en 99-XX-9"),
        ("GX123B stond er", f"{PLATE} stond er"),
        ("kenteken AE-12-34", f"kenteken {PLATE}"),
        ("gx-123-b", PLATE),
        ("vraag het @bea of .@Bea_2.x-y@plein.example: zij weet het", f"vraag het {HANDLE} of .{HANDLE}: zij weet het"),
        ("(@b\u00e9a) en \u201c@bea\u201d, @bea's fiets", f"({HANDLE}) en \u201c{HANDLE}\u201d, {HANDLE}'s fiets"),
        ("@123@plein.example", HANDLE),
        (
            "https://plein.example/@bea/117 en https://beeld.example/@bea.b",
            f"https://plein.example/{HANDLE}/117 en https://beeld.example/{HANDLE}",
        ),
    ],
)
def test_what_points_at_a_person_is_covered(said: str, shown: str) -> None:
    assert mask(said) == shown


@pytest.mark.parametrize(
    "said",
    [
        "Postcode 9711 AB en 9711AB",
        "Dat kost \u20ac 1.234,56 of 12.345.678 euro, \u20ac 123456782",
        "Op 22-11-2026, 22-11-26, 2026-11-22 en 1/2/2026",
        "Van 20.30 tot 21:45, dus 0:15 uur",
        "Zaaknummer 123456782 en zaak Z-24-0612345678",
        "kenmerk 0612345678, ref. 111222333, meldingsnummer: 123456782",
        "Bel 14 050, 14 0594, 112 of 0800-1351",
        "Lijn OV-20-24 en bus 12",
        "De A28 bij afslag 33, hectometer 195,4",
        "NL92ABNA0417164300 klopt niet",
        "123456789 en 000000000",
        "morgen @ 18.00 of @19:30, hoi@bea",
        "https://kaart.example/@52.3,4.9,15z",
        "https://klankendam.example/nieuws/0612345678",
        "Perceel A 1234, kavel 12-34",
        "COVID-19, 5G, H2O, 3-4-3 en 4-4-2",
        "In 2024 2025 2026 en 10 000 000",
        "12-12-12 en 11-22-33",
    ],
)
def test_what_is_of_nobody_stays(said: str) -> None:
    assert mask(said) == said


@pytest.mark.parametrize("known", [{"@klankendam@plein.example"}, {"@klankendam"}])
def test_who_is_known_stays_also_without_server(known: set[str]) -> None:
    said = "@klankendam, @Klankendam@plein.example en https://plein.example/@klankendam/1"
    assert mask(said, known) == said
    assert mask("@klankendammer en @bea", known) == f"{HANDLE} en {HANDLE}"


def test_another_server_is_another_account() -> None:
    assert mask("@klankendam@elders.example", {"@klankendam@plein.example"}) == HANDLE
    assert mask("@klankendam@elders.example", {"klankendam@elders.example"}) == HANDLE


@given(st.one_of(st.text(), st.text(alphabet="@ab1._-/ █+0", max_size=40)))
def test_a_covered_text_stays_as_it_is(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@given(st.text(alphabet="0123456789 -.@abNLnl+()/:,\n", max_size=80))
def test_what_is_covered_lies_in_order_inside_the_text(text: str) -> None:
    at = 0
    for start, end, _mask in hidden(text):
        assert at <= start < end <= len(text)
        at = end


@given(st.sampled_from([MAIL, PHONE, IBAN, BSN, PLATE, HANDLE]), st.sampled_from(["", "a ", "(", "bel: "]))
def test_a_mask_is_no_word(cover: str, before: str) -> None:
    assert tokenize(before + cover) == tokenize(before)


WORDS = st.sampled_from(["Bel even", "De brug is open op", "Ik woon hier sinds", "Mijn auto:", "zie"])
DIGITS = st.integers(0, 9).map(str)


@given(WORDS, st.lists(DIGITS, min_size=8, max_size=8).map("".join), st.sampled_from(["06", "06-", "+316", "0031 6 "]))
def test_every_mobile_number_is_covered(words: str, digits: str, start: str) -> None:
    assert mask(f"{words} {start}{digits} alvast dank") == f"{words} {PHONE} alvast dank"


@st.composite
def ibans(draw: st.DrawFn) -> str:
    country = draw(st.sampled_from(sorted(IBAN_LENGTHS)))
    body = "".join(draw(st.lists(DIGITS, min_size=IBAN_LENGTHS[country] - 4, max_size=IBAN_LENGTHS[country] - 4)))
    rest = int("".join(str(int(sign, 36)) for sign in f"{body}{country}00")) % 97
    return f"{country}{98 - rest:02d}{body}"


@given(WORDS, ibans(), st.booleans())
def test_every_iban_is_covered_and_a_wrong_one_is_not_an_iban(words: str, iban: str, apart: bool) -> None:
    assert iban_holds(iban)
    written = " ".join(iban[at : at + 4] for at in range(0, len(iban), 4)) if apart else iban
    assert mask(f"{words} {written}!") == f"{words} {IBAN}!"
    wrong = iban[:-1] + str((int(iban[-1]) + 1) % 10)
    assert not iban_holds(wrong)
    assert IBAN not in mask(f"{words} {wrong}!")


@given(st.integers(1, 999_999_999).map(lambda number: f"{number:09d}"))
def test_a_citizen_service_number_is_covered_when_its_eleven_test_holds(number: str) -> None:
    covered = mask(f"Het is {number} dus") == f"Het is {BSN} dus"
    total = sum(w * int(d) for w, d in zip((9, 8, 7, 6, 5, 4, 3, 2, -1), number, strict=True))
    assert bsn_holds(number) == (total % 11 == 0)
    assert covered == (total % 11 == 0)


@given(
    st.integers(1000, 9999),
    st.text(alphabet="ABCDEGHJKLMNPRSTVWXZ", min_size=2, max_size=2),
    st.sampled_from(["", " "]),
)
def test_no_postcode_is_covered(digits: int, letters: str, space: str) -> None:
    said = f"op de Echolaan 1, {digits}{space}{letters} Klankendam"
    assert mask(said) == said


@given(st.dates(), st.sampled_from(["%d-%m-%Y", "%d-%m-%y", "%Y-%m-%d", "%d/%m/%Y", "%d.%m.%Y"]))
def test_no_date_is_covered(day: object, form: str) -> None:
    said = f"sinds {day:{form}} ligt het er"
    assert mask(said) == said


@given(st.integers(0, 10**9), st.integers(0, 99))
def test_no_price_is_covered(euros: int, cents: int) -> None:
    points = f"{euros:,}".replace(",", ".")
    for said in (f"voor \u20ac {points},{cents:02d} per jaar", f"voor {points},{cents:02d} euro", f"\u20ac {euros}"):
        assert mask(said) == said


def test_a_long_text_takes_no_longer_than_its_length() -> None:
    """Each of these once made a pattern of this kind look back for ever; no deadline, it would simply not end."""
    for piece in ("0", "06 ", "a.", "a@", "@a", "@a.", "@1 ", "1-", "NL91 ", "+31 ", "(0", "12-ab-", "1 2 "):
        mask(piece * 50_000)
