"""Passkeys as somebody uses them: a real Chromium with a virtual authenticator, under the strict security policy."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import CDPSession, Page, expect

from tests.servers.browser import Visitor, axe, shoot

pytestmark = pytest.mark.browser

LAPTOP = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
SMALL_KEY = LAPTOP | {
    "transport": "usb",
    "hasResidentKey": False,
    "hasUserVerification": False,
    "isUserVerified": False,
}


def authenticator(page: Page, **options: Any) -> tuple[CDPSession, str]:
    """A device that this browser can ask for a passkey."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    made = devices.send("WebAuthn.addVirtualAuthenticator", {"options": LAPTOP | options})
    return devices, made["authenticatorId"]


def is_well(page: Page, name: str) -> None:
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert axe(page) == [], f"{name}, {scheme}"
        shoot(page, f"{name}-{scheme}")
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    shoot(page, f"{name}-360")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than a phone"
    page.set_viewport_size({"width": 1280, "height": 800})


def log_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.click("main form button[type=submit]")
    page.wait_for_url(re.compile("/accounts/login/"))


def add(page: Page, name: str) -> None:
    page.goto("/accounts/2fa/webauthn/add/")
    page.fill("[name=name]", name)
    page.click("#add")
    page.wait_for_url(lambda url: "/add/" not in url)


def remove_all(page: Page) -> None:
    """The demo as it was: colleagues there log in with a password alone."""
    while True:
        page.goto("/accounts/2fa/webauthn/")
        buttons = page.locator("a[href$='/remove/']")
        if not buttons.count():
            return
        buttons.first.click()
        page.click("main form[action$='/remove/'] button[type=submit]")
        page.wait_for_load_state()


def test_a_passkey_logs_in_alone_and_is_a_second_step(visitor: Visitor) -> None:
    page = visitor.page()
    devices, laptop = authenticator(page)
    visitor.log_in(page, "chantal@klankendam.example")
    try:
        page.goto("/accounts/2fa/webauthn/add/")
        is_well(page, "passkey-add")
        add(page, "Laptop van de oefening")
        expect(page.locator("#codes li")).to_have_count(10)
        page.goto("/accounts/2fa/webauthn/")
        expect(page.locator("main")).to_contain_text("Laptop van de oefening")
        is_well(page, "passkey-list")
        for what in ("edit", "remove"):
            page.click(f"a[href$='/{what}/']")
            page.wait_for_url(f"**/{what}/")
            is_well(page, f"passkey-{what}")
            page.goto("/accounts/2fa/webauthn/")
        page.goto("/accounts/2fa/webauthn/reauthenticate/")
        expect(page).to_have_url(re.compile("/accounts/2fa/webauthn/reauthenticate/$"))
        is_well(page, "passkey-reauthenticate")
        page.goto("/accounts/2fa/")
        is_well(page, "passkey-index")

        log_out(page)
        is_well(page, "passkey-login")
        page.click("#passkey")
        page.wait_for_url(lambda url: "/accounts/" not in url)
        expect(page.locator(".kb-menu__name")).to_contain_text("Chantal")

        log_out(page)
        page.fill("[name=login]", "chantal@klankendam.example")
        page.fill("[name=password]", "klankbord-oefening")
        page.click("main form:has([name=password]) button[type=submit]")
        page.wait_for_url(re.compile("/accounts/2fa/authenticate/"))
        is_well(page, "passkey-second-step")
        page.click("#authenticate")
        page.wait_for_url(lambda url: "/accounts/" not in url)

        log_out(page)
        # the finger that does not fit: nobody gets in, and the page says what to do
        devices.send("WebAuthn.setUserVerified", {"authenticatorId": laptop, "isUserVerified": False})
        page.click("#passkey")
        expect(page.locator("[data-passkey-problem]")).to_contain_text("Probeer het opnieuw")
        expect(page).to_have_url(re.compile("/accounts/login/"))
        devices.send("WebAuthn.setUserVerified", {"authenticatorId": laptop, "isUserVerified": True})
        page.click("#passkey")
        page.wait_for_url(lambda url: "/accounts/" not in url)

        # the same device a second time
        page.goto("/accounts/2fa/webauthn/add/")
        page.click("#add")
        expect(page.locator("[data-passkey-problem]")).to_contain_text("al bekend")
    finally:
        remove_all(page)
    page.goto("/accounts/2fa/")
    expect(page.locator("main")).not_to_contain_text("Herstelcodes")


def test_a_key_without_pin_is_a_second_step_only(visitor: Visitor) -> None:
    page = visitor.page()
    authenticator(page, **SMALL_KEY)
    visitor.log_in(page, "chantal@klankendam.example")
    try:
        page.goto("/accounts/2fa/webauthn/add/")
        page.uncheck("[name=passwordless]")
        page.click("#add")
        page.wait_for_url(lambda url: "/add/" not in url)
        page.goto("/accounts/2fa/webauthn/")
        expect(page.locator("main")).to_contain_text("Tweede stap na je wachtwoord")
        log_out(page)
        page.fill("[name=login]", "chantal@klankendam.example")
        page.fill("[name=password]", "klankbord-oefening")
        page.click("main form:has([name=password]) button[type=submit]")
        page.wait_for_url(re.compile("/accounts/2fa/authenticate/"))
        page.click("#authenticate")
        page.wait_for_url(lambda url: "/accounts/" not in url)
    finally:
        remove_all(page)
