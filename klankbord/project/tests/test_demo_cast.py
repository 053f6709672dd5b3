"""The cast of the demo is whole: whoever and whatever it names is there, and nothing in it is real."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.password_validation import validate_password

from klankbord.channels.exercise.scenario import load_scenario
from klankbord.project.installation import CHECKOUT
from klankbord.tenancy.roles import Role

CAST: dict[str, Any] = json.loads((CHECKOUT / "klankbord/project/demo_cast.json").read_text(encoding="utf-8"))
ORGANISATIONS = {one["key"] for one in CAST["organisations"]}
PEOPLE = {one["key"]: one for one in CAST["people"]}
TEAMS = {one["name"]: one["organisation"] for one in CAST["teams"]}


def test_everybody_works_somewhere_in_roles_and_teams_that_exist() -> None:
    for person in PEOPLE.values():
        for place in [person, *person["also"]]:
            assert place["organisation"] in ORGANISATIONS
            assert place["roles"]
            assert set(place["roles"]) <= set(Role)
        assert all(TEAMS[team] == person["organisation"] for team in person["teams"])
        assert person["email"] == f"{person['key']}@{person['organisation']}.example"


def test_eva_and_zwijgerswaard_stand_alone() -> None:
    assert PEOPLE["eva"]["organisation"] == "zwijgerswaard"
    assert not PEOPLE["eva"]["also"]
    assert all("zwijgerswaard" not in (one["organisation"], one["desk_organisation"]) for one in CAST["mandates"])


@pytest.mark.parametrize("mandate", CAST["mandates"], ids=lambda one: one["organisation"])
def test_a_mandate_is_complete_and_valid_today(mandate: dict[str, Any]) -> None:
    assert TEAMS[mandate["desk_team"]] == mandate["desk_organisation"] != mandate["organisation"]
    assert mandate["valid_from_days"] < 0 < mandate["valid_until_days"]
    assert "oefening" in mandate["decision"]
    assert "oefening" in mandate["processor_agreement"]


def test_every_voice_of_the_scenario_has_a_channel_and_every_channel_a_voice() -> None:
    lines = load_scenario(CAST["scenario"]).lines.values()
    channels = {(one["organisation"], one["network"]) for one in CAST["channels"]}
    assert {(line.town, line.network) for line in lines} == channels
    assert {one["organisation"] for one in CAST["channels"]} == ORGANISATIONS


def test_what_the_desk_did_before_is_about_messages_that_were_there() -> None:
    lines = load_scenario(CAST["scenario"]).lines
    for past in CAST["history"]:
        line = lines[past["post"]]
        assert line.day is not None
        assert line.addressed
        moments = [(line.day, line.clock), *((act["day"], act["clock"]) for act in past["acts"])]
        assert moments == sorted(moments)
        for act in past["acts"]:
            assert "webcare" in PEOPLE[act["by"]]["roles"]
            assert bool(act.get("text")) == (act["do"] in ("note", "reply"))
            assert act["do"] in ("assign", "note", "reply", "close")


def test_the_demo_password_is_one_we_would_accept() -> None:
    validate_password(CAST["password"])


def test_everything_is_labelled_as_exercise() -> None:
    for one in [*CAST["organisations"], *CAST["channels"]]:
        assert "oefening" in one["name"]
