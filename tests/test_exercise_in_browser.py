"""An exercise from the first click to the last, on the real house: played, answered by nobody, paused and put back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.servers.browser import Visitor, axe, shoot

pytestmark = pytest.mark.browser


def told(page: Page) -> int:
    """How many messages the page says were said."""
    found = re.search(r"(\d+) van \d+ berichten gezegd", page.inner_text("#state"))
    assert found
    return int(found[1])


def at_rest(page: Page) -> int:
    """How many messages there are once nothing comes any more: what was under way at the pause still arrives."""
    before = -1
    for _ in range(10):
        found = told(page)
        if found == before:
            return found
        before = found
        page.wait_for_timeout(6000)
    raise AssertionError(f"messages still come while it is paused: {before}")


def looked_at(page: Page, name: str) -> list[str]:
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        shoot(page, f"{name}-{scheme}")
        found += [f"{name}, {scheme}: {fault}" for fault in axe(page)]
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 360, "height": 740})
    shoot(page, f"{name}-360")
    if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
        found.append(f"{name}: wider than a phone")
    page.set_viewport_size({"width": 1280, "height": 800})
    return found


def test_an_ordinary_day_is_held_paused_and_put_back(visitor: Visitor) -> None:
    page = visitor.log_in(visitor.page(), "gijs@klankendam.example")
    page.goto("/exercises/")
    page.select_option("[name=scenario]", "ordinary_day")
    page.fill("[name=town]", "klankendam")
    page.select_option("[name=speed]", "600")
    found = looked_at(page, "exercises")
    page.click("text=Klaarzetten")
    page.wait_for_selector("#state")
    assert told(page) == 0
    page.click("main >> text=Starten")
    # the page tells by itself how far it is
    expect(page.locator("#state")).not_to_contain_text(re.compile(r"\b0 van \d+ berichten"))
    page.click("main >> text=Pauzeren")
    expect(page.locator("#state")).to_contain_text("Gepauzeerd")
    assert at_rest(page) > 0
    found += looked_at(page, "exercise")
    exercise = page.url
    of_the_exercise = page.locator("#queue-list").get_by_role("img", name="Een gewone dag")
    page.goto("/desk/?view=all")
    expect(of_the_exercise).not_to_have_count(0)
    page.goto(exercise)
    page.click("text=Terugzetten naar het begin")
    page.click("text=Ja, zet terug")
    expect(page.locator("#state")).to_contain_text(re.compile(r"\b0 van \d+ berichten"))
    expect(page.locator("#state")).to_contain_text("Staat klaar")
    page.goto("/desk/?view=all")
    page.wait_for_selector("#queue-list .row")
    expect(of_the_exercise).to_have_count(0)
    page.goto(exercise)
    page.click("text=Oefening beëindigen")
    page.click("text=Ja, haal weg")
    page.wait_for_url("**/exercises/")
    assert not found, "\n".join(found)
