"""The walk of ``docs/gebruik/toetsenbord.md``, key by key, in a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.servers.browser import Visitor

pytestmark = pytest.mark.browser
WALK = Path(__file__).resolve().parents[1] / "docs/gebruik/toetsenbord.md"
STEP = re.compile(r"^\| (typ )?`([^`]+)` \| (.*?) ?\|$", re.MULTILINE)


def focused(selector: str) -> Callable[[Page], None]:
    return lambda page: expect(page.locator(selector)).to_be_focused()


def shown(selector: str) -> Callable[[Page], None]:
    return lambda page: expect(page.locator(selector).last).to_be_visible()


def row(number: int) -> Callable[[Page], None]:
    return lambda page: expect(page.locator("#queue-list .row__link").nth(number)).to_be_focused()


def says(selector: str, text: str) -> Callable[[Page], None]:
    return lambda page: expect(page.locator(selector).last).to_contain_text(text)


def holds(selector: str, text: str) -> Callable[[Page], None]:
    return lambda page: expect(page.locator(selector)).to_have_value(text)


# What must be seen after each step of the page, in its order.
THEN: list[Callable[[Page], None]] = [
    focused(".nl-skip-link"),
    focused("#main"),
    row(0),
    row(1),
    row(0),
    shown("#thread[data-id] #reply-text"),
    focused("#reply-text"),
    holds("#reply-text", "Goedemorgen"),
    focused("#thread-scroll"),
    focused("#note-text"),
    holds("#note-text", "Even bellen"),
    says(".post--note", "Even bellen"),
    says(".thread__assignee", "Bij jou"),
    shown("#assign-me"),
    shown("#reopen"),
    shown("#close"),
    focused("#search"),
    holds("#search", "brug"),
    shown(".queue__found"),
    shown("#keys"),
    lambda page: expect(page.locator("#keys")).to_be_hidden(),
]


def steps() -> Iterator[tuple[bool, str]]:
    for typed, keys, _then in STEP.findall(WALK.read_text(encoding="utf-8")):
        yield bool(typed), keys


def test_the_walk_on_the_page_can_be_walked(visitor: Visitor) -> None:
    # somebody who has no conversation yet, so that the first in the list can be taken
    page = visitor.log_in(visitor.page(), "gijs@klankendam.example")
    page.goto("/desk/")
    page.wait_for_selector("#queue-list .row")
    walked = list(steps())
    assert len(walked) == len(THEN)
    for (typed, keys), then in zip(walked, THEN, strict=True):
        if typed:
            page.keyboard.type(keys)
        else:
            page.keyboard.press(keys)
        then(page)
    # the conversation is left as it was found
    page.go_back()
    with page.expect_response("**/draft/*"):
        page.fill("#reply-text", "")
