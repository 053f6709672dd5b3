"""The session for libraries that bring requests along: their words, our guard."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from klankbord.base.outside import guarded_session
from klankbord.base.outside.http import Limits


class Echo(BaseHTTPRequestHandler):
    """Tells what it was asked."""

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        told = {
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "body": self.rfile.read(length).decode(),
        }
        body = json.dumps(told).encode()
        self.send_response(404 if "missing" in self.path else 200)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def echo(settings: Any) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        settings.OUTSIDE_ALLOWED_HOSTS = [f"127.0.0.1:{server.server_port}"]
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_question_and_a_form_arrive_as_the_library_meant_them(echo: str) -> None:
    with guarded_session.guarded_session() as session:
        asked = session.get(f"{echo}/a", params={"b": "c d"}, headers={"Authorization": "Bearer x"}).json()
        assert (asked["method"], asked["path"]) == ("GET", "/a?b=c+d")
        assert asked["headers"]["authorization"] == "Bearer x"
        sent = session.post(f"{echo}/token", data={"code": "é&=", "empty": ""}, auth=("wie", "geheim")).json()
        assert sent["headers"]["content-type"] == "application/x-www-form-urlencoded"
        assert sent["headers"]["authorization"].startswith("Basic ")
        assert sorted(sent["body"].split("&")) == ["code=%C3%A9%26%3D", "empty="]


def test_a_refusal_of_the_other_side_is_an_answer(echo: str) -> None:
    with guarded_session.guarded_session() as session:
        answer = session.get(f"{echo}/missing")
        assert answer.status_code == 404
        with pytest.raises(requests.HTTPError):
            answer.raise_for_status()


def test_a_private_address_is_refused_in_words_the_library_knows(echo: str, settings: Any) -> None:
    settings.OUTSIDE_ALLOWED_HOSTS = []
    with guarded_session.guarded_session() as session, pytest.raises(requests.ConnectionError, match="not a public"):
        session.get(f"{echo}/a")


def test_an_answer_that_is_too_large_is_refused(echo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guarded_session, "LIMITS", Limits(size=20))
    with guarded_session.guarded_session() as session, pytest.raises(requests.ConnectionError):
        session.get(f"{echo}/a")


def test_only_forms_go_out_like_this(echo: str) -> None:
    with guarded_session.guarded_session() as session, pytest.raises(TypeError):
        session.post(f"{echo}/a", data=iter([b"x"]))


def test_what_the_surroundings_say_about_proxies_does_not_count(echo: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with guarded_session.guarded_session() as session:
        assert session.get(f"{echo}/a").ok
