"""A newspaper's website on loopback: its feed, its articles and its robots.txt, going wrong where it is told to."""

from __future__ import annotations

import hashlib
import socket
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from html import escape

from klankbord.base.tests.fault_server import FaultServer, Script, reply

ARTICLE = """<!doctype html><html><head><title>Krant</title></head><body><nav>Menu Abonneren Sport</nav>
<article><h1>{title}</h1><p>{text}</p><p>De bewoners van de Dorpsstraat vergaderden gisteren in het dorpshuis over de
plannen. De wethouder luisterde en beloofde binnen een maand met een antwoord te komen. (Alles is verzonnen.)</p>
</article><footer>Cookies Colofon</footer></body></html>"""


@dataclass
class Story:
    title: str
    summary: str = ""
    article: str = ""
    published: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(minutes=5))
    id: str = ""
    link: str = ""


class Newsstand:
    """Serves ``stories`` as RSS at ``/rss``; ``faults`` replaces what stands at a path."""

    def __init__(self, *stories: Story) -> None:
        self.stories = list(stories)
        self.faults: dict[str, Script] = {"/robots.txt": reply(404, b"")}
        self.asked: list[str] = []

    def __enter__(self) -> Newsstand:
        self.server = FaultServer(self._serve).__enter__()
        return self

    def __exit__(self, *problem: object) -> None:
        self.server.__exit__(None, None, None)

    @property
    def url(self) -> str:
        return f"{self.server.url}/rss"

    @property
    def place(self) -> str:
        return f"127.0.0.1:{self.server.port}"

    def rss(self, stories: list[Story] | None = None) -> bytes:
        """The feed, of all stories or of these, in the order in which they are given."""
        listed = enumerate(self.stories if stories is None else stories)
        items = "".join(self._item(number, story) for number, story in listed)
        return f"""<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel>
            <title>De Klankbode (oefening)</title><link>{self.server.url}</link>{items}</channel></rss>""".encode()

    def _item(self, number: int, story: Story) -> str:
        link = story.link or f"{self.server.url}/{story.id or number}?utm_source=rss"
        return (
            f"<item><guid isPermaLink='false'>{story.id or number}</guid><link>{escape(link)}</link>"
            f"<title>{escape(story.title)}</title><description>{escape(story.summary)}</description>"
            f"<pubDate>{format_datetime(story.published)}</pubDate></item>"
        )

    def _serve(self, connection: socket.socket, request: bytes) -> None:
        path = request.split(b" ")[1].decode().partition("?")[0]
        self.asked.append(path)
        if path in self.faults:
            return self.faults[path](connection, request)
        if path == "/rss":
            return self._feed(connection, request)
        story = next((s for n, s in enumerate(self.stories) if path == f"/{s.id or n}"), None)
        page = ARTICLE.format(title=story.title, text=story.article) if story else ""
        kind = reply(200 if story else 404, page.encode(), Content_Type="text/html; charset=utf-8")
        return kind(connection, request)

    def _feed(self, connection: socket.socket, request: bytes) -> None:
        body = self.rss()
        etag = f'"{hashlib.sha256(body).hexdigest()[:12]}"'
        if f"if-none-match: {etag}".encode() in request.lower():
            return reply(304, b"", ETag=etag)(connection, request)
        return reply(200, body, ETag=etag, Content_Type="application/rss+xml")(connection, request)
