"""Every page that a colleague can reach, in a real browser: nothing for axe to find, in both themes and on a phone."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Page

from tests.servers.browser import Visitor, axe, shoot

pytestmark = pytest.mark.browser

# Who looks, where the walk begins, and some of what must be met on the way.
WALKS = {
    "": (
        ["/accounts/login/", "/first-day/", "/niets/"],
        {"account_login", "account_reset_password", "first-day", "contact-form"},
    ),
    "amal@klankendam.example": (["/desk/"], {"desk", "conversation"}),
    "chantal@klankendam.example": (["/"], {"channels", "channel", "people", "mandates", "audit"}),
    "bram@klankendam.example": (
        ["/dossiers/", "/dossiers/new?query=brug+AND+dicht"],
        {
            "dossiers",
            "dossier",
            "new-dossier",
            "change-dossier",
            "dossier-finds",
            "dossier-archive",
            "wider",
            "register",
            "place-dossier",
        },
    ),
    "fatma@klankendam.example": (["/desk/"], {"audit", "listening-privacy", "person"}),
}
NOT_PAGES = {"account_logout", "desk-file", "register-of-processing", "dpia"}
# The same for everybody: looked at once, as the first who logs in.
OWN_ACCOUNT = ("account_", "mfa_")
FIRST = "amal@klankendam.example"


def name_of(address: str) -> str:
    """The name of the address in ``urls.py``: pages with the same name are looked at once."""
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return "404"


def onwards(page: Page) -> list[str]:
    """Where the links of this page lead, inside the house."""
    found: list[str] = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
    here = urlsplit(page.url)
    return [link for link in found if urlsplit(link).netloc == here.netloc and "download" not in link]


def faults(page: Page, name: str) -> list[str]:
    """What is wrong with the page that is open, in the light, in the dark and on a phone."""
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


def test_axe_sees_what_is_wrong(visitor: Visitor) -> None:
    page = visitor.page()
    page.goto("/accounts/login/")
    page.evaluate("document.querySelector('label').remove()")
    assert any(fault.startswith("label ") for fault in axe(page))


@pytest.mark.parametrize("email", WALKS, ids=lambda email: email.partition("@")[0] or "nobody")
def test_every_page_that_links_lead_to_is_without_faults(visitor: Visitor, email: str) -> None:
    begin, wanted = WALKS[email]
    page = visitor.page()
    if email:
        visitor.log_in(page, email)
    met: set[str] = set()
    found: list[str] = []
    waiting = [visitor.address + address for address in begin]
    while waiting:
        address = waiting.pop(0)
        name = name_of(address)
        if name in met or name in NOT_PAGES or (email not in ("", FIRST) and name.startswith(OWN_ACCOUNT)):
            continue
        met.add(name)
        page.goto(address)
        found += faults(page, f"{email.partition('@')[0] or 'nobody'}-{name}")
        waiting += onwards(page)
    # The browser reports the page that is not there; that one was asked for.
    visitor.complaints[:] = [line for line in visitor.complaints if "404" not in line]
    assert not found, "\n".join(found)
    assert wanted <= met, f"never met: {wanted - met}; met: {met}"
