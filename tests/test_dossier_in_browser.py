"""The editor of a dossier in a real browser: it explains while somebody types, and mends what can be mended."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.servers.browser import Visitor, axe, shoot

pytestmark = pytest.mark.browser


def test_the_editor_helps_while_somebody_types(visitor: Visitor) -> None:
    page = visitor.page()
    visitor.log_in(page, "bram@klankendam.example")
    page.goto("/dossiers/new")
    query, explained = page.locator("#id_query"), page.locator("#explained")
    query.press_sequentially('klankbrug AND "dicht')
    expect(explained.locator(".kb-spot mark")).to_have_text('"dicht')
    explained.locator("button[data-query]").first.click()
    expect(query).to_have_value('klankbrug AND "dicht"')
    expect(explained.locator(".kb-explained")).to_be_visible()
    page.locator("[data-insert='OF']").click()
    query.press_sequentially(' "Kees Dekker"')
    expect(query).to_have_value('klankbrug AND "dicht" OF "Kees Dekker"')
    expect(explained.locator(".kb-suspects")).to_contain_text("Kees Dekker")
    query.fill("klankbrug*")
    expect(explained.locator(".kb-find mark").first).to_be_visible()
    page.locator("#completion").fill("Echolaan")
    page.locator("#completion").press("Enter")
    expect(query).to_have_value("klankbrug* Echolaan")
    page.locator("button.kb-ask").click()
    expect(page.locator("#found-by-networks")).to_contain_text("niets bewaard")
    assert page.url.endswith("/dossiers/new")


def test_a_dossier_is_made_and_started_without_scripts(visitor: Visitor) -> None:
    page = visitor.page(scripts=False)
    visitor.log_in(page, "bram@klankendam.example")
    page.goto("/dossiers/new")
    page.fill("#id_name", "Zonder script (oefening)")
    page.fill("#id_query", "fietspad AND gat")
    page.fill("#id_reason", "Oefening")
    page.fill("#id_ends_on", page.input_value("#id_review_on"))
    page.locator(".kb-editor button.nl-button--primary").click()
    page.wait_for_url("**/dossiers/*/")
    page.locator("form[action$='/start'] button").click()
    expect(page.locator("form[action$='/end'] summary")).to_be_visible()


@pytest.mark.parametrize("span", [7, 30, 90])
def test_each_bar_opens_its_messages_by_keyboard(visitor: Visitor, span: int) -> None:
    page = visitor.page()
    visitor.log_in(page, "bram@klankendam.example")
    page.goto("/dossiers/")
    page.locator("td.kb-figure strong a[href^='/dossiers/']").last.locator("xpath=ancestor::tr//th//a").click()
    page.goto(f"{page.url.partition('?')[0]}?days={span}")
    bars = page.locator(".kb-chart").get_by_role("link", name=re.compile(r"^\d+ \w+( t.m \d+ \w+)?: \d+ vondst(en)?"))
    expect(bars.last).to_be_visible()
    box = page.locator(".kb-chart").bounding_box()
    assert box is not None
    for link in page.locator(".kb-chart__link").all():
        bar = link.bounding_box()
        assert bar is not None
        assert box["y"] - 1 <= bar["y"] <= bar["y"] + bar["height"] <= box["y"] + box["height"] + 1
    assert bars.count() == page.locator(".kb-chart__link").count() > 0
    page.keyboard.press("Tab")
    shoot(page, f"chart-{span}")
    assert axe(page) == []
    asked = bars.last.get_attribute("href") or ""
    bars.last.focus()
    shoot(page, f"chart-{span}-focus")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**{asked}")
    expect(page.locator(".kb-find").first).to_be_visible()


def test_the_messages_of_a_closed_dossier_are_opened_on_a_page_that_says_what_for(visitor: Visitor) -> None:
    page = visitor.log_in(visitor.page(), "bram@klankendam.example")
    page.goto("/dossiers/new")
    page.fill("#id_name", "Geluid bij de moskee (oefening)")
    page.fill("#id_query", "moskee AND geluid")
    page.fill("#id_reason", "Oefening")
    page.fill("#id_special_ground", "AVG artikel 9, tweede lid, onder g (oefening)")
    page.fill("#id_retention_days", "30")
    page.fill("#id_ends_on", page.input_value("#id_review_on"))
    page.locator(".kb-editor button.nl-button--primary").click()
    page.wait_for_url(re.compile(r"/dossiers/\d+/$"))
    assert axe(page) == []
    page.click("a[href$='/open']")
    page.wait_for_url("**/open")
    assert axe(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    shoot(page, "open-finds-360")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
