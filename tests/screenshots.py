"""Pictures of every page, wide and on a phone, light and dark, with one page to look at them all:
``python -m tests.screenshots FOLDER``, or only the states with ``python -m tests.screenshots FOLDER states``.

It starts a house of its own with the demo, walks along the links as several people do, as ``test_pages_in_browser``
does, and then visits the states that no link leads to (``tests/states.py``), the last ones in a house that it fills up.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import django
from playwright.sync_api import Browser, Page, sync_playwright

from klankbord.base.postgres.cluster import OWNER, running_sockets, url
from klankbord.project.tests.running import Started

if TYPE_CHECKING:
    from tests.states import State

SIZES = {"1280": (1280, 800), "360": (360, 740)}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
STATES_ONLY = "states"
TALLEST = 4000  # pixels of a page that are drawn: a very full one goes on for ever


def take(page: Page, folder: Path, name: str) -> None:
    """Four pictures of the page that is open."""
    for width, (across, down) in SIZES.items():
        page.set_viewport_size({"width": across, "height": down})
        for scheme in SCHEMES:
            page.emulate_media(color_scheme=scheme)
            page.wait_for_timeout(150)  # a font or a live event may still be on its way
            tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
            page.screenshot(
                path=folder / f"{name}-{width}-{scheme}.png",
                full_page=True,
                clip={"x": 0, "y": 0, "width": across, "height": tall},
            )
        if not page.evaluate("document.documentElement.scrollWidth <= innerWidth"):
            print(f"{name}: wider than {width}", flush=True)
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


def visit(browser: Browser, address: str, folder: Path, states: Iterable[State]) -> Iterator[str]:
    """Every state once; the names of the pictures as they are made."""
    from tests.servers.browser import Visitor

    visitor = Visitor(browser, address)
    for state in states:
        page = state.reached_by(visitor)
        take(page, folder, state.name)
        yield state.name
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
    if not arguments or arguments[1:] not in ([], [STATES_ONLY]):
        print(__doc__)
        return 2
    folder = Path(arguments[0])
    folder.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    with tempfile.TemporaryDirectory(prefix="klankbord-pictures-") as place:
        data = Path(place) / "data"
        with Started(data, Path(place) / "log") as running:
            running.wait_until_up()
            os.environ["KLANKBORD_DATA"] = str(data)
            # as the owner of the tables, who alone can fill the house up
            sockets = running_sockets(data)
            assert sockets
            os.environ["DATABASE_URL"] = url(data, OWNER, sockets)
            os.environ["DJANGO_SETTINGS_MODULE"] = "klankbord.project.settings"
            django.setup()
            from tests.full_house import fill
            from tests.states import FULL, STATES

            address = f"http://localhost:{running.port}"
            with _chromium() as browser:
                if len(arguments) == 1:
                    names += _told(walk(browser, address, folder))
                names += _told(visit(browser, address, folder, STATES))
            # between two browsers: while one runs, its loop does not let the ORM work in this thread
            fill()
            with _chromium() as browser:
                names += _told(visit(browser, address, folder, FULL))
    (folder / "index.html").write_text(index(names), encoding="utf-8")
    print(folder / "index.html")
    return 0


@contextmanager
def _chromium() -> Iterator[Browser]:
    from tests.servers.browser import CHROMIUM, FLAGS

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def _told(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        print(name, flush=True)
        yield name


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
