"""The form of a fediverse account takes what people paste, and nothing that is unsafe."""

from __future__ import annotations

from typing import Any

import pytest

from klankbord.channels.mastodon.channel import Mastodon
from klankbord.channels.mastodon.forms import SettingsForm

GIVEN = {"server": "social.klankendam.example", "account": "gemeente", "token": "oefening"}


def form(**more: str) -> SettingsForm:
    return SettingsForm({**GIVEN, **more})


@pytest.mark.parametrize(
    "server",
    [
        "social.klankendam.example",
        " Social.Klankendam.example ",
        "https://social.klankendam.example/",
        "https://social.klankendam.example/@gemeente",
        "@gemeente@social.klankendam.example",
    ],
)
def test_a_server_is_recognised_however_it_is_written(server: str) -> None:
    filled = form(server=server, account="@gemeente@klankendam.example")
    assert filled.is_valid(), filled.errors
    settings, secrets = filled.to_settings()
    assert settings == {"server": "https://social.klankendam.example", "account": "gemeente"}
    assert secrets == {"token": "oefening"}
    assert Mastodon.address(settings) == "mastodon://gemeente@social.klankendam.example"


@pytest.mark.parametrize(
    "server", ["http://social.klankendam.example", "localhost", "ftp://a.example", "a b.example", "https://[", "", "@"]
)
def test_an_unsafe_or_impossible_server_is_refused(server: str) -> None:
    assert "server" in form(server=server).errors


def test_a_server_inside_the_house_may_be_plain_http(settings: Any) -> None:
    settings.OUTSIDE_ALLOWED_HOSTS = ["snac-a.test"]
    assert form(server="http://snac-a.test").is_valid()
    assert "server" in form(server="http://snac-b.test").errors


@pytest.mark.parametrize("token", ["", "two words", "naïef", "a\nb"])
def test_a_token_must_look_like_one(token: str) -> None:
    assert "token" in form(token=token).errors


@pytest.mark.parametrize("account", ["", "een naam", "a/b", "@"])
def test_an_account_must_look_like_one(account: str) -> None:
    assert "account" in form(account=account).errors


def test_a_stored_token_stays_when_it_is_not_typed_again_but_not_for_another_server() -> None:
    initial = {"server": "https://social.klankendam.example", "account": "gemeente"}
    kept = SettingsForm({**GIVEN, "token": ""}, initial=initial, stored={"token": "eerder"})
    assert kept.is_valid()
    assert kept.to_settings()[1] == {"token": "eerder"}
    moved = SettingsForm(
        {**GIVEN, "token": "", "server": "elders.example"}, initial=initial, stored={"token": "eerder"}
    )
    assert "token" in moved.errors


def test_people_name_the_account_with_its_server() -> None:
    made = form(server="https://Social.Klankendam.example", account="@Gemeente")
    assert made.is_valid()
    assert Mastodon.accounts(made.to_settings()[0]) == ("@Gemeente@social.klankendam.example",)


def test_the_token_is_never_shown() -> None:
    assert "oefening" not in form().as_p()
