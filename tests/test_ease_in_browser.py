"""Two colleagues at the desk in real browsers: who is there, what was being written, what is taken back."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.servers.browser import Visitor, axe, shoot

pytestmark = pytest.mark.browser
AMAL, GIJS = "amal@klankendam.example", "gijs@klankendam.example"
KEPT = "Bewaard als concept"


def at_the_desk(visitor: Visitor, email: str, width: int = 1280) -> Page:
    page = visitor.log_in(visitor.page(width), email)
    page.wait_for_selector("#queue-list .row")
    return page


@pytest.fixture
def number(visitor: Visitor) -> str:
    """A conversation of Klankendam that both may answer, and that nobody has yet."""
    page = at_the_desk(visitor, AMAL)
    free = page.locator("#queue-list .row:not(:has(.row__assignee))")
    ours = free.filter(has=page.locator(".row__organisation", has_text="Klankendam"))
    return ours.nth(1).get_attribute("data-id") or ""


def opened(visitor: Visitor, email: str, number: str, width: int = 1280) -> Page:
    page = at_the_desk(visitor, email, width)
    page.goto(f"/desk/{number}")
    page.wait_for_selector(f"#thread[data-id='{number}'] #reply-text")
    return page


def test_colleagues_see_who_is_there_and_who_writes(visitor: Visitor, number: str) -> None:
    amal, gijs = opened(visitor, AMAL, number), at_the_desk(visitor, GIJS)
    row = gijs.locator(f"#row-{number}")
    expect(row.locator(".there")).to_contain_text("Amal")
    gijs.goto(f"/desk/{number}")
    expect(gijs.locator("#present")).to_contain_text("leest mee")
    amal.locator("#reply-text").press_sequentially("Goedemorgen")
    expect(gijs.locator("#present")).to_contain_text("schrijft")
    expect(gijs.locator("#said")).to_contain_text("schrijft")
    expect(amal.locator("#present")).to_contain_text("Gijs")
    shoot(gijs, "ease-colleague-writes")
    assert axe(gijs) == []
    emptied(amal, "#reply-text")
    amal.close()
    expect(gijs.locator("#present")).to_be_hidden()


def emptied(page: Page, box: str) -> None:
    """The draft in this field is taken out, and the house knows it."""
    with page.expect_response("**/draft/*"):
        page.fill(box, "")


def test_what_somebody_was_writing_survives_and_is_handed_over(visitor: Visitor, number: str) -> None:
    amal = opened(visitor, AMAL, number)
    amal.locator("#reply-text").press_sequentially("Wij hebben de monteur gebeld")
    expect(amal.locator(".composer__form--reply .composer__draft")).to_have_text(KEPT)
    assert amal.evaluate("Object.keys(sessionStorage).filter(key => key.startsWith('klankbord'))") == []
    amal.goto("about:blank")
    amal.context.clear_cookies()
    again = opened(visitor, AMAL, number)
    expect(again.locator("#reply-text")).to_have_value("Wij hebben de monteur gebeld")
    gijs = opened(visitor, GIJS, number)
    expect(gijs.locator("#reply-text")).to_have_value("")
    # where a finger must still find it when the field has the focus
    gijs.set_viewport_size({"width": 360, "height": 740})
    left = gijs.locator(".composer__left")
    left.locator("summary").click()
    expect(left).to_contain_text("Amal")
    expect(left).to_contain_text("Wij hebben de monteur gebeld")
    shoot(gijs, "ease-draft-of-a-colleague")
    assert axe(gijs) == []
    left.locator("button").first.click()
    expect(gijs.locator("#reply-text")).to_have_value("Wij hebben de monteur gebeld")
    expect(gijs.locator(".composer__left")).to_have_count(0)
    emptied(gijs, "#reply-text")
    gijs.reload()
    expect(gijs.locator("#reply-text")).to_have_value("")


def test_the_last_words_before_a_page_closes_are_kept(visitor: Visitor, number: str) -> None:
    amal = opened(visitor, AMAL, number)
    amal.keyboard.press("i")
    amal.keyboard.type("nog net")
    amal.reload()
    expect(amal.locator("#note-text")).to_have_value("nog net")
    expect(amal.locator("#composer")).to_have_attribute("data-writes", "note")
    emptied(amal, "#note-text")


def test_an_answer_is_taken_back_with_one_key(visitor: Visitor, number: str) -> None:
    amal, gijs = opened(visitor, AMAL, number), opened(visitor, GIJS, number)
    before = gijs.locator(".post--out").count()
    amal.keyboard.press("r")
    amal.fill("#reply-text", "")  # what a test before this one left there
    amal.keyboard.type("Dit was te vroeg.")
    amal.keyboard.press("Control+Enter")
    expect(amal.locator(".kb-toast__undo")).to_be_visible()
    expect(gijs.locator(".post--out")).to_have_count(before + 1)
    amal.keyboard.press("z")
    expect(amal.locator("#reply-text")).to_have_value("Dit was te vroeg.")
    expect(amal.locator("#reply-text")).to_be_focused()
    expect(amal.locator(".post--out")).to_have_count(before)
    expect(amal.locator(".kb-toast__undo")).to_have_count(0)
    expect(gijs.locator(".post--out")).to_have_count(before)
    emptied(amal, "#reply-text")


def test_a_closing_is_undone_and_the_way_back_goes_away_by_itself(visitor: Visitor, number: str) -> None:
    amal = opened(visitor, AMAL, number)
    amal.keyboard.press("e")
    expect(amal.locator("#reopen")).to_be_visible()
    expect(amal.locator("#thread-scroll")).to_be_focused()
    amal.keyboard.press("z")
    expect(amal.locator("#close")).to_be_visible()
    expect(amal.locator(".kb-toast")).to_have_count(0)
    amal.keyboard.press("e")
    expect(amal.locator(".kb-toast__undo")).to_be_visible()
    shoot(amal, "ease-undo")
    assert axe(amal) == []
    amal.locator("#reopen").click()
    expect(amal.locator("#close")).to_be_visible()


def test_without_a_connection_a_page_says_so_and_nothing_of_residents_is_kept(visitor: Visitor, number: str) -> None:
    amal = opened(visitor, AMAL, number)
    amal.evaluate("navigator.serviceWorker.ready.then(() => true)")
    amal.reload()
    amal.context.set_offline(True)
    amal.goto("/desk/")
    expect(amal.locator("h1")).to_have_text("Er is geen verbinding")
    shoot(amal, "ease-offline")
    kept = amal.evaluate(
        "caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(store => store.keys()))))"
        ".then(found => found.flat().map(request => new URL(request.url).pathname))"
    )
    assert [address for address in kept if not address.startswith("/static/")] == ["/offline"]
    amal.context.set_offline(False)
    amal.locator("main a").click()
    amal.wait_for_selector("#queue-list .row")
    # the browser reports what could not be fetched meanwhile; it was cut off on purpose
    visitor.complaints[:] = [line for line in visitor.complaints if "fetch" not in line]
    # the browser says in its own words that there was no network
    visitor.complaints[:] = [line for line in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in line]


def test_the_choice_of_display_and_keys_goes_along_to_another_device(visitor: Visitor) -> None:
    page = at_the_desk(visitor, GIJS)
    page.locator(".kb-header .kb-menu summary").click()
    with page.expect_response("**/preferences"):
        page.locator("[data-theme-choice] button[value=dark]").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    page.keyboard.press("Escape")
    page.locator("[data-open-keys]").click()
    with page.expect_response("**/preferences"):
        page.uncheck("#single-keys")
    other = at_the_desk(visitor, GIJS)
    expect(other.locator("html")).to_have_attribute("data-theme", "dark")
    other.keyboard.press("?")
    expect(other.locator("#keys")).to_be_hidden()
    other.locator("[data-open-keys]").click()
    with other.expect_response("**/preferences"):
        other.check("#single-keys")
    other.keyboard.press("Escape")
    other.locator(".kb-header .kb-menu summary").click()
    with other.expect_response("**/preferences"):
        other.locator("[data-theme-choice] button[value='']").click()
