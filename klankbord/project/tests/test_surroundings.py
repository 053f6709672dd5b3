"""What the doctor finds around the house, each with a repair."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from klankbord.channels.models import Source
from klankbord.project.surroundings import surroundings
from klankbord.project.tests.running import free_port
from klankbord.tenancy.models import Installation
from tests.cast import Cast

Bad = Callable[[], list[str]]


@pytest.fixture
def bad(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Bad:
    """The sentences of what is wrong."""
    # the run of the tests has variables of its own
    for name in [name for name in os.environ if name.startswith("KLANKBORD_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("KLANKBORD_LANGUAGE", "en")

    def ask() -> list[str]:
        found = list(surroundings())
        assert all(finding.repair for finding in found if not finding.ok)
        return [finding.sentence for finding in found if not finding.ok]

    return ask


def test_a_house_on_its_own_machine_is_well(bad: Bad) -> None:
    assert bad() == []


def test_the_demo_at_a_public_address_is_open_to_everybody(bad: Bad, settings: Any) -> None:
    settings.ADDRESS = "https://klankbord.example.org"
    (sentence,) = bad()
    assert "a password that everybody knows" in sentence
    settings.ADDRESS = "http://localhost:8000"
    assert bad() == []


def test_an_address_without_tls_that_was_filled_in_is_found_too(bad: Bad, cast: Cast) -> None:
    Installation.objects.create(pk=1, address="http://klankbord.example.org")
    assert any(sentence == "The address of Klankbord is http://klankbord.example.org." for sentence in bad())


def test_a_channel_that_is_silent_for_long_is_named(bad: Bad) -> None:
    square = Source.objects.filter(address__contains="plein")
    square.update(failing_since=timezone.now() - timedelta(minutes=10))
    assert bad() == []
    square.update(failing_since=timezone.now() - timedelta(hours=2))
    (sentence,) = bad()
    assert "paper:@klankendam@plein.example" in sentence


def test_a_mail_server_that_does_not_answer_is_named(bad: Bad) -> None:
    port = free_port()
    Installation.objects.create(pk=1, mail_host="127.0.0.1", mail_port=port, mail_security="none")
    (sentence,) = bad()
    assert str(port) in sentence
