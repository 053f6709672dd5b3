"""A real Chromium on the real house with its demo, and axe to judge the pages.

``KLANKBORD_AXE`` names the file ``axe.min.js`` of axe-core; ``KLANKBORD_SCREENSHOTS`` a folder for pictures of what
the tests see. A module that drives the browser does not use the ORM itself: Playwright runs a loop in the thread.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from klankbord.base.tests.needs import need
from klankbord.project.tests.running import Started

CHROMIUM = next((found for found in map(shutil.which, ("chromium", "chromium-browser")) if found), None)
FLAGS = [
    "--no-sandbox",  # root may not have one; the pages are our own
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE = 90_000  # milliseconds that a page may take on a machine that does much else meanwhile
DEMO_PASSWORD = "klankbord-oefening"
# WCAG 2.2 AA, and what axe itself holds to be good practice.
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
Scheme = Literal["light", "dark"]


@dataclass
class Visitor:
    """Somebody with a browser, who hears every complaint it makes: a breach of the security policy first of all."""

    browser: Browser
    address: str
    complaints: list[str] = field(default_factory=list)
    # when a test asks for a refusal or for no answer at all; a breach of the security policy is always one
    refusals_expected: bool = False

    def page(self, width: int = 1280, height: int = 800, *, scheme: Scheme = "light", scripts: bool = True) -> Page:
        """An empty page in a window of its own."""
        context = self.browser.new_context(
            base_url=self.address,
            viewport={"width": width, "height": height},
            locale="nl-NL",
            timezone_id="Europe/Amsterdam",
            color_scheme=scheme,
            java_script_enabled=scripts,
        )
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("console", lambda line: self._hear(line.text) if line.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._hear(str(error)))
        return page

    def _hear(self, complaint: str) -> None:
        if "Security Policy" in complaint or not self.refusals_expected:
            self.complaints.append(complaint)

    def log_in(self, page: Page, email: str) -> Page:
        """Somebody of the demo, on the page where that colleague begins."""
        page.goto("/accounts/login/")
        page.fill("[name=login]", email)
        page.fill("[name=password]", DEMO_PASSWORD)
        page.click("main form:has([name=password]) button[type=submit]")
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        return page


def connect(page: Page, kind: str, name: str, **filled: str) -> str:
    """An administrator who is logged in connects a channel on the screen; the address of its page."""
    page.goto(f"/channels/connect/{kind}")
    page.fill("[name=channel_name]", name)
    for name_of_field, value in filled.items():
        box = page.locator(f"main [name={name_of_field}]")
        if box.evaluate("box => box.tagName") == "SELECT":
            box.select_option(value)
        else:
            box.fill(value)
    page.click("main button[type=submit]")
    page.wait_for_url(re.compile(r"/channels/\d+/$"))
    return page.url


def axe(page: Page) -> list[str]:
    """What axe finds wrong with the page as it is now: the rule, how bad it is, and where."""
    path = os.environ.get("KLANKBORD_AXE", "")
    need(path and Path(path).is_file(), "axe-core (its axe.min.js in KLANKBORD_AXE)")
    page.evaluate(Path(path).read_text(encoding="utf-8"))
    found: dict[str, Any] = page.evaluate("rules => axe.run(document, {runOnly: rules})", RULES)
    return [
        f"{violation['id']} ({violation['impact']}): {violation['help']}: {' '.join(map(str, node['target']))}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def shoot(page: Page, name: str) -> None:
    """A picture of the page for people, when somebody asked for pictures."""
    folder = os.environ.get("KLANKBORD_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.fixture(scope="session")
def live_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the house as ``klankbord start`` makes it, with its demo, in processes of its own."""
    folder = tmp_path_factory.mktemp("house")
    # long enough to see with two browsers that an answer is held back, on a machine that does much else
    with Started(folder / "data", folder / "log", KLANKBORD_UNDO_SECONDS="20") as running:
        running.wait_until_up()
        yield f"http://localhost:{running.port}"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, started once per module."""
    need(CHROMIUM, "Chromium")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def visitor(browser: Browser, live_house: str) -> Iterator[Visitor]:
    """Somebody with a browser in front of the demo; the test fails when the browser complained."""
    made = Visitor(browser, live_house)
    yield made
    for context in browser.contexts:
        context.close()
    assert made.complaints == []
