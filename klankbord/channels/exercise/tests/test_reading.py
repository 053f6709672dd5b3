"""A scenario file is taken whole or not at all, and every fault is said by line."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.channels.contract import Visibility
from klankbord.channels.exercise.reading import FAULTS_SHOWN, LARGEST, MOST_LINES, Faulty, read_scenario
from klankbord.channels.exercise.scenario import keep_scenario, load_scenario

GOOD: dict[str, Any] = {
    "id": "a",
    "network": "fediverse",
    "handle": "@a@b.example",
    "name": "A",
    "text": "Hoi",
    "moment": "08:15",
}


def file(*rows: Any) -> bytes:
    return "".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows).encode()


def faults(*rows: Any) -> list[tuple[int, str]]:
    with pytest.raises(Faulty) as found:
        read_scenario("proef", file(*rows))
    return found.value.faults


def test_a_whole_file_is_read_with_its_title_and_its_day() -> None:
    head = {"scenario": "Proefdag (oefening)", "about": "Verzonnen."}
    later = GOOD | {"id": "b", "moment": "09:00:30", "parent": "a", "visibility": "unlisted"}
    read = read_scenario("proef", b"\xef\xbb\xbf" + file(head, GOOD, later))
    assert (read.title, list(read.lines), read.opens, read.ends) == ("Proefdag (oefening)", ["a", "b"], 29_700, 32_430)
    assert read.lines["b"].visibility is Visibility.UNLISTED
    assert read.root(read.lines["b"]).id == "a"


def test_each_network_has_its_own_usual_visibility() -> None:
    rows = [GOOD | {"id": network, "network": network} for network in ("mail", "form", "chat", "news", "forum")]
    lines = read_scenario("proef", file(*rows)).lines
    assert [line.visibility.private for line in lines.values()] == [True, True, True, False, False]
    assert [line.addressed for line in lines.values()] == [True, True, True, False, False]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("{", "JSON"),
        ("[]", "JSON"),
        ("", "JSON"),
        ("[" * 40_000, "JSON"),
        ('{"id": NaN}', "JSON"),
        ('{"id": "b", "id": "c"}', "twee keer"),
        ('{"id": "b", "at_seconds": 1e999}', "ontbreekt"),
        (GOOD | {"id": "b", "geheim": 1}, "geheim"),
        (GOOD | {"id": "B!"}, "id"),
        (GOOD | {"id": "a"}, "twee keer"),
        (GOOD | {"id": "b", "network": "kabel"}, "network"),
        (GOOD | {"id": "b", "network": ["mail"]}, "network"),
        (GOOD | {"id": "b", "moment": "25 uur"}, "moment"),
        (GOOD | {"id": "b", "moment": "999:00"}, "moment"),
        (GOOD | {"id": "b", "at_seconds": 5}, "moment"),
        (GOOD | {"id": "b", "text": " "}, "niets"),
        (GOOD | {"id": "b", "text": "x" * 10_001}, "text"),
        (GOOD | {"id": "b", "text": "x\0"}, "text"),
        (GOOD | {"id": "b", "text": "x" * 60_000}, "50.000"),
        (GOOD | {"id": "b", "visibility": "geheim"}, "visibility"),
        (GOOD | {"id": "b", "visibility": {}}, "visibility"),
        (GOOD | {"id": "b", "language": "Nederlands"}, "language"),
        (GOOD | {"id": "b", "parent": "b"}, "zichzelf"),
        (GOOD | {"id": "b", "parent": "weg"}, "weg"),
        (GOOD | {"id": "b", "parent": "c"}, "regel 3"),
        (GOOD | {"id": "b", "parent": "a", "network": "mail"}, "ander netwerk"),
        (GOOD | {"id": "b", "parent": "a", "moment": "08:00"}, "later"),
        (GOOD | {"id": "b", "attachments": [{"file": "../forms.py", "alt": ""}]}, "afbeelding"),
        (GOOD | {"id": "b", "attachments": "foto.png"}, "attachments"),
        (GOOD | {"id": "b", "clock": "09:00"}, "moment"),
    ],
)
def test_what_is_wrong_is_said_by_line_in_dutch(row: Any, said: str) -> None:
    found = faults(GOOD, row, GOOD | {"id": "c", "moment": "10:00"})
    assert [number for number, _text in found] == [2]
    assert said in found[0][1]


def test_two_lines_that_answer_each_other_are_refused() -> None:
    found = faults(GOOD | {"parent": "b"}, GOOD | {"id": "b", "parent": "a"})
    assert [number for number, _text in found] == [1, 2]


def test_all_faults_are_said_at_once_up_to_twenty() -> None:
    assert [number for number, _text in faults(GOOD, "x", GOOD | {"id": "b"}, "y")] == [2, 4]
    assert len(faults(*["x"] * 50)) == FAULTS_SHOWN


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n",
        b"\xff\xfe" + "hoi".encode("utf-16-le"),
        b"x" * (LARGEST + 1),
        file(*[GOOD | {"id": f"a{number}"} for number in range(MOST_LINES + 1)]),
        b"[" * 40_000 + b"\n",
        b"\x00" * 1000,
        b'{"id":' + b"9" * 20_000 + b"}",
    ],
    ids=["empty", "blank", "utf-16", "huge", "many lines", "deep", "zeros", "long number"],
)
def test_a_hostile_file_is_refused_and_says_so(content: bytes) -> None:
    with pytest.raises(Faulty) as found:
        read_scenario("proef", content)
    assert str(found.value)


@given(st.binary(max_size=400))
def test_no_file_breaks_the_reader(content: bytes) -> None:
    with pytest.raises(Faulty):
        read_scenario("proef", content)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(
    st.sampled_from([*GOOD, "parent", "at_seconds", "day", "clock", "attachments", "addressed", "after_seconds"]), JSON
)
def test_no_value_breaks_the_reader(field: str, value: Any) -> None:
    with suppress(Faulty):
        assert read_scenario("proef", file(GOOD | {field: value})).lines


def test_a_file_of_our_own_is_kept_and_found_again(settings: Any, tmp_path: Path) -> None:
    settings.DATA = tmp_path
    name = keep_scenario(file(GOOD))
    assert keep_scenario(file(GOOD)) == name
    assert list(load_scenario(name).lines) == ["a"]
