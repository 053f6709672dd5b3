"""Every page that a colleague can reach, in a real browser: nothing for axe to find, in both themes and on a phone."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Page

from tests.servers.browser import Visitor, axe, shoot
from tests.test_addresses import FOUND

pytestmark = pytest.mark.browser

# Who looks, where the walk begins, and what must be met on the way.
WALKS = {
    "": (
        [
            "/accounts/login/",
            "/first-day/",
            "/niets/",
            "/offline",
            "/join/geraden",
            "/accounts/password/reset/done/",
            "/accounts/password/reset/key/1-geraden/",
            "/accounts/password/reset/key/done/",
            "/accounts/confirm-email/",
            "/accounts/confirm-email/geraden/",
            "/accounts/inactive/",
            "/accounts/signup/",
        ],
        {
            "404",
            "account_confirm_email",
            "account_email_verification_sent",
            "account_inactive",
            "account_login",
            "account_reset_password",
            "account_reset_password_done",
            "account_reset_password_from_key",
            "account_reset_password_from_key_done",
            "account_signup",
            "contact-form",
            "first-day",
            "home",
            "join",
            "offline",
        },
    ),
    "amal@klankendam.example": (
        [
            "/desk/",
            "/take-in/",
            "/take-in/file",
            "/accounts/logout/",
            "/accounts/reauthenticate/",
            "/accounts/email/",
            "/accounts/2fa/",
            "/accounts/2fa/recovery-codes/generate/",
            "/me/logged-in",
        ],
        {
            "account_change_password",
            "account_email",
            "account_logout",
            "account_reauthenticate",
            "conversation",
            "desk",
            "dossier-sharper",
            "logged-in",
            "mfa_activate_totp",
            "mfa_add_webauthn",
            "mfa_generate_recovery_codes",
            "mfa_index",
            "resident",
            "take-in",
            "take-in-file",
        },
    ),
    "chantal@klankendam.example": (
        ["/", "/people/mandates/give", "/people/groups", "/house-style/", "/exercises/"],
        {
            "audit",
            "change-channel",
            "channel",
            "channels",
            "connect-channel",
            "exercises",
            "give-mandate",
            "groups",
            "house-style",
            "mandates",
            "member",
            "people",
            "teams",
        },
    ),
    "bram@klankendam.example": (
        ["/dossiers/", "/dossiers/new?query=brug+AND+dicht"],
        {
            "change-dossier",
            "dossier",
            "dossier-archive",
            "dossier-finds",
            "dossier-source",
            "dossiers",
            "new-dossier",
            "place-dossier",
            "register",
            "wider",
        },
    ),
    "fatma@klankendam.example": (["/desk/", "/desk/1/reason"], {"listening-privacy", "open-with-reason", "person"}),
}
# Only after something was done first: this test looks at them, with axe too.
ELSEWHERE = {
    "contact-thanks": "test_ways_in_browser.py",
    "exercise": "test_exercise_in_browser.py",
    "first-day-administrator": "test_first_day_in_browser.py",
    "first-day-demo": "test_first_day_in_browser.py",
    "first-day-installation": "test_first_day_in_browser.py",
    "first-day-organisation": "test_first_day_in_browser.py",
    "mfa_authenticate": "test_passkeys_in_browser.py",
    "mfa_deactivate_totp": "test_first_day_in_browser.py",
    "mfa_edit_webauthn": "test_passkeys_in_browser.py",
    "mfa_list_webauthn": "test_passkeys_in_browser.py",
    "mfa_reauthenticate": "test_first_day_in_browser.py",
    "mfa_reauthenticate_webauthn": "test_passkeys_in_browser.py",
    "mfa_remove_webauthn": "test_passkeys_in_browser.py",
    "mfa_view_recovery_codes": "test_first_day_in_browser.py",
    "open-finds": "test_dossier_in_browser.py",
}
NOT_PAGES = {
    "account_confirm_login_code": "codes by mail are off: it leads to the log-in page",
    "account_set_password": "everybody has a password: it leads to the page that changes it",
    "conversation-posts": "a part of the page",
    "conversation-row": "a part of the page",
    "desk-file": "a file",
    "desk-lists": "a part of the page",
    "dpia": "a file",
    "exercise-state": "a part of the page",
    "health": "for machines",
    "leave-provider": "goes on to the provider at once",
    "live": "a stream",
    "logo": "a picture",
    "manifest": "for the phone itself",
    "metrics": "for machines",
    "mfa_download_recovery_codes": "a file",
    "mfa_login_webauthn": "for the script of the log-in page",
    "openid_connect_callback": "leads on from the provider",
    "openid_connect_login": "leads on to the provider",
    "presence": "a part of the page",
    "register-of-processing": "a file",
    "service-worker": "a script",
    "socialaccount_login_cancelled": "leads to the log-in page",
    "style-sheet": "a style sheet",
}
# The same for everybody: looked at once, as the first who logs in.
OWN_ACCOUNT = ("account_", "mfa_")
FIRST = "amal@klankendam.example"
# What stands beside a page, where a link leads only sometimes.
BESIDE = {"conversation": "resident", "dossier": "sharper"}
# The button of a page that shows another one, and the name of that.
SHOWN_BY_A_BUTTON = {"dossier-finds": ("form[action$='/source'] button", "dossier-source")}
# These say that something is not there.
NOT_THERE = {"404", "join"}


def pages() -> set[str]:
    """The names of all addresses that show a page by themselves, or by a button."""
    shown = {str(pattern.name) for pattern in FOUND.values() if methods(pattern.callback) != ["POST"]}
    return shown - set(NOT_PAGES) | {name for _button, name in SHOWN_BY_A_BUTTON.values()}


def methods(view: Any) -> list[str] | None:
    """What ``require_http_methods`` lets through, under whatever else is around the view; None: it is not there."""
    while view is not None:
        if inspect.isfunction(view):
            found = inspect.getclosurevars(view).nonlocals.get("request_method_list")
            if found:
                return list(found)
        view = getattr(view, "__wrapped__", None)
    return None


def name_of(address: str) -> str:
    """The name of the address in ``urls.py``: pages with the same name are looked at once."""
    try:
        return resolve(urlsplit(address).path).view_name
    except Resolver404:
        return "404"


def onwards(page: Page) -> list[str]:
    """Where one can go from this page, inside the house."""
    found: list[str] = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
    here = urlsplit(page.url)
    beside = BESIDE.get(name_of(page.url))
    more = [urljoin(f"{page.url.split('?')[0].rstrip('/')}/", beside)] if beside else []
    return [link for link in found if urlsplit(link).netloc == here.netloc and "download" not in link] + more


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


def test_every_page_of_the_house_is_looked_at() -> None:
    met = set[str]().union(*(wanted for _begin, wanted in WALKS.values()))
    assert met | set(ELSEWHERE) == pages() | {"404"}
    assert not met & set(ELSEWHERE)
    assert not set(NOT_PAGES) - {pattern.name for pattern in FOUND.values()}
    for test in set(ELSEWHERE.values()):
        looks = (Path(__file__).parent / test).read_text(encoding="utf-8")
        assert any(way in looks for way in ("axe(", "is_well(", "faults_without_scripts(")), test


@pytest.mark.parametrize("email", WALKS, ids=lambda email: email.partition("@")[0] or "nobody")
def test_every_page_that_links_lead_to_is_without_faults(visitor: Visitor, email: str) -> None:
    begin, wanted = WALKS[email]
    who = email.partition("@")[0] or "nobody"
    page = visitor.page()
    if email:
        visitor.log_in(page, email)
    met: set[str] = set()
    tried: set[str] = set()
    found: list[str] = []
    waiting = [visitor.address + address for address in begin]
    while waiting:
        address = waiting.pop(0)
        name = name_of(address)
        if name in met | tried | set(NOT_PAGES) or (email not in ("", FIRST) and name.startswith(OWN_ACCOUNT)):
            continue
        tried.add(name)
        answer = page.goto(address)
        # some addresses only lead on
        name = name_of(page.url)
        if name in met:
            continue
        if answer and not answer.ok and name not in NOT_THERE:
            # the residents' side of a conversation is only there for who has a place at the desk
            found += [f"{name}: {answer.status}"] if name != "resident" else []
            continue
        met.add(name)
        found += faults(page, f"{who}-{name}")
        waiting += onwards(page)
        if name in SHOWN_BY_A_BUTTON:
            button, shown = SHOWN_BY_A_BUTTON[name]
            page.locator(button).first.click()
            page.wait_for_url("**/source")
            assert name_of(page.url) == shown
            met.add(shown)
            found += faults(page, f"{who}-{shown}")
    # The browser reports the page that is not there; that one was asked for.
    visitor.complaints[:] = [line for line in visitor.complaints if "404" not in line]
    assert not found, "\n".join(found)
    assert wanted <= met, f"never met: {wanted - met}; met: {met}"
