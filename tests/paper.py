"""A connector for tests: messages as JSON on paper, and an outside that can be told to fail."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.utils import timezone

from klankbord.channels.contract import (
    AuthorData,
    Batch,
    Connector,
    Envelope,
    Event,
    Json,
    MediaLimits,
    Outgoing,
    PostArrived,
    PostDeleted,
    Receipt,
    Unparseable,
    Visibility,
)


class Paper(Connector):
    """Reads what tests wrote; what it sends lands in ``sent`` unless ``weather`` says otherwise."""

    kind = "paper"
    label = "Paper"
    open_to_all = True
    max_length = 500
    can_reread = True
    visibilities = tuple(Visibility)
    media_limits = MediaLimits(count=1, bytes=1000, types=("image/png", "text/plain"))

    tray: ClassVar[list[Envelope]] = []
    sent: ClassVar[list[Outgoing]] = []
    weather: ClassVar[list[Callable[[Outgoing], None]]] = []
    found: ClassVar[Callable[[Outgoing], Receipt | None] | None] = None

    @classmethod
    def address(cls, settings: Json) -> str:
        return str(settings["address"])

    def check(self) -> str:
        return "papier"

    def fetch(self, cursor: Json) -> Batch:
        done = int(cursor.get("done", 0))
        return Batch(envelopes=list(Paper.tray[done:]), cursor={"done": len(Paper.tray)})

    def reread(self, known: Sequence[tuple[str, Json]]) -> list[Envelope]:
        uris = {uri for uri, _ in known}
        return [one for one in Paper.tray if json.loads(one.body)["uri"] in uris]

    def parse(self, body: bytes) -> list[Event]:
        try:
            sheet = json.loads(body)
        except ValueError as problem:
            raise Unparseable("Dit is geen papier.") from problem
        at = datetime.fromisoformat(sheet.pop("at"))
        if sheet.pop("deleted", False):
            return [PostDeleted(sheet["uri"], at)]
        author = AuthorData(**sheet.pop("author"))
        visibility = Visibility(sheet.pop("visibility", "public"))
        return [PostArrived(author=author, published_at=at, visibility=visibility, **sheet)]

    def send(self, outgoing: Outgoing) -> Receipt:
        for storm in Paper.weather[:1]:
            Paper.weather.pop(0)
            storm(outgoing)
        Paper.sent.append(outgoing)
        return Receipt(f"paper:{outgoing.client_id}", sent_at=timezone.now())

    def look_up(self, outgoing: Outgoing) -> Receipt | None:
        if Paper.found is not None:
            return Paper.found(outgoing)
        hit = next((one for one in Paper.sent if one.client_id == outgoing.client_id), None)
        return Receipt(f"paper:{hit.client_id}") if hit else None

    @classmethod
    def reset(cls) -> None:
        cls.tray, cls.sent, cls.weather, cls.found = [], [], [], None


def sheet(uri: str, text: str, **more: Any) -> bytes:
    """One message on paper."""
    author = {"network_id": "bewoner-1", "handle": "@bewoner", "name": "Bea Bewoner"}
    return json.dumps({"uri": uri, "text": text, "author": author, "at": timezone.now().isoformat()} | more).encode()


def envelope(uri: str, text: str, key: str = "", **more: Any) -> Envelope:
    return Envelope(key or uri, sheet(uri, text, **more))
