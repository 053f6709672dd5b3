"""Whoever fills in an address, a host and a password has a working mailbox."""

from __future__ import annotations

import json
from typing import Any

import pytest

from klankbord.channels.mail.channel import Mail
from klankbord.channels.mail.forms import SettingsForm

LITTLE = {
    "address": "Webcare@klankendam.example",
    "imap_host": "imap.klankendam.example",
    "imap_password": "geheim",
    "smtp_login": "on",
    "copy_to_self": "on",
}


def form(**changes: Any) -> SettingsForm:
    return SettingsForm({**LITTLE, **changes})


def test_three_fields_are_enough() -> None:
    filled = form()
    assert filled.is_valid(), filled.errors
    settings, secrets = filled.to_settings()
    json.dumps(settings)
    assert settings["address"] == settings["imap_user"] == settings["smtp_user"] == "webcare@klankendam.example"
    assert (settings["imap_port"], settings["imap_security"], settings["imap_folder"]) == (993, "ssl", "INBOX")
    assert settings["smtp_host"] == "smtp.klankendam.example"
    assert (settings["smtp_port"], settings["smtp_security"]) == (587, "starttls")
    assert settings["copy_to_self"] is True
    assert secrets == {"imap_password": "geheim", "smtp_password": "geheim"}
    assert "geheim" not in json.dumps(settings)


def test_the_same_mailbox_has_the_same_address_however_it_was_filled_in() -> None:
    one = form()
    other = form(imap_host="IMAP.klankendam.example ", imap_port="993", imap_user="webcare@klankendam.example")
    assert one.is_valid()
    assert other.is_valid()
    assert Mail.address(one.to_settings()[0]) == Mail.address(other.to_settings()[0])
    assert Mail.address(one.to_settings()[0]) == "imap://webcare%40klankendam.example@imap.klankendam.example/INBOX"


def test_a_server_that_asks_no_password_gets_none() -> None:
    filled = form(smtp_login="")
    assert filled.is_valid()
    settings, secrets = filled.to_settings()
    assert settings["smtp_user"] == secrets["smtp_password"] == ""


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"address": "geen adres"}, "address"),
        ({"imap_host": ""}, "imap_host"),
        ({"imap_password": ""}, "imap_password"),
        ({"imap_password": "a\r\nb"}, "imap_password"),
        ({"imap_security": "none"}, "imap_security"),
        ({"smtp_security": "none"}, "smtp_security"),
        ({"imap_port": "70000"}, "imap_port"),
    ],
)
def test_what_cannot_work_is_said_at_its_field(changes: dict[str, str], field: str) -> None:
    assert field in form(**changes).errors


def test_this_machine_may_do_without_encryption() -> None:
    assert form(imap_host="127.0.0.1", imap_security="none", smtp_security="none").is_valid()


def test_a_stored_password_may_stay_unless_it_would_go_to_another_server() -> None:
    settings, secrets = {"imap_host": "imap.klankendam.example"}, {"imap_password": "oud"}
    same = SettingsForm({**LITTLE, "imap_password": ""}, initial=settings, stored=secrets)
    assert same.is_valid(), same.errors
    assert same.to_settings()[1]["imap_password"] == "oud"
    elsewhere = {**LITTLE, "imap_password": "", "imap_host": "imap.elders.example"}
    assert "imap_password" in SettingsForm(elsewhere, initial=settings, stored=secrets).errors
