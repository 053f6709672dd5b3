"""A server that speaks the whole Mastodon API (PyPI ``mastodon-mock``), with its faults, in a process of its own.

It lives in an environment of its own, since it brings another web stack along; ``KLANKBORD_MASTODON_MOCK`` names its
program. Residents use it with the plain requests below, never with our code.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from klankbord.base.tests.needs import need

Json = dict[str, Any]
TOWN, RESIDENT, JOURNALIST = "klankendam", "bea", "journalist"


class MastodonMock:
    """One server with a town, a resident and a journalist (exercise)."""

    def __init__(self, program: str, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        accounts = "".join(
            f'[[seed.accounts]]\nusername = "{name}"\naccess_token = "token-{name}"\n'
            for name in (TOWN, RESIDENT, JOURNALIST)
        )
        settings = folder / "mock.toml"
        settings.write_text(
            f'domain = "127.0.0.1:{self.port}"\nurl_scheme = "http"\n[streaming]\nheartbeat_seconds = 0.5\n{accounts}',
            encoding="utf-8",
        )
        self.log = (folder / "mock.log").open("wb")
        self.process = subprocess.Popen(
            [program, "serve", "--in-memory", "--config", str(settings), "--port", str(self.port)],
            cwd=folder,
            stdout=self.log,
            stderr=subprocess.STDOUT,
        )
        self._wait_until_up()

    def _wait_until_up(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                self.ask("GET", "/api/v1/instance")
                return
            except OSError:
                assert self.process.poll() is None, "mastodon-mock stopped at once; see its log"
                time.sleep(0.2)
        raise AssertionError("mastodon-mock does not answer")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(10)
        self.log.close()

    def ask(self, method: str, path: str, who: str = "", **fields: Any) -> Any:
        """One request of somebody else than us."""
        headers = {"Authorization": f"Bearer token-{who}"} if who else {}
        body = json.dumps(fields).encode() if fields else None
        if body:
            headers["Content-Type"] = "application/json"
        request = urllib.request.Request(self.url + path, body, headers, method=method)
        with urllib.request.urlopen(request, timeout=10) as answer:
            return json.loads(answer.read() or b"null")

    def says(self, who: str, text: str, visibility: str = "public", **more: Any) -> Json:
        """Somebody posts something."""
        found: Json = self.ask("POST", "/api/v1/statuses", who, status=text, visibility=visibility, **more)
        return found

    def said_by(self, who: str) -> list[Json]:
        """Everything somebody posted, as the server has it, oldest first."""
        me = self.ask("GET", "/api/v1/accounts/verify_credentials", who)
        found: list[Json] = self.ask("GET", f"/api/v1/accounts/{me['id']}/statuses?limit=40", who)
        return found[::-1]

    def goes_wrong(self, method: str, path: str, effect: str, count: int = 1, **more: Any) -> None:
        """The next ``count`` requests there meet this fault."""
        rule: dict[str, Any] = {
            "match": {"methods": [method], "path": path},
            "effect": {"type": effect, **more},
            "count": count,
        }
        self.ask("POST", "/api/v1/_mock/faults", **rule)

    def is_well_again(self) -> None:
        self.ask("DELETE", "/api/v1/_mock/faults")


@pytest.fixture(scope="module")
def running_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MastodonMock]:
    program = os.environ.get("KLANKBORD_MASTODON_MOCK", "")
    need(program and Path(program).is_file(), "mastodon-mock (its program in KLANKBORD_MASTODON_MOCK)")
    server = MastodonMock(program, tmp_path_factory.mktemp("mastodon-mock"))
    yield server
    server.stop()


@pytest.fixture
def mock(running_mock: MastodonMock, settings: Any) -> Iterator[MastodonMock]:
    """The server without faults, and our own HTTP layer allowed to reach it."""
    settings.OUTSIDE_ALLOWED_HOSTS = [f"127.0.0.1:{running_mock.port}"]
    running_mock.is_well_again()
    yield running_mock
    running_mock.is_well_again()
