"""A colleague at the desk in a real browser, with the demo as it starts: keys, drafts, live messages, a phone."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.servers.browser import Visitor

pytestmark = pytest.mark.browser
AMAL = "amal@klankendam.example"


def at_the_desk(visitor: Visitor, width: int, height: int) -> Page:
    page = visitor.log_in(visitor.page(width, height), AMAL)
    page.wait_for_selector("#queue-list .row")
    return page


def test_a_colleague_walks_opens_writes_and_sends_by_keyboard(visitor: Visitor) -> None:
    page = at_the_desk(visitor, 1280, 800)
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
    with page.expect_response("**/preferences"):
        page.uncheck("#single-keys")
    page.keyboard.press("Escape")
    page.focus("#thread-scroll")
    page.keyboard.press("i")
    expect(page.locator("#thread-scroll")).to_be_focused()
    # it is kept with the account, and the next visit wants them again
    page.locator("[data-open-keys]").click()
    with page.expect_response("**/preferences"):
        page.check("#single-keys")


def test_a_new_message_waits_behind_a_button_and_moves_nothing(visitor: Visitor) -> None:
    page = at_the_desk(visitor, 1280, 800)
    page.keyboard.press("j")
    first = page.locator("#queue-list .row").first
    page.wait_for_timeout(500)  # a line that is drawn anew has no place for a moment
    name, place = first.get_attribute("id"), first.bounding_box()
    # the demo lets a new message arrive every so often
    page.wait_for_selector("#new-messages:not([hidden])", timeout=150_000)
    assert page.locator("#queue-list .row").first.get_attribute("id") == name
    assert first.bounding_box() == place
    page.click("#new-messages")
    assert page.locator("#queue-list .row").first.get_attribute("id") != name
    expect(page.locator("#new-messages")).to_be_hidden()


def test_on_a_phone_one_pane_at_a_time(visitor: Visitor) -> None:
    page = at_the_desk(visitor, 360, 740)
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


def test_a_line_that_is_drawn_anew_while_its_conversation_is_on_its_way_opens_it_all_the_same(visitor: Visitor) -> None:
    page = at_the_desk(visitor, 360, 740)
    page.evaluate(
        "() => { const link = document.querySelector('#queue-list .row__link'); link.click();"
        " const row = link.closest('.row'); row.replaceWith(row.cloneNode(true)); }"
    )
    expect(page.locator("#thread .post").first).to_be_visible(timeout=20_000)
    expect(page.locator("#queue")).to_be_hidden()
    expect(page.locator("#busy")).to_have_text("", timeout=20_000)


def test_without_scripts_a_note_is_written_all_the_same(visitor: Visitor) -> None:
    page = visitor.log_in(visitor.page(scripts=False), AMAL)
    page.locator(".row__link").first.click()
    page.fill("#note-text", "zonder scripts")
    page.click(".composer__form--note button[type=submit]")
    expect(page.locator(".post--note").last).to_contain_text("zonder scripts")
