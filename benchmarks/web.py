"""A real web server, and colleagues who are logged in at it."""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Desk:
    """A colleague with an open session at the web server."""

    def __init__(self, port: int, cookie: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port)
        self.headers = {"Cookie": f"sessionid={cookie}"}

    def get(self, address: str) -> str:
        self.connection.request("GET", address, headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read().decode()
        if answer.status != 200:
            print(f"{address}: {answer.status}")
        return body


@contextmanager
def web_server(pool: int = 10) -> Iterator[tuple[int, int]]:
    """``klankbord web`` on a free port: the port and the process."""
    from klankbord.project.commands.parts import listen_on

    with listen_on("127.0.0.1", 0) as listening:
        port = int(listening.getsockname()[1])
        process = subprocess.Popen(
            [sys.executable, "-m", "klankbord.project.command", "web", "--fd", str(listening.fileno())],
            env={**os.environ, "KLANKBORD_POOL_SIZE": str(pool)},
            pass_fds=[listening.fileno()],
        )
        try:
            wait_until_up(port)
            yield port, process.pid
        finally:
            process.terminate()
            process.wait(20)


def wait_until_up(port: int) -> None:
    for _ in range(200):
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/accounts/login/")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the web server did not come up")


def log_in(user_id: int) -> str:
    """A session as after a log-in; its key."""
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

    from klankbord.tenancy.models import User
    from klankbord.tenancy.sessions import SessionStore

    user = User.objects.get(pk=user_id)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "allauth.account.auth_backends.AuthenticationBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    assert session.session_key is not None
    return session.session_key
