"""A newspaper's website for the conformance suite, with every fault that its feed can have."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from klankbord.base.outside.http import Limits
from klankbord.base.tests.fault_server import Script, raw, reply
from klankbord.channels.contract import Connector, Json
from klankbord.channels.feed import channel
from klankbord.channels.feed.channel import LARGEST_FEED, NewsFeed
from klankbord.channels.feed.tests.newsstand import Newsstand, Story
from tests.conformance.adapter import FAULTS, OUT, Adapter

IMPATIENT = Limits(connect=1, read=1, total=1.5, size=LARGEST_FEED)


class Network(Adapter):
    connector: ClassVar[type[Connector]] = NewsFeed
    exempt: ClassVar[dict[tuple[str, str], str]] = {
        (OUT, fault.name): "nobody can answer a feed" for fault in FAULTS if fault.going_out
    }

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        super().__init__(folder, monkeypatch)
        monkeypatch.setattr(channel, "PATIENCE", IMPATIENT)
        self.stand = Newsstand()
        self.stand.__enter__()

    def __exit__(self, *_problem: object) -> None:
        self.stand.__exit__()

    @property
    def settings(self) -> Json:
        return {"url": self.stand.url}

    def say(self, text: str) -> None:
        at = datetime.now(UTC) + timedelta(days=self.fault == "clock skew")
        number = len(self.stand.stories)
        # it is about us by its article only: so the article has to arrive as well
        self.stand.stories.append(Story(text, "", f"In Klankendam: {text}.", at, id=f"n{number}"))
        self.fault_changed()

    def fault_changed(self) -> None:
        self.stand.faults.pop("/rss", None)
        script = self._faulty()
        if script:
            self.stand.faults["/rss"] = script

    def received(self) -> list[str]:
        return []

    def _faulty(self) -> Script | None:
        match self.fault:
            case "duplicate":
                return reply(200, self.stand.rss([*self.stand.stories, *self.stand.stories]))
            case "reorder":
                return reply(200, self.stand.rss(self.stand.stories[::-1]))
            case "lost acknowledgement":
                return raw()
            case "429":
                return reply(429, b"te vaak", Retry_After="1")
            case "5xx":
                return reply(503, b"storing")
            case "slow":
                return lambda _connection, _request: time.sleep(2)
            case "truncated":
                body = self.stand.rss(self.stand.stories)
                head = f"HTTP/1.1 200 Exercise\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                return raw(head + body[: len(body) // 2])
            case "clock skew":
                date = (datetime.now(UTC) + timedelta(days=1)).strftime("%a, %d %b %Y %H:%M:%S GMT")
                return reply(200, self.stand.rss(self.stand.stories), Date=date)
            case "huge":
                return reply(200, self.stand.rss(self.stand.stories) + b" " * LARGEST_FEED)
            case "hostile":
                return reply(200, b'<html><script>alert("oefening")</script>' + b"\x00\xff" * 50)
        return None
