"""Nothing there yet, busy, gone wrong: each state says in a sentence what is going on, and has no faults itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.servers.browser import Visitor, axe
from tests.states import STATES, State

pytestmark = pytest.mark.browser
SOON = 20_000  # milliseconds: more than a busy machine needs

SAYS = {
    "empty-mine": "Pak een gesprek uit",
    "empty-found": "Probeer andere of minder woorden",
    "empty-log": "Kies andere dagen of een andere handeling",
    "empty-exercises": "Kies hieronder een scenario",
    "empty-groups": "Nog geen groep geeft hier een rol",
    "empty-calls": "Vraag je beheerder",
    "wrong-not-there": "verplaatst",
    "wrong-may-not": "Vraag het je beheerder",
    "wrong-form-expired": "laad de pagina opnieuw",
    "wrong-not-understood": "laad de pagina opnieuw",
    "wrong-too-fast": "Wacht een paar minuten",
    "wrong-our-fault": "Probeer het over een minuut opnieuw",
    "wrong-no-connection": "Opnieuw proberen",
    "wrong-log-in-first": "Log in om verder te gaan waar je was",
    "wrong-stream-gone": "De live verbinding is weg",
    "wrong-logged-out": "Je bent uitgelogd",
    "wrong-act-our-fault": "Er ging bij ons iets mis",
    "wrong-act-may-not": "Je mag dit niet (meer) doen",
    "wrong-act-gone": "Dit is er niet meer",
    "wrong-act-no-connection": "geen verbinding met Klankbord",
    "busy": "Een ogenblik",
}


@pytest.mark.parametrize("state", [state for state in STATES if state.name in SAYS], ids=lambda state: state.name)
def test_a_state_says_what_is_going_on(visitor: Visitor, state: State) -> None:
    visitor.refusals_expected = True
    page = state.reached_by(visitor)
    said = re.compile(re.escape(SAYS[state.name]), re.IGNORECASE)
    expect(page.locator("body")).to_contain_text(said, use_inner_text=True, timeout=SOON)
    assert axe(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_what_is_there_at_once_does_not_say_that_it_is_busy(visitor: Visitor) -> None:
    page = visitor.log_in(visitor.page(), "amal@klankendam.example")
    page.wait_for_selector("#queue-list .row")
    assert page.inner_text("#busy") == ""
