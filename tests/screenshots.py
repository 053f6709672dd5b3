"""Pictures of every page, wide and on a phone, light and dark, with one page to look at them all:
``python -m tests.screenshots FOLDER``.

It starts a house of its own with the demo, walks along the links as several people do, as ``test_pages_in_browser``
does, and then visits the states that no link leads to: nothing found, an empty list, a page that is not there.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Literal

import django
from playwright.sync_api import Browser, Page, sync_playwright

from klankbord.project.tests.running import Started

SIZES = {"1280": (1280, 800), "360": (360, 740)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
AMAL, CHANTAL, GIJS = "amal@klankendam.example", "chantal@klankendam.example", "gijs@klankendam.example"
# Who, where, and the name of the picture.
STATES = (
    (AMAL, "/desk/?q=eenhoornfontein", "state-nothing-found"),
    (AMAL, "/desk/?q=brug", "state-found"),
    (GIJS, "/desk/?view=mine", "state-empty-list"),
    (AMAL, "/desk/?view=all", "state-full-list"),
    (AMAL, "/niets/", "state-not-there"),
    (AMAL, "/offline", "state-no-connection"),
    ("koos@stilbroek.example", "/", "state-small-town"),
    ("eva@zwijgerswaard.example", "/desk/", "state-alone"),
    ("daan@luisterveen.example", "/desk/", "state-without-a-desk"),
)


def take(page: Page, folder: Path, name: str) -> None:
    """Four pictures of the page that is open."""
    for width, (across, down) in SIZES.items():
        page.set_viewport_size({"width": across, "height": down})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(150)  # a font or a live event may still be on its way
            page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)
    page.set_viewport_size({"width": 1280, "height": 800})


def walk(browser: Browser, address: str, folder: Path) -> Iterator[str]:
    """Every page once; the names of the pictures as they are made."""
    # only now: addresses can be read once the settings know which folder to use
    from tests.servers.browser import Visitor
    from tests.test_pages_in_browser import FIRST, NOT_PAGES, OWN_ACCOUNT, WALKS, name_of, onwards

    visitor = Visitor(browser, address)
    for email, (begin, _wanted) in WALKS.items():
        page = visitor.page()
        if email:
            visitor.log_in(page, email)
        met: set[str] = set()
        waiting = [address + first for first in begin]
        while waiting:
            there = waiting.pop(0)
            kind = name_of(there)
            if kind in met or kind in NOT_PAGES or (email not in ("", FIRST) and kind.startswith(OWN_ACCOUNT)):
                continue
            met.add(kind)
            page.goto(there)
            name = f"{email.partition('@')[0] or 'nobody'}-{kind}"
            take(page, folder, name)
            yield name
            waiting += onwards(page)
        page.context.close()
    for email, there, name in STATES:
        page = visitor.log_in(visitor.page(), email)
        page.goto(there)
        take(page, folder, name)
        yield name
        page.context.close()


def index(names: list[str]) -> str:
    """The page that shows them all."""
    parts = ["<!doctype html>", '<html lang="en">', '<meta charset="utf-8">', "<title>Klankbord, every page</title>"]
    for name in names:
        parts.append(f"<h2>{escape(name)}</h2>")
        for width in SIZES:
            for scheme in SCHEMES:
                file = f"{name}-{width}-{scheme}.png"
                shown = 480 if width == "1280" else 160
                parts.append(
                    f'<a href="{escape(file)}"><img src="{escape(file)}" alt="{width} {scheme}" width="{shown}"></a>'
                )
    return "\n".join(parts) + "\n"


def main(arguments: list[str]) -> int:
    """Makes the pictures; 2 without a folder to put them in."""
    if len(arguments) != 1:
        print(__doc__)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="klankbord-pictures-") as place:
        data = Path(place) / "data"
        with Started(data, Path(place) / "log") as running:
            running.wait_until_up()
            os.environ["KLANKBORD_DATA"] = str(data)
            os.environ["DJANGO_SETTINGS_MODULE"] = "klankbord.project.settings"
            django.setup()
            names = []
            with sync_playwright() as playwright:
                from tests.servers.browser import CHROMIUM, FLAGS

                browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
                for name in walk(browser, f"http://localhost:{running.port}", folder):
                    print(name, flush=True)
                    names.append(name)
                browser.close()
    (folder / "index.html").write_text(index(names), encoding="utf-8")
    print(folder / "index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
