"""The pictures of the user guide, made from the demo: ``python -m tests.guide_pictures`` writes all of ``docs/images``,
with names behind it only those.

It starts a house of its own, does what a page of the guide is about, and keeps what is then on the screen as WebP; the
browser itself makes that out of the picture it took. ``tests/test_guide.py`` holds the guide to this list.
"""

from __future__ import annotations

import base64
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from klankbord.project.installation import CHECKOUT
from klankbord.project.tests.running import Started
from tests.servers.browser import CHROMIUM, FLAGS, Visitor

FOLDER = CHECKOUT / "docs/images"
AMAL, BRAM, CHANTAL = "amal@klankendam.example", "bram@klankendam.example", "chantal@klankendam.example"
QUERY = "Klankbrug BIJ/10 (dicht OF file OF omrijden) NIET film"
PHONE = (360, 740)
DESK = (1280, 800)


def nothing(_page: Page, _code: str) -> None:
    """The page is good as it opens."""


def conversation(page: Page, _code: str) -> None:
    """A thread that the team is busy with."""
    # the list may be drawn anew at any moment, so its link is followed and not clicked
    page.goto(str(page.locator("#queue-list li", has_text="Linda Bos").locator("a").first.get_attribute("href")))
    page.wait_for_selector("#posts")


def keys(page: Page, _code: str) -> None:
    page.keyboard.press("?")
    page.wait_for_timeout(300)


def organisation(page: Page, code: str) -> None:
    """The first step of the first day, with a place typed in."""
    page.fill("[name=code]", code)
    page.click("main form button[type=submit]")
    page.locator("#q").press_sequentially("sneek", delay=30)
    page.wait_for_selector(".kb-choice")


def query(page: Page, _code: str) -> None:
    page.fill("[name=name]", "Klankbrug (oefening)")
    page.fill("[name=query]", QUERY)
    page.wait_for_timeout(1500)  # the explanation comes after the last key


def dossier(page: Page, _code: str) -> None:
    page.locator("main a[href^='/dossiers/']", has_text="Storingen Klankbrug").first.click()
    page.wait_for_load_state()


def call(page: Page, _code: str) -> None:
    page.fill("[name=text]", "De container bij de Echolaan zit vol. Er staan zakken naast.")
    page.fill("[name=name]", "Jo Beller (oefening)")


def resident(page: Page, _code: str) -> None:
    """The page for residents, by the link on the first page."""
    page.click("main a[href^='/contact/']")
    page.wait_for_selector("form textarea")


def own_looks(page: Page, _code: str) -> None:
    page.set_input_files("[name=theme-light]", str(CHECKOUT / "docs/examples/house-style.tokens.json"))
    page.click("[value=theme]")
    page.wait_for_selector("[value=no-theme]")
    page.goto("/house-style/")


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture of the guide: who sees it, where, after doing what, in a window of which size."""

    name: str
    who: str
    address: str
    act: Callable[[Page, str], None] = nothing
    size: tuple[int, int] = (1000, 640)


# In this order: the looks come last, since every page after it would wear them.
PICTURES = (
    Picture("demo-inloggen", "", "/accounts/login/"),
    Picture("eerste-dag", "", "/first-day/", organisation),
    Picture("bureau", AMAL, "/desk/", conversation, DESK),
    Picture("bureau-telefoon", AMAL, "/desk/", conversation, PHONE),
    Picture("lijst-telefoon", AMAL, "/desk/", size=PHONE),
    Picture("zoeken", AMAL, "/desk/?q=klankbrug", size=DESK),
    Picture("toetsen", AMAL, "/desk/", keys, DESK),
    Picture("ingelogd", AMAL, "/me/logged-in"),
    Picture("twee-stappen", AMAL, "/accounts/2fa/"),
    Picture("dossiers", BRAM, "/dossiers/"),
    Picture("dossier", BRAM, "/dossiers/", dossier, (1000, 900)),
    Picture("zoekvraag", BRAM, "/dossiers/new", query, (1000, 900)),
    Picture("kanalen", CHANTAL, "/channels/", size=(1000, 900)),
    Picture("kanaal-e-mail", CHANTAL, "/channels/connect/mail", size=(1000, 900)),
    Picture("kanaal-fediverse", CHANTAL, "/channels/connect/mastodon"),
    Picture("kanaal-nieuws", CHANTAL, "/channels/connect/feed"),
    Picture("mensen", CHANTAL, "/people/", size=(1000, 800)),
    Picture("mandaten", CHANTAL, "/people/mandates"),
    Picture("logboek", CHANTAL, "/audit/"),
    Picture("oefening", CHANTAL, "/exercises/"),
    Picture("contactformulier", "", "/", resident, (800, 900)),
    Picture("telefoontje", AMAL, "/take-in/", call, (1000, 800)),
    Picture("huisstijl", CHANTAL, "/house-style/", own_looks),
)
TO_WEBP = """async ([shot, quality]) => {
  const picture = new Image();
  picture.src = "data:image/png;base64," + shot;
  await picture.decode();
  const canvas = document.createElement("canvas");
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext("2d").drawImage(picture, 0, 0);
  return canvas.toDataURL("image/webp", quality).split(",")[1];
}"""
QUALITY = 0.8


def draw(browser: Browser, visitor: Visitor, code: str, names: list[str]) -> None:
    """Each picture that is asked for, on a blank page made into WebP."""
    canvas = browser.new_page()
    pages: dict[str, Page] = {}
    for picture in PICTURES:
        if names and picture.name not in names:
            continue
        if picture.who not in pages:
            pages[picture.who] = visitor.page()
            if picture.who:
                visitor.log_in(pages[picture.who], picture.who)
        page, (width, height) = pages[picture.who], picture.size
        page.set_viewport_size({"width": width, "height": height})
        page.goto(picture.address)
        picture.act(page, code)
        page.wait_for_timeout(400)  # a font or a live event may still be on its way
        shot = base64.b64encode(page.screenshot()).decode()
        content = base64.b64decode(canvas.evaluate(TO_WEBP, [shot, QUALITY]))
        (FOLDER / f"{picture.name}.webp").write_bytes(content)
        print(f"{picture.name}.webp {len(content) // 1024} kB", flush=True)


def main(names: list[str]) -> int:
    """Makes pictures anew, and takes away those that are not in the list any more."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="klankbord-guide-") as place:
        with Started(Path(place) / "data", Path(place) / "log") as running:
            running.wait_until_up()
            code = re.search(r"([A-Z2-9]{4}-){3}[A-Z2-9]{4}", running.said)
            assert code, running.said
            time.sleep(20)  # the demo is at its liveliest in its first minute
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--lang=nl"])
                visitor = Visitor(browser, f"http://localhost:{running.port}")
                draw(browser, visitor, code[0], names)
                browser.close()
    wanted = {f"{picture.name}.webp" for picture in PICTURES}
    for old in FOLDER.iterdir():
        if old.name not in wanted:
            old.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
