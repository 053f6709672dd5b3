"""The first day as somebody lives it: from the start page to a house without the demo, in a real browser."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from playwright.sync_api import Browser, Page, expect

from klankbord.project.tests.running import Started
from tests.servers.browser import Visitor, axe, shoot

pytestmark = pytest.mark.browser

PASSWORD = "vier losse woorden samen"


@pytest.fixture
def newcomer(browser: Browser, tmp_path: Path) -> Iterator[tuple[Visitor, str]]:
    """Somebody in front of a house that nobody lives in yet, with the set-up code that it printed."""
    with Started(tmp_path / "data", tmp_path / "log") as running:
        running.wait_until_up(patience=180)
        code = re.search(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", running.said)
        assert code
        yield Visitor(browser, f"http://localhost:{running.port}"), code[0]
        for context in browser.contexts:
            context.close()


def is_well(page: Page, name: str) -> None:
    """No fault on this page, in the light, in the dark and on a phone."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert axe(page) == [], f"{name}, {scheme}"
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    shoot(page, f"{name}-360")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than a phone"
    page.set_viewport_size({"width": 1280, "height": 800})
    shoot(page, name)


def send(page: Page, form: str = "main form") -> None:
    page.click(f"{form} button[type=submit] >> nth=0")
    page.wait_for_load_state()


def set_up_second_step(page: Page) -> None:
    secret = page.inner_text("#secret").strip()
    page.fill("[name=code]", format_hotp_value(hotp_value(secret, int(time.time()) // 30)))
    send(page, "main form[action*=totp]")


def test_a_house_is_set_up_and_the_demo_leaves(newcomer: tuple[Visitor, str]) -> None:
    visitor, code = newcomer
    page = visitor.page()
    page.goto("/")
    is_well(page, "first-day-start")
    page.click("main a[href='/first-day/']")
    is_well(page, "first-day-code")
    page.fill("[name=code]", code.lower())
    send(page)
    page.locator("#q").press_sequentially("sneek", delay=30)
    page.wait_for_selector(".kb-choice")
    is_well(page, "first-day-organisation")
    page.click(".kb-choice >> nth=0")
    is_well(page, "first-day-administrator")
    page.fill("[name=name]", "Noor de Boer (oefening)")
    page.fill("[name=email]", "noor@oefening.example")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.check("[value=editor]")
    send(page)
    set_up_second_step(page)
    for place in ("recovery-codes", "totp/deactivate", "reauthenticate"):
        page.goto(f"/accounts/2fa/{place}/")
        expect(page).to_have_url(re.compile(f"/accounts/2fa/{place}/$"))
        is_well(page, f"first-day-{place.replace('/', '-')}")
    page.goto("/")
    expect(page).to_have_url(re.compile("/first-day/$"))
    is_well(page, "first-day-list")
    for place in ("first-day/installation", "first-day/demo", "channels/", "people/", "people/mandates/give", "place/"):
        page.goto(f"/{place}")
        is_well(page, f"first-day-{place.strip('/').replace('/', '-')}")
    page.goto("/people/")
    page.fill("[name=email]", "sjoerd@oefening.example")
    send(page, "#invite form")
    is_well(page, "first-day-invited")
    link = page.inner_text("#link").strip()

    colleague = visitor.page()
    colleague.goto(link)
    is_well(colleague, "first-day-join")
    colleague.fill("[name=name]", "Sjoerd Visser (oefening)")
    colleague.fill("[name=password]", PASSWORD)
    colleague.fill("[name=again]", PASSWORD)
    send(colleague)
    set_up_second_step(colleague)
    colleague.goto("/")
    expect(colleague).to_have_url(re.compile("/desk/$"))

    page.goto("/first-day/demo")
    send(page)
    expect(page.locator(".kb-steps")).to_contain_text("Súdwest-Fryslân")
    page.goto("/people/")
    expect(page.locator("table")).to_contain_text("Sjoerd Visser")
    # only what was asked for on purpose may have gone wrong: a page that says what is not filled in well
    assert [line for line in visitor.complaints if "422" not in line] == []


def test_it_works_without_scripts(newcomer: tuple[Visitor, str]) -> None:
    visitor, code = newcomer
    page = visitor.page(scripts=False)
    page.goto("/first-day/")
    page.fill("[name=code]", code)
    send(page)
    page.fill("#q", "den bosch")
    send(page, "form[role=search]")
    page.click(".kb-choice >> nth=0")
    expect(page.locator("h1")).to_contain_text("'s-Hertogenbosch")
