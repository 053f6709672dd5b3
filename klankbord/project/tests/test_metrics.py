"""Figures for a collector: in its format, for who may read them, and about nobody."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.base.jobs import beat
from klankbord.channels.models import Source
from klankbord.project.metrics import Figure, written
from tests.cast import Cast

NEAR = {"host": "localhost:8000"}
LINE = re.compile(r'klankbord_[a-z_]+(\{[a-z]+="[^"\\\n]*"\})? [0-9.e+-]+')


def read(client: Client, **headers: str) -> dict[str, float]:
    answer = client.get("/metrics", headers=NEAR | headers)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
    lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in lines), lines
    return {name: float(number) for name, number in (line.rsplit(" ", 1) for line in lines)}


def test_it_tells_what_is_alive_and_what_piles_up(client: Client, cast: Cast, say: Callable[..., None]) -> None:
    beat("work")
    Source.objects.filter(address__startswith="paper:@").update(failing_since=timezone.now())
    say(cast.mail, "een", "", body=b"geen papier")
    found = read(client)
    assert found['klankbord_check_ok{check="database"}'] == 1
    assert found['klankbord_check_ok{check="work"}'] == 1
    assert found['klankbord_check_ok{check="listen"}'] == 0
    assert 0 <= found['klankbord_part_last_seen_seconds{part="work"}'] < 60
    assert found["klankbord_sources_failing"] == 1
    assert found['klankbord_arrivals{state="quarantined"}'] == 1


def test_it_names_no_town_no_person_and_no_address(client: Client, cast: Cast) -> None:
    page = client.get("/metrics", headers=NEAR).content.decode().lower()
    for word in ("klankendam", "amal", "paper:", "@"):
        assert word not in page


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        ({"host": "klankbord.example.org"}, "127.0.0.1"),
        ({"host": "localhost", "x-forwarded-for": "203.0.113.9"}, "127.0.0.1"),
        ({"host": "localhost", "via": "1.1 proxy"}, "127.0.0.1"),
        ({"host": "localhost"}, "203.0.113.9"),
        ({"host": "localhost"}, ""),
        ({"host": "localhost", "authorization": "Bearer "}, "203.0.113.9"),
    ],
)
def test_without_a_token_only_this_machine_reads(
    client: Client, cast: Cast, settings: Any, headers: dict[str, str], address: str
) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert client.get("/metrics", headers=headers, REMOTE_ADDR=address).status_code == 404


def test_with_a_token_who_shows_it_reads_from_anywhere(client: Client, cast: Cast, settings: Any) -> None:
    settings.METRICS_TOKEN = "een-lang-woord"
    for shown in ({}, {"authorization": "Bearer fout"}, {"authorization": "Basic een-lang-woord"}):
        assert client.get("/metrics", headers=NEAR | shown).status_code == 404
    far = {"authorization": "Bearer een-lang-woord", "x-forwarded-for": "203.0.113.9"}
    assert client.get("/metrics", headers=NEAR | far, REMOTE_ADDR="203.0.113.9").status_code == 200


def test_a_value_cannot_break_out_of_its_line() -> None:
    said = written(Figure("x", "X.", "y", {'a"b\\c\nd': 1.5}))
    assert said.splitlines()[-1] == r'klankbord_x{y="a\"b\\c\nd"} 1.5'
