"""Ways in at our own door: a page of the house that somebody fills in, with everything that can go wrong meanwhile."""

from __future__ import annotations

import asyncio
import html
import re
from abc import abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlencode

from asgiref.sync import async_to_sync
from django.test import Client

from klankbord.channels.models import Channel
from klankbord.project.asgi import application
from tests.cast import Cast
from tests.conformance.adapter import STOPPING, Adapter
from tests.failpoints import breaking_at, lose_the_database

PIECES = 20
TOO_LONG = 20_000  # characters
THANKED = 302


class DoorAdapter(Adapter):
    """Nothing is fetched: people press a button, and press it again on the same page when they get no thanks."""

    stopped_by: ClassVar[frozenset[str]] = STOPPING - {"slow"}

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        super().__init__(folder, monkeypatch)
        self.client = Client(raise_request_exception=False)
        self.pages: dict[str, dict[str, str]] = {}
        self.unthanked: list[str] = []
        self.open_still: list[str] = []

    def connected(self, cast: Cast, channel: Channel) -> None:
        self.cast, self.channel = cast, channel

    @property
    @abstractmethod
    def path(self) -> str:
        """Where the page is."""

    @abstractmethod
    def fill_in(self, text: str) -> dict[str, str]:
        """What somebody types on a page that is empty."""

    @property
    @abstractmethod
    def nonsense(self) -> dict[str, str]:
        """What a machine sends that never saw the page."""

    def say(self, text: str) -> None:
        self.unthanked.append(text)
        self.pages[text] = self._open() | self.fill_in(text)
        if self.fault == "reorder":
            self.unthanked.remove(text)
            self.open_still.append(text)
            return
        if self._press(self.pages[text]) == THANKED:
            self.unthanked.remove(text)

    def again(self) -> None:
        # the page that was opened first is sent last
        for text in (*self.unthanked, *reversed(self.open_still)):
            page = self.pages.get(text) or self._open() | self.fill_in(text)
            assert self._send(page) == THANKED, text
        self.unthanked, self.open_still = [], []

    def stopped(self, failing: bool) -> bool:
        assert not failing
        return bool(self.unthanked)

    def _open(self) -> dict[str, str]:
        """What a page carries along by itself."""
        shown = self.client.get(self.path).content.decode()
        fields = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', shown)
        assert fields, shown
        return {name: html.unescape(value) for name, value in fields}

    def _press(self, page: dict[str, str]) -> int:
        """The status that the one who pressed gets to see; 0: nothing came back."""
        match self.fault:
            case "duplicate":
                return max(self._send(page), self._send(page))
            case "lost acknowledgement":
                self._send(page)
                return 0
            case "5xx":
                with breaking_at(1, lose_the_database):
                    return self._send(page)
            case "slow":
                return self._over_a_bad_line(page, lasts=1.0)
            case "truncated":
                return self._over_a_bad_line(page, lasts=0.5)
            case "huge":
                return self._send(page | {"text": page["text"] * TOO_LONG})
            case "hostile":
                return self._send(page | self.nonsense)
        return self._send(page)

    def _send(self, page: dict[str, str]) -> int:
        return self.client.post(self.path, page).status_code

    def _over_a_bad_line(self, page: dict[str, str], lasts: float) -> int:
        """The form drips in, piece by piece, as long as the line lasts: 0.5 is half of it."""
        body = urlencode(page).encode()
        size = len(body) // PIECES + 1
        pieces = [body[start : start + size] for start in range(0, len(body), size)]
        arriving = pieces[: int(len(pieces) * lasts)]
        headers = {
            "host": "testserver",
            "content-type": "application/x-www-form-urlencoded",
            "content-length": str(len(body)),
            "cookie": "; ".join(f"{name}={one.value}" for name, one in self.client.cookies.items()),
        }
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "path": self.path,
            "query_string": b"",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "client": ("127.0.0.1", 1),
        }
        return async_to_sync(_talk)(scope, [(one, one is not pieces[-1]) for one in arriving], lasts < 1)


async def _talk(scope: dict[str, Any], arriving: list[tuple[bytes, bool]], breaks_off: bool) -> int:
    """One request to the house as the web server hands it over; the status, or 0 when there was no answer."""
    status = 0

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(0.005)
        if arriving:
            piece, more = arriving.pop(0)
            return {"type": "http.request", "body": piece, "more_body": more}
        if not breaks_off:
            # whoever waits for an answer stays on the line
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        nonlocal status
        status = message.get("status", status)

    talk: Callable[..., Any] = application
    await talk(scope, receive, send)
    return status
