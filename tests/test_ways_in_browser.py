"""The ways in, in a real browser: an administrator opens them, a resident writes without scripts, the desk has it."""

from __future__ import annotations

import re
import time
from pathlib import Path

import pytest
from playwright.sync_api import Page

from klankbord.channels.mail.tests.faulty_smtp import FaultySmtp
from tests.servers.browser import Visitor, connect, shoot
from tests.test_pages_in_browser import faults

pytestmark = pytest.mark.browser
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)


def test_a_resident_writes_and_a_colleague_takes_a_call(visitor: Visitor, tmp_path: Path) -> None:
    found: list[str] = []
    with FaultySmtp() as smtp:
        admin = visitor.log_in(visitor.page(), "chantal@klankendam.example")
        connect(admin, "tip", "Telefoon en balie")
        connect(
            admin,
            "form",
            "Contactformulier",
            title="Stel uw vraag aan Klankendam",
            intro="Dit is een oefening. Hebt u een vraag of ziet u iets dat stuk is? Schrijf het ons.\n\n"
            "Spoed? Bel 112. Liever bellen? Bel 14 000 op werkdagen van 9 tot 17 uur.",
            answer_days="2",
            address="webcare@klankendam.example",
            smtp_host="127.0.0.1",
            smtp_port=str(smtp.port),
            smtp_security="none",
        )
        found += faults(admin, "ways-channel")
        where = admin.locator("dd a").get_attribute("href")

        resident = visitor.page(scripts=False)
        resident.goto(f"{where}?lang=nl")
        found += faults_without_scripts(resident, visitor, f"{where}?lang=nl", "ways-form")
        photo = tmp_path / "lantaarn.png"
        photo.write_bytes(PNG)
        resident.fill("[name=text]", "De lantaarn bij de speeltuin is stuk.")
        resident.fill("[name=email]", "geen adres")
        time.sleep(3)
        resident.click("main button[type=submit]")
        resident.wait_for_selector("#wrong")
        assert resident.input_value("[name=text]") == "De lantaarn bij de speeltuin is stuk."
        shoot(resident, "ways-form-error")
        resident.fill("[name=email]", "bea@bewoner.example")
        resident.fill("[name=name]", "Bea Bewoner")
        resident.set_input_files("[name=photo]", [str(photo), str(photo)])
        resident.fill("[name=photo_text]", "Een lantaarnpaal zonder lamp")
        resident.click("main button[type=submit]")
        resident.wait_for_selector(".public-reference")
        reference = resident.inner_text(".public-reference")
        found += faults_without_scripts(resident, visitor, resident.url, "ways-thanks")

        amal = visitor.log_in(visitor.page(), "amal@klankendam.example")
        deadline = time.monotonic() + 90
        while not amal.locator("#queue-list", has_text="Bea Bewoner").count() and time.monotonic() < deadline:
            time.sleep(0.5)
            amal.goto("/desk/")
        # the list may be drawn anew at any moment, so its link is followed and not clicked
        row = amal.locator("#queue-list li", has_text="Bea Bewoner").locator("a").first
        amal.goto(str(row.get_attribute("href")))
        amal.wait_for_selector("#posts")
        assert reference in amal.inner_text("#posts")
        assert amal.locator("#posts img[alt='Een lantaarnpaal zonder lamp']").count() == 2
        shoot(amal, "ways-desk")

        amal.goto("/take-in/")
        found += faults(amal, "ways-call")
        amal.fill("[name=text]", "De container zit vol.")
        amal.fill("[name=name]", "Jo Beller")
        amal.fill("[name=phone]", "06-12345678")
        amal.click("main button[type=submit]")
        amal.wait_for_url(re.compile(r"/desk/\d+"))
        assert "Jo Beller" in amal.inner_text("#thread")
        found += faults(amal, "ways-call-desk")

        rows = tmp_path / "lijst.csv"
        rows.write_text("naam;bericht;wijk\nKim;De put stinkt;Noord\nSam;De stoep ligt los;Zuid\n", encoding="utf-8")
        amal.goto("/take-in/file")
        found += faults(amal, "ways-file")
        amal.set_input_files("[name=file]", str(rows))
        amal.click("main button[type=submit]")
        amal.wait_for_selector("table")
        found += faults(amal, "ways-preview")
        amal.click("main .kb-actions button[type=submit]")
        amal.wait_for_url(re.compile(r"/desk/$"))
        deadline = time.monotonic() + 90
        while not smtp.taken and time.monotonic() < deadline:
            time.sleep(0.2)
        assert reference.encode() in smtp.taken[0]
    # the browser reports the refusal; that one was asked for
    visitor.complaints[:] = [line for line in visitor.complaints if "422" not in line]
    assert not found, "\n".join(found)


def faults_without_scripts(page: Page, visitor: Visitor, address: str, name: str) -> list[str]:
    """axe is a script itself: it looks at the same page in another window."""
    shoot(page, f"{name}-without-scripts")
    looking = visitor.page()
    looking.goto(address)
    return faults(looking, name)


def test_a_newcomer_writes_to_the_demo_and_reads_the_answer(visitor: Visitor) -> None:
    newcomer = visitor.page(scripts=False)
    newcomer.goto("/accounts/login/")
    newcomer.click("main a[href^='/contact/']")
    newcomer.wait_for_selector("[name=text]")
    newcomer.fill("[name=text]", "Mag ik op het strandje vliegeren?")
    time.sleep(3)
    newcomer.click("main button[type=submit]")
    newcomer.wait_for_selector(".public-reference")
    amal = visitor.log_in(visitor.page(), "amal@klankendam.example")
    row = amal.locator("#queue-list li", has_text="Sam de Vries").locator("a").first
    row.wait_for()
    amal.goto(str(row.get_attribute("href")))
    amal.fill("#reply-text", "Ja hoor, dat mag.")
    amal.click(".composer__form--reply button[type=submit].nl-button--primary")
    deadline = time.monotonic() + 180
    while not newcomer.locator(".public-answer", has_text="Ja hoor, dat mag.").count() and time.monotonic() < deadline:
        time.sleep(1)
        newcomer.reload()
    assert newcomer.locator(".public-answer", has_text="Ja hoor, dat mag.").count() == 1
    found = faults_without_scripts(newcomer, visitor, newcomer.url, "ways-demo-thanks")
    assert not found, "\n".join(found)
