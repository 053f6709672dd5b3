"""Nothing there yet, busy, gone wrong: each state says in a sentence what is going on, and has no faults itself."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Route, expect

from tests.servers.browser import Visitor, axe
from tests.states import AMAL, STATES, State, opened, without_worker

pytestmark = pytest.mark.browser

SAYS = {
    "empty-mine": "Pak een gesprek uit",
    "empty-found": "Probeer andere of minder woorden",
    "empty-closed": "Er is nog niets afgehandeld",
    "empty-without-desk": "bij jouw rol hoort geen plek aan de balie",
    "empty-neighbours": "Niemand deelt cijfers over “niets” met jou",
    "empty-privacy": "Dossiers voor openbare orde staan uit",
    "empty-person": "Vul eerst het adres van het account in",
    "empty-mandate": "Een andere organisatie in dit Klankbord moet eerst een team maken",
    "empty-log": "Kies andere dagen of een andere handeling",
    "empty-exercises": "Kies hieronder een scenario",
    "empty-groups": "Nog geen groep geeft hier een rol",
    "empty-calls": "Vraag je beheerder",
    "wrong-not-there": "verplaatst",
    "wrong-not-there-for-strangers": "Naar de startpagina",
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
    "wrong-invitation": "Nog niet alles is goed ingevuld",
    "wrong-dossier": "Dit haakje gaat open en niet meer dicht",
    "wrong-house-style": "Kies eerst het bestand met het logo",
    "busy": "Een ogenblik",
}


def test_every_state_has_its_sentence() -> None:
    assert set(SAYS) == {state.name for state in STATES}


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.name)
def test_a_state_says_what_is_going_on(visitor: Visitor, state: State) -> None:
    visitor.refusals_expected = True
    page = state.reached_by(visitor)
    said = re.compile(re.escape(SAYS[state.name]), re.IGNORECASE)
    expect(page.locator("body")).to_contain_text(said, use_inner_text=True)
    assert axe(page) == []
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_how_an_act_ended_is_said_even_when_its_button_was_replaced_meanwhile(visitor: Visitor) -> None:
    visitor.refusals_expected = True
    page = visitor.log_in(visitor.page(), AMAL)
    without_worker(page)
    waiting: list[Route] = []
    page.route("**/assign", lambda route: waiting.append(route))
    page.goto("/desk/")
    opened(page)
    page.keyboard.press("a")
    expect(page.locator("#busy")).to_contain_text("Een ogenblik")
    page.evaluate(
        "() => { const head = document.getElementById('thread-head'); head.replaceWith(head.cloneNode(true)); }"
    )
    waiting[0].abort()
    expect(page.locator("#messages")).to_contain_text("geen verbinding met Klankbord")
    expect(page.locator("#busy")).to_be_empty()


def test_what_is_there_at_once_does_not_say_that_it_is_busy(visitor: Visitor) -> None:
    page = visitor.log_in(visitor.page(), AMAL)
    page.wait_for_selector("#queue-list .row")
    assert page.inner_text("#busy") == ""
