"""Whoever watches the machine hears that a part is silent: by the status of the answer and by the name of the part."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.base.jobs import beat
from klankbord.base.models import Heartbeat
from klankbord.project.health import SIGN_OF_LIFE
from tests.cast import Cast


def asked(client: Client) -> tuple[int, dict[str, Any]]:
    answer = client.get("/health", headers={"host": "localhost:8000"})
    return answer.status_code, answer.json()


def test_all_is_well_when_every_part_gave_a_sign_of_life(client: Client, cast: Cast) -> None:
    beat("work")
    beat("listen")
    status, said = asked(client)
    assert (status, said["ok"]) == (200, True)
    assert all(check["ok"] for check in said["checks"].values())


@pytest.mark.parametrize(("silent", "other"), [("work", "listen"), ("listen", "work")])
@pytest.mark.parametrize("ever", [False, True], ids=["never seen", "too long ago"])
def test_a_silent_part_makes_it_503(client: Client, cast: Cast, silent: str, other: str, ever: bool) -> None:
    beat(other)
    if ever:
        beat(silent)
        Heartbeat.objects.filter(part=silent).update(at=timezone.now() - 2 * SIGN_OF_LIFE)
    status, said = asked(client)
    assert (status, said["ok"]) == (503, False)
    assert said["checks"][silent]["ok"] is False
    assert said["checks"][silent]["detail"]
    assert [name for name, check in said["checks"].items() if not check["ok"]] == [silent]
