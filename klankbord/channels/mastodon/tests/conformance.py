"""A server that speaks the Mastodon API for the conformance suite, with every fault a server can have."""

from __future__ import annotations

import json
import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from klankbord.base.outside.http import Limits
from klankbord.base.tests.fault_server import FaultServer, raw, reply
from klankbord.channels.contract import Connector, Json
from klankbord.channels.mastodon import client
from klankbord.channels.mastodon.channel import Mastodon
from tests.conformance.adapter import Adapter

US: Json = {
    "id": "1",
    "uri": "https://social.klankendam.example/users/gemeente",
    "url": "https://social.klankendam.example/@gemeente",
    "username": "gemeente",
    "acct": "gemeente",
}
RESIDENT: Json = {"id": "9", "uri": "https://elders.example/bewoner", "acct": "bewoner@elders.example"}
IMPATIENT = Limits(connect=1, read=1, total=1.5)
LARGER = 5_100_000  # bytes


class Network(Adapter):
    connector: ClassVar[type[Connector]] = Mastodon

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        super().__init__(folder, monkeypatch)
        monkeypatch.setattr(client, "READING", IMPATIENT)
        monkeypatch.setattr(client, "WRITING", IMPATIENT)
        self.listing: list[Json] = []
        self.posted: dict[str, Json] = {}
        self.server = FaultServer(self._serve)
        self.server.__enter__()

    def __exit__(self, *_problem: object) -> None:
        self.server.__exit__(None, None, None)

    @property
    def settings(self) -> Json:
        return {"server": self.server.url, "account": "gemeente"}

    @property
    def secrets(self) -> dict[str, str]:
        return {"token": "oefening"}

    @property
    def now(self) -> datetime:
        return datetime.now(UTC) + timedelta(days=self.fault == "clock skew")

    def say(self, text: str) -> None:
        number = str(100_000 + len(self.listing))
        made = self.now.isoformat()
        status = {
            "id": number,
            "uri": f"https://elders.example/{number}",
            "created_at": made,
            "account": RESIDENT,
            "content": f"<p>@gemeente {text}</p>",
            "visibility": "public",
            "mentions": [US],
        }
        self.listing.insert(0, {"id": number, "type": "mention", "created_at": made, "status": status})

    def received(self) -> list[str]:
        return [str(one["status"]).removeprefix("@bewoner@elders.example ") for one in self.posted.values()]

    def _serve(self, connection: socket.socket, request: bytes) -> None:
        head, _, body = request.partition(b"\r\n\r\n")
        lines = head.decode().split("\r\n")
        method, address, _version = lines[0].split(" ")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        refusals = {"429": reply(429, b'{"error": "te vaak"}', Retry_After="1"), "5xx": reply(503, b"storing")}
        if self.fault in refusals:
            refusals[self.fault](connection, request)
            return
        status, found = self._answer(method, urlsplit(address).path, parse_qs(urlsplit(address).query), headers, body)
        self._faulty(status, json.dumps(found).encode())(connection, request)

    def _faulty(self, status: int, body: bytes) -> Any:
        match self.fault:
            case "lost acknowledgement":
                return raw()
            case "slow":
                time.sleep(2)
                return raw()
            case "truncated":
                head = f"HTTP/1.1 {status} Exercise\r\nContent-Length: {len(body)}\r\n\r\n".encode()
                return raw(head + body[: len(body) // 2])
            case "huge":
                return reply(status, body + b" " * LARGER)
            case "hostile":
                return reply(200, b'<html><script>alert("oefening")</script>' + b"\x00\xff" * 50)
            case "clock skew":
                return reply(status, body, Date=self.now.strftime("%a, %d %b %Y %H:%M:%S GMT"))
        return reply(status, body)

    def _answer(self, method: str, path: str, asked: dict[str, list[str]], headers: Json, body: bytes) -> Any:
        match method, path.removeprefix("/api/v1/").split("/"):
            case "GET", ["accounts", "verify_credentials"]:
                return 200, US
            case "GET", ["instance"]:
                return 200, {"version": "4.4.1", "domain": "social.klankendam.example"}
            case "GET", ["notifications"]:
                return 200, self._notifications(asked)
            case "GET", ["accounts", "1", "statuses"]:
                return 200, [] if "max_id" in asked else self._own()
            case "GET", ["statuses", number, "context"]:
                below = [one for one in self._own() if one["in_reply_to_id"] == number]
                return 200, {"ancestors": [], "descendants": below}
            case "GET", ["statuses", number]:
                found = [one["status"] for one in self.listing if one["id"] == number]
                return (200, found[0]) if found else (404, {})
            case "POST", ["statuses"]:
                return 200, self._post(headers["idempotency-key"], json.loads(body))
        return 404, {}

    def _notifications(self, asked: dict[str, list[str]]) -> list[Json]:
        items = self.listing
        if "max_id" in asked:
            items = [one for one in items if one["id"] < asked["max_id"][0]]
        if "min_id" in asked:
            items = [one for one in items if one["id"] > asked["min_id"][0]]
        items = items[:40]
        if self.fault == "duplicate":
            return [one for one in items for _twice in range(2)]
        return items[::-1] if self.fault == "reorder" else items

    def _post(self, key: str, payload: Json) -> Json:
        # Mastodon remembers a key for an hour
        self.posted.setdefault(key, payload | {"at": self.now.isoformat(), "id": f"9{len(self.posted)}"})
        return self._own(key)[0]

    def _own(self, key: str = "") -> list[Json]:
        return [
            {
                "id": one["id"],
                "uri": f"https://social.klankendam.example/{one['id']}",
                "created_at": one["at"],
                "account": US,
                "content": one["status"],
                "in_reply_to_id": one["in_reply_to_id"],
                "visibility": one["visibility"],
            }
            for name, one in self.posted.items()
            if key in ("", name)
        ]
