"""Calls, tips and files: what was taken down is understood, known again, and never half."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.channels.contract import Ignored, PostArrived, Unparseable
from klankbord.channels.tip.channel import Tip
from klankbord.channels.tip.forms import SettingsForm
from klankbord.channels.tip.message import Note, mail_envelope, same_number
from klankbord.channels.tip.table import MOST_ROWS, Table, read_table

NOW = datetime(2026, 3, 1, 8, 12, tzinfo=UTC)
TIP = Tip({"id": "x"}, {})


def note(**more: Any) -> Note:
    basis: dict[str, Any] = {"text": "De lantaarn is stuk.", "at": NOW, "mark": "bladzijde"}
    return Note(**basis | more)


def understood(said: Note) -> PostArrived:
    (event,) = TIP.parse(said.envelope().body)
    assert isinstance(event, PostArrived)
    return event


def rows(text: str, encoding: str = "utf-8") -> Table:
    return read_table(text.encode(encoding), NOW)


def test_a_call_has_all_that_was_said() -> None:
    call_back = NOW + timedelta(hours=3)
    post = understood(
        note(name="Bea Bewoner", phone="06 1234 5678", place="Dorpsstraat 1", call_back=call_back, taken_by="Amal")
    )
    assert post.text.startswith("De lantaarn is stuk.\n\n")
    for part in ("Amal", "06 1234 5678", "Dorpsstraat 1", "12:12"):
        assert part in post.text
    assert (post.author.name, post.author.handle, post.author.network_id) == (
        "Bea Bewoner",
        "06 1234 5678",
        "tel:0612345678",
    )
    assert post.visibility.private


def test_the_same_page_twice_is_one_note_and_other_words_are_another() -> None:
    assert note().envelope().key == note(at=NOW + timedelta(minutes=1)).envelope().key
    assert note().envelope().key != note(text="De lantaarn is heel.").envelope().key
    assert note().envelope().key != note(mark="andere bladzijde").envelope().key


@pytest.mark.parametrize(
    "phone", ["06-12345678", "+31 6 1234 5678", "0031612345678", "+31(0)612345678", "(06) 12345678"]
)
def test_a_number_is_known_however_it_is_written(phone: str) -> None:
    assert same_number(phone) == "tel:0612345678"


@pytest.mark.parametrize("phone", ["", "weet ik niet", "-"])
def test_what_is_no_number_makes_nobody_the_same(phone: str) -> None:
    assert same_number(phone) == ""
    one, other = understood(note(phone=phone, mark="1")), understood(note(phone=phone, mark="2"))
    assert one.author.network_id != other.author.network_id


def test_columns_are_found_by_their_headings_whatever_the_program_wrote() -> None:
    for text, encoding in (
        ("Naam;E-mail;Bericht;Wijk\nBea;bea@bewoner.example;Café dicht;Noord\n", "utf-8-sig"),
        ("naam,e-mail adres,VRAAG,Wijk\r\nBea,bea@bewoner.example,Café dicht,Noord\r\n", "cp1252"),
        ('Naam\tMail\t"Bericht"\tWijk\nBea\tbea@bewoner.example\t"Café dicht"\tNoord', "utf-16"),
    ):
        table = rows(text, encoding)
        assert not table.faults, text
        (one,) = table.notes
        assert (one.name, one.email, one.text, one.more) == (
            "Bea", "bea@bewoner.example", "Café dicht", (("Wijk", "Noord"),),
        )  # fmt: skip
        assert "Wijk: Noord" in understood(one).text


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("28-02-2026 14:30", "2026-02-28T13:30:00+00:00"),
        ("28/02/2026", "2026-02-27T23:00:00+00:00"),
        ("2026-02-28T14:30:00+01:00", "2026-02-28T13:30:00+00:00"),
        ("", NOW.isoformat()),
    ],
)
def test_a_moment_is_read_as_people_write_it(written: str, wanted: str) -> None:
    table = rows(f"bericht;datum\nHallo;{written}\n")
    assert table.notes[0].at.astimezone(UTC).isoformat() == wanted


def test_a_fault_names_its_line_and_nothing_is_half() -> None:
    table = rows("bericht;mail;datum\nGoed;a@b.example;1-2-2026\n;fout;31-31-2026\nOok goed;;1-1-2999\n")
    assert sorted(fault.line for fault in table.faults) == [3, 3, 3, 4]


@pytest.mark.parametrize(
    "text",
    ["", "\n\n", "bericht", "naam;mail\nBea;b@b.example", 'bericht\n"open', "bericht\nhallo;te;veel", "\0PK\3\4",
     "bericht\n" + "x" * 10_001, "bericht\n" + "x" * 200_000, "bericht\n" + "hallo\n" * (MOST_ROWS + 1)],
    ids=range(10),
)  # fmt: skip
def test_what_cannot_be_read_says_why(text: str) -> None:
    table = rows(text)
    assert table.faults
    assert not table.notes


def test_the_same_file_has_the_same_keys_a_day_later() -> None:
    text = "bericht;datum\nHallo;\nHallo;1-2-2026\nHallo;2-2-2026\n"
    first = [one.envelope().key for one in rows(text).notes]
    later = [one.envelope().key for one in read_table(text.encode(), NOW + timedelta(days=1)).notes]
    assert first == later
    assert len(set(first)) == 3


@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_file_is_read_or_says_why(raw: bytes) -> None:
    table = read_table(raw, NOW)
    assert table.faults or table.notes
    for one in table.notes:
        understood(one)


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_nonsense_is_unparseable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Unparseable):
        TIP.parse(body)


JSON = st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.lists(st.text(max_size=3), max_size=3)


@given(st.sampled_from(sorted(json.loads(note().envelope().body))), JSON)
def test_a_damaged_note_is_unparseable_or_understood(name: str, noise: Any) -> None:
    body = json.loads(note().envelope().body) | {name: noise}
    try:
        TIP.parse(json.dumps(body).encode())
    except Unparseable:
        return


MAIL = b"From: Bea Bewoner <bea@bewoner.example>\r\nSubject: Lantaarn\r\nMessage-ID: <a@b.example>\r\n\r\nStuk.\r\n"


def test_a_saved_mail_keeps_its_sender_and_its_name() -> None:
    (event,) = TIP.parse(mail_envelope(MAIL).body)
    assert isinstance(event, PostArrived)
    assert (event.author.network_id, event.uri, event.text) == ("bea@bewoner.example", "mid:<a@b.example>", "Stuk.")


def test_a_bounce_is_nobody() -> None:
    bounce = b"From: MAILER-DAEMON@x.example\r\nSubject: Undelivered Mail\r\nReturn-Path: <>\r\n\r\nNiet bezorgd.\r\n"
    (event,) = TIP.parse(mail_envelope(bounce).body)
    assert isinstance(event, Ignored)


def test_two_channels_for_calls_are_never_one() -> None:
    made = []
    for _channel in range(2):
        form = SettingsForm({})
        assert form.is_valid()
        made.append(form.to_settings()[0])
    assert made[0] != made[1]
    again = SettingsForm({}, initial=made[0])
    assert again.is_valid()
    assert again.to_settings()[0] == made[0]
