"""A colleague at the desk in a real browser, with the demo as it starts: keys, drafts, live messages, a phone."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from klankbord.base.tests.needs import need
from klankbord.project.tests.running import Started

pytestmark = pytest.mark.browser
CHROMIUM = next((found for found in map(shutil.which, ("chromium", "chromium-browser")) if found), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    need(CHROMIUM, "Chromium")
    folder: Path = tmp_path_factory.mktemp("browser")
    with Started(folder / "data", folder / "log") as running:
        running.wait_until_up(patience=180)
        yield f"http://localhost:{running.port}"


@pytest.fixture(scope="module")
def browser(address: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


def at_the_desk(browser: Browser, address: str, width: int, height: int, complaints: list[str]) -> Page:
    page = browser.new_context(viewport={"width": width, "height": height}, locale="nl-NL").new_page()
    page.on("console", lambda line: complaints.append(line.text) if line.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{address}/accounts/login/")
    page.fill("[name=login]", "amal@klankendam.example")
    page.fill("[name=password]", "klankbord-oefening")
    page.click("main button[type=submit]")
    page.wait_for_selector("#queue-list .row")
    return page


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser complained about, breaches of the content security policy first of all: nothing."""
    heard: list[str] = []
    yield heard
    assert heard == []


def test_a_colleague_walks_opens_writes_and_sends_by_keyboard(
    browser: Browser, address: str, complaints: list[str]
) -> None:
    page = at_the_desk(browser, address, 1280, 800, complaints)
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_selector("#thread[data-id]")
    opened = page.get_attribute("#thread", "data-id")
    expect(page.locator(".row__link[aria-current]")).to_have_id(f"row-link-{opened}")
    page.keyboard.press("i")
    page.keyboard.type("jekn? een notitie")
    expect(page.locator("#note-text")).to_have_value("jekn? een notitie")
    page.keyboard.press("Escape")
    expect(page.locator("#thread-scroll")).to_be_focused()
    page.reload()
    expect(page.locator("#note-text")).to_have_value("jekn? een notitie")
    page.focus("#note-text")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".post--note").last).to_contain_text("jekn? een notitie")
    expect(page.locator("#note-text")).to_have_value("")
    page.keyboard.press("?")
    expect(page.locator("#keys")).to_be_visible()
    page.uncheck("#single-keys")
    page.keyboard.press("Escape")
    page.focus("#thread-scroll")
    page.keyboard.press("i")
    expect(page.locator("#thread-scroll")).to_be_focused()


def test_a_new_message_waits_behind_a_button_and_moves_nothing(
    browser: Browser, address: str, complaints: list[str]
) -> None:
    page = at_the_desk(browser, address, 1280, 800, complaints)
    page.keyboard.press("j")
    first = page.locator("#queue-list .row").first
    name, place = first.get_attribute("id"), first.bounding_box()
    # the demo lets a new message arrive every so often
    page.wait_for_selector("#new-messages:not([hidden])", timeout=150_000)
    assert page.locator("#queue-list .row").first.get_attribute("id") == name
    assert first.bounding_box() == place
    page.click("#new-messages")
    assert page.locator("#queue-list .row").first.get_attribute("id") != name
    expect(page.locator("#new-messages")).to_be_hidden()


def test_on_a_phone_one_pane_at_a_time(browser: Browser, address: str, complaints: list[str]) -> None:
    page = at_the_desk(browser, address, 360, 740, complaints)
    expect(page.locator("#thread")).to_be_hidden()
    page.locator(".row__link").nth(1).click()
    expect(page.locator("#thread")).to_be_visible()
    expect(page.locator("#queue")).to_be_hidden()
    page.click("#thread-about")
    expect(page.locator("#context")).to_be_visible()
    page.click(".context__back button")
    page.click("#thread-back")
    expect(page.locator("#queue")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_without_scripts_a_note_is_written_all_the_same(browser: Browser, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{address}/accounts/login/")
    page.fill("[name=login]", "amal@klankendam.example")
    page.fill("[name=password]", "klankbord-oefening")
    page.click("main button[type=submit]")
    page.locator(".row__link").first.click()
    page.fill("#note-text", "zonder scripts")
    page.click(".composer__form--note button[type=submit]")
    expect(page.locator(".post--note").last).to_contain_text("zonder scripts")
