"""The other ways in: the contact form, a feed, calls and files of colleagues, an exercise. All made up.

Each has ``said``: every text that somebody meant to bring in, with True once the house said that it has it.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from itertools import count
from random import Random
from typing import Protocol

from klankbord.channels.feed.tests.newsstand import Newsstand, Story
from tests.kill.browser import Browser, Files, NoAnswer, field
from tests.kill.house import House
from tests.kill.residents import PIXEL

THANKED = 302
SLOWEST = 90.0
"""Seconds in which a house that was killed must be there again for somebody who presses again."""
READING = 3.2
"""Seconds that a person reads a page; what is quicker the form takes for a machine."""
SCENES = 60
SCENE_EVERY = 4
FASTEST = "600"


class Way(Protocol):
    kind: str
    said: dict[str, bool]

    def write(self, number: int) -> None: ...


def pressed(press: Callable[[], tuple[int, str, str]]) -> tuple[int, str, str]:
    """The answer to a press on a button, pressed again for as long as none comes."""
    deadline = time.monotonic() + SLOWEST
    while True:
        try:
            return press()
        except NoAnswer:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


class Visitor:
    """A resident at the contact form; behind the reverse proxy each message comes from another house."""

    kind = "form"

    def __init__(self, address: str, path: str, mailboxes: list[str], chance: Random) -> None:
        self.said: dict[str, bool] = {}
        self.mailboxes = mailboxes
        self.with_photo: set[str] = set()
        self.confirmed: dict[str, str] = {}
        """By reference: the text of which the page said that a confirmation goes out."""
        self._address, self._path, self._chance = address, path, chance
        self._visits = count(1)

    def write(self, number: int) -> None:
        visit = next(self._visits)
        browser = Browser(self._address, f"198.51.{visit // 250}.{visit % 250}")
        page = pressed(lambda: browser.call(self._path))[1]
        ticket = field(page, "ticket")
        text = f"Formulier {number} over de stoep (oefening)."
        mailbox = self._chance.choice([*self.mailboxes, ""])
        fields = {"ticket": ticket, "text": text, "subject": f"Stoep {number}", "email": mailbox}
        files: Files = {}
        if self._chance.random() < 0.3:
            files = {"photo": (f"stoep{number}.png", "image/png", PIXEL)}
            self.with_photo.add(text)
        time.sleep(READING)
        self.said[text] = False
        status, page, to = pressed(lambda: browser.call(self._path, fields, files))
        assert status == THANKED, page
        self.said[text] = True
        thanks = pressed(lambda: browser.call(to))[1]
        reference = re.search(r'public-reference">([^<]+)<', thanks)
        assert reference, thanks
        if "bevestiging per" in thanks:
            self.confirmed[reference[1]] = text


class Editor:
    """A newspaper that puts a story on its site now and then; its article, not its headline, is about the town."""

    kind = "feed"

    def __init__(self, stand: Newsstand, house: House) -> None:
        self.said: dict[str, bool] = {}
        self._stand, self._house = stand, house

    def write(self, number: int) -> None:
        text = f"Krantenbericht {number} (oefening)"
        self.said[text] = True
        self._stand.stories.append(Story(text, "", "In Klankendam werd gebouwd.", id=f"k{number}"))
        self._house.hurry("feed")


class Clerk:
    """A colleague who takes down calls, and brings in files with rows."""

    kind = "tip"

    def __init__(self, browser: Browser, chance: Random) -> None:
        self.said: dict[str, bool] = {}
        self._browser, self._chance = browser, chance

    def write(self, number: int) -> None:
        if self._chance.random() < 0.6:
            self._call(number)
        else:
            self._file(number)

    def _call(self, number: int) -> None:
        text = f"Telefoontje {number} over de heg (oefening)."
        page = pressed(lambda: self._browser.call("/take-in/"))[1]
        fields = {name: field(page, name) for name in ("csrfmiddlewaretoken", "channel", "mark")}
        fields |= {"text": text, "came_by": "phone", "name": "Jo (oefening)", "phone": f"06{number:08d}"}
        self._bring([text], "/take-in/", fields)

    def _file(self, number: int) -> None:
        texts = [f"Rij {number}-{row} van een lijst (oefening)." for row in range(1, 4)]
        table = "naam;bericht\n" + "".join(f"Bea;{text}\n" for text in texts)
        page = pressed(lambda: self._browser.call("/take-in/file"))[1]
        fields = {name: field(page, name) for name in ("csrfmiddlewaretoken", "channel")}
        files = {"file": (f"lijst{number}.csv", "text/csv", table.encode())}
        page = pressed(lambda: self._browser.call("/take-in/file", fields, files))[1]
        fields = {name: field(page, name) for name in ("csrfmiddlewaretoken", "channel", "content")}
        self._bring(texts, "/take-in/file", fields)

    def _bring(self, texts: list[str], path: str, fields: dict[str, str]) -> None:
        self.said |= dict.fromkeys(texts, False)
        status, page, _to = pressed(lambda: self._browser.call(path, fields))
        assert status == THANKED, page
        self.said |= dict.fromkeys(texts, True)


class Leader:
    """A coordinator who holds an exercise, pauses it now and then, and in the end lets it run out quickly."""

    kind = "exercise"

    def __init__(self, browser: Browser, chance: Random) -> None:
        self._browser, self._chance = browser, chance
        texts = [f"Oefenzin {number} over de brug (oefening)." for number in range(1, SCENES + 1)]
        self.said = dict.fromkeys(texts, True)
        self._page = ""

    def hold(self) -> None:
        rows = [
            {"id": f"r{number}", "network": "fediverse", "handle": f"@r{number}@elders.example", "name": "R",
             "text": text, "at_seconds": SCENE_EVERY * number}
            for number, text in enumerate(self.said, start=1)
        ]  # fmt: skip
        scenario = "".join(json.dumps(row) + "\n" for row in rows).encode()
        page = self._browser.call("/exercises/")[1]
        fields = {
            "csrfmiddlewaretoken": field(page, "csrfmiddlewaretoken"),
            "scenario": "own",
            "town": "",
            "speed": "1",
        }
        files = {"file": ("proef.jsonl", "application/json", scenario)}
        status, page, self._page = self._browser.call("/exercises/", fields, files)
        assert status == THANKED, page
        self._steer("start")

    def write(self, number: int) -> None:
        if number % 5 == 0:
            self._steer("pause")
            time.sleep(self._chance.uniform(0.5, 3))
            self._steer("start")

    def run_out(self) -> None:
        self._steer("start")
        self._steer("speed", speed=FASTEST)

    def _steer(self, what: str, **fields: str) -> None:
        page = pressed(lambda: self._browser.call(self._page))[1]
        token = {"csrfmiddlewaretoken": field(page, "csrfmiddlewaretoken")}
        status, page, _to = pressed(lambda: self._browser.call(f"{self._page}{what}", token | fields))
        assert status == THANKED, page
