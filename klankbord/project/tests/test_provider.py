"""What the environment says about the identity provider."""

from __future__ import annotations

from pathlib import Path

import pytest

from klankbord.base.problem import Problem
from klankbord.project.provider import configured, proves_second_step

GOOD = {
    "KLANKBORD_OIDC_ADDRESS": "https://inloggen.waterdam.example/realms/w/",
    "KLANKBORD_OIDC_CLIENT": "klankbord",
    "KLANKBORD_OIDC_SECRET": "geheim",
}


def test_without_an_address_there_is_none() -> None:
    assert configured({}) is None
    assert configured({"KLANKBORD_OIDC_CLIENT": "klankbord"}) is None


def test_the_rest_is_as_most_providers_have_it() -> None:
    found = configured(GOOD)
    assert found is not None
    assert found.address == "https://inloggen.waterdam.example/realms/w"
    assert (found.name, found.groups, found.scopes) == (
        "inloggen.waterdam.example",
        "groups",
        ("openid", "profile", "email"),
    )
    assert found.second_step == ()


def test_the_secret_comes_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("uit-het-bestand\n")
    found = configured(GOOD | {"KLANKBORD_OIDC_SECRET_FILE": str(file)})
    assert found is not None
    assert found.secret == "uit-het-bestand"


@pytest.mark.parametrize(
    "change",
    [
        {"KLANKBORD_OIDC_ADDRESS": "http://inloggen.waterdam.example"},
        {"KLANKBORD_OIDC_ADDRESS": "inloggen.waterdam.example"},
        {"KLANKBORD_OIDC_CLIENT": ""},
        {"KLANKBORD_OIDC_SECRET": ""},
        {"KLANKBORD_OIDC_SECRET_FILE": "/nergens/te/vinden"},
        {"KLANKBORD_OIDC_SECOND_STEP": "mfa"},
        {"KLANKBORD_OIDC_SECOND_STEP": "amr="},
    ],
)
def test_what_cannot_work_is_said_at_the_start(change: dict[str, str]) -> None:
    with pytest.raises(Problem):
        configured(GOOD | change)


@pytest.mark.parametrize(
    ("claims", "proven"),
    [
        ({"amr": ["pwd", "mfa"]}, True),
        ({"acr": "https://refeds.org/profile/mfa"}, True),
        ({"amr": ["pwd"], "acr": "1"}, False),
        ({"amr": "mfa"}, True),
        ({}, False),
    ],
)
def test_a_second_step_is_what_was_named(claims: dict[str, object], proven: bool) -> None:
    wanted = (("amr", "mfa"), ("acr", "https://refeds.org/profile/mfa"))
    assert proves_second_step(claims, wanted) is proven
    assert not proves_second_step(claims, ())
