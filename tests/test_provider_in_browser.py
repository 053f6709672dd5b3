"""Logging in and out with a real identity provider, as somebody does it: a real browser between two real servers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from klankbord.project.tests.running import Started, free_port
from tests.servers.browser import Visitor
from tests.servers.oidc import IdentityProvider
from tests.test_first_day_in_browser import PASSWORD, is_well, send, set_up_second_step

pytestmark = [pytest.mark.browser, pytest.mark.real]

PEOPLE = {
    "sem": {
        "name": "Sem de Oefening",
        "email": "sem@oefening.example",
        "groups": ["klankbord-webcare"],
        "amr": ["mfa"],
    },
    "tess": {"name": "Tess de Oefening", "email": "tess@oefening.example", "groups": []},
}


@pytest.fixture
def house(browser: Browser, tmp_path: Path) -> Iterator[tuple[Visitor, str]]:
    """Somebody in front of a new house that is connected with a provider, and its set-up code."""
    port = free_port()
    address = f"http://localhost:{port}"
    with IdentityProvider(PEOPLE, address) as provider:
        told = provider.environment() | {"KLANKBORD_OIDC_SECOND_STEP": "amr=mfa"}
        with Started(tmp_path / "data", tmp_path / "log", port=port, **told) as running:
            running.wait_until_up(patience=180)
            code = re.search(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", running.said)
            assert code
            yield Visitor(browser, address), code[0]
            for context in browser.contexts:
                context.close()


def settle(page: Page, code: str) -> None:
    """The first administrator, and one group that gives a role."""
    page.goto("/first-day/")
    page.fill("[name=code]", code)
    send(page)
    page.locator("#q").press_sequentially("sneek", delay=30)
    page.wait_for_selector(".kb-choice")
    page.click(".kb-choice >> nth=0")
    page.fill("[name=name]", "Noor de Boer (oefening)")
    page.fill("[name=email]", "noor@oefening.example")
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    send(page)
    set_up_second_step(page)
    page.goto("/people/groups")
    page.fill("[name=group]", "klankbord-webcare")
    page.check("[value=webcare]")
    send(page, "section form")
    expect(page.locator(".kb-rows")).to_contain_text("klankbord-webcare")
    is_well(page, "provider-groups")


def through_provider(page: Page, who: str) -> None:
    page.goto("/accounts/login/")
    page.click("a[href*='/oidc/sso/login/']")
    page.click(f"button[value={who}]")
    page.wait_for_load_state()


def test_a_colleague_logs_in_and_out_with_the_provider(house: tuple[Visitor, str]) -> None:
    visitor, code = house
    administrator = visitor.page()
    settle(administrator, code)

    sem = visitor.page()
    sem.goto("/accounts/login/")
    is_well(sem, "provider-login")
    through_provider(sem, "sem")
    expect(sem).to_have_url(re.compile("/desk/$"))
    expect(sem.locator(".kb-menu__name")).to_contain_text("Sem de Oefening")
    sem.goto("/me/logged-in")
    is_well(sem, "provider-logged-in")
    administrator.goto("/people/")
    administrator.click("tr:has-text('Sem de Oefening') a")
    is_well(administrator, "provider-member")

    # out here and there: the provider asks once, and brings one back
    sem.click(".kb-menu summary")
    sem.click(".kb-menu form[action='/accounts/logout/'] button")
    sem.wait_for_url(re.compile("/session/end"))
    sem.click("button[name=logout]")
    expect(sem).to_have_url(re.compile("/accounts/login/"))
    sem.click("a[href*='/oidc/sso/login/']")
    expect(sem.locator("button[value=sem]")).to_be_visible()

    tess = visitor.page()
    through_provider(tess, "tess")
    expect(tess.locator("main")).to_contain_text("geen groep die toegang geeft tot Klankbord")
    is_well(tess, "provider-no-group")
    # the answer 403 is what was asked for; anything else would be a fault of ours
    assert [line for line in visitor.complaints if "403" not in line] == []
