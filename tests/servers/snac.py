"""Two real fediverse servers (snac2) on loopback addresses, and residents who use them without our code.

snac wants port 80, names that resolve and the plain ``http`` protocol for federation without certificates.
Several test sessions may run on one machine: each claims a slot of two addresses and two names.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self, TypeVar

Json = dict[str, Any]
T = TypeVar("T")

SLOTS = 8
HOSTS_FILE = Path("/etc/hosts")
PACKAGE = "Debian package snac2 (bookworm-backports, see .ci/install-snac)"


class SnacUnavailable(Exception):
    """The servers cannot run on this machine; the text says why."""


def eventually(probe: Callable[[], T], seconds: float = 120.0, pause: float = 0.2) -> T:
    """Repeat ``probe`` until it gives something true, and hand that over; ``AssertionError`` after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"still nothing after {seconds} seconds: {probe}")
        time.sleep(pause)


class SnacUser:
    """Somebody with an account on one of the servers, acting through the server's own interfaces."""

    def __init__(self, server: SnacServer, name: str, password: str) -> None:
        self.server = server
        self.name = name
        self.password = password
        self.handle = f"{name}@{server.host}"
        self.actor = f"{server.url}/{name}"
        self._token = ""

    @property
    def token(self) -> str:
        """An access token, made the way snac's own command-line clients get one."""
        if not self._token:
            form = urllib.parse.urlencode({"login": self.name, "passwd": self.password}).encode()
            self._token = self.server.call("POST", "/oauth/x-snac-get-token", form).decode().strip()
            if not re.fullmatch(r"[0-9a-f]+", self._token):
                raise AssertionError("snac gave a page instead of a token")
        return self._token

    def api(self, method: str, path: str, payload: Json | None = None) -> Any:
        """One call of the Mastodon API as this user; the decoded answer."""
        body = None if payload is None else json.dumps(payload).encode()
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        return json.loads(self.server.call(method, path, body, headers))

    def web(self, path: str, fields: dict[str, str]) -> None:
        """Post one of snac's own web forms as this user, who logs in with a password."""
        login = base64.b64encode(f"{self.name}:{self.password}".encode()).decode()
        form = urllib.parse.urlencode(fields).encode()
        self.server.call("POST", f"/{self.name}/{path}", form, {"Authorization": f"Basic {login}"})

    def post(
        self,
        text: str,
        *,
        reply_to: str = "",
        visibility: str = "public",
        warning: str = "",
        media: tuple[str, ...] = (),
    ) -> Json:
        """Say something; ``reply_to`` is the uri of a post this server has, ``media`` are ids from ``upload``."""
        payload: Json = {"status": text, "visibility": visibility, "media_ids": list(media)}
        if reply_to:
            payload["in_reply_to_id"] = self.status(reply_to)["id"]
        if warning:
            payload["spoiler_text"] = warning
        answer: Json = self.api("POST", "/api/v1/statuses", payload)
        return answer

    def upload(self, filename: str, content_type: str, content: bytes, alt_text: str) -> str:
        """Store a picture for the next post; its id."""
        edge = uuid.uuid4().hex
        parts = [
            f'--{edge}\r\nContent-Disposition: form-data; name="description"\r\n\r\n{alt_text}\r\n'.encode(),
            f'--{edge}\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
            f"Content-Type: {content_type}\r\n\r\n".encode(),
            content,
            f"\r\n--{edge}--\r\n".encode(),
        ]
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": f"multipart/form-data; boundary={edge}"}
        answer = json.loads(self.server.call("POST", "/api/v2/media", b"".join(parts), headers))
        return str(answer["id"])

    def edit(self, uri: str, text: str) -> Json:
        """Change an own post."""
        answer: Json = self.api("PUT", f"/api/v1/statuses/{self.status(uri)['id']}", {"status": text})
        return answer

    def delete(self, uri: str) -> None:
        """Take an own post away, on every server that has it."""
        self.web("admin/action", {"id": uri, "actor": self.actor, "action": "Delete"})

    def status(self, uri: str) -> Json:
        """A post by its uri, as this user's server shows it."""
        number = self.server.local_id(uri)
        answer: Json = self.api("GET", f"/api/v1/statuses/{number}")
        return answer


class SnacServer:
    """One server: its folder, its process, and what is really in its storage."""

    def __init__(self, folder: Path, host: str, address: str) -> None:
        self.folder = folder
        self.host = host
        self.address = address
        self.url = f"http://{host}"
        self.users: dict[str, SnacUser] = {}
        self._process: subprocess.Popen[bytes] | None = None

    def create(self) -> None:
        """Make the server's folder, with federation over plain http."""
        answers = f"{self.address}\n80\n{self.host}\n\n\n".encode()
        # A packaged snac may take the folder from here instead of from its argument.
        environment = {key: value for key, value in os.environ.items() if key != "SNAC_BASEDIR"}
        run = subprocess.run(["snac", "init", str(self.folder)], input=answers, capture_output=True, env=environment)
        path = self.folder / "server.json"
        if run.returncode != 0 or not path.exists():
            raise SnacUnavailable(f"snac init failed: {run.stderr.decode(errors='replace')[-300:]}")
        config = json.loads(path.read_text())
        config |= {"address": self.address, "port": 80, "host": self.host, "protocol": "http"}
        config |= {"disable_email_notifications": True, "disable_sandbox": True, "queue_retry_minutes": 1}
        path.write_text(json.dumps(config))

    def add_user(self, name: str) -> SnacUser:
        """A new account with a known password."""
        run = subprocess.run(["snac", "adduser", str(self.folder), name], capture_output=True, stdin=subprocess.DEVNULL)
        found = re.search(rb"User password is (\S+)", run.stdout)
        if not found:
            raise AssertionError(f"snac adduser failed: {run.stdout.decode(errors='replace')}")
        self.users[name] = SnacUser(self, name, found.group(1).decode())
        return self.users[name]

    def start(self) -> None:
        """Start the server and wait until it answers."""
        with (self.folder / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                ["snac", "httpd", str(self.folder)], stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        eventually(self._answers)

    def _answers(self) -> bool:
        if self._process is not None and self._process.poll() is not None:
            log = (self.folder / "server.log").read_text(errors="replace")
            raise SnacUnavailable(f"snac stopped at once: {log[-300:]}")
        try:
            return bool(self.call("GET", "/api/v1/instance"))
        except (OSError, http.client.HTTPException):
            return False

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process, for tests that stop or pause it themselves."""
        if self._process is None:
            raise AssertionError("the server is not running")
        return self._process.pid

    def stop(self) -> None:
        """Stop in order, or hard when that takes too long."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL: what a power cut does."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self._process.send_signal(how)
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(10)
        self._process = None

    def call(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> bytes:
        """One plain HTTP call, independent of the code under test."""
        request = urllib.request.Request(self.url + path, data=body, headers=headers or {}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _KeepRedirects())
        with opener.open(request, timeout=20) as answer:
            content: bytes = answer.read()
        return content

    def hurry(self) -> None:
        """Bring forward what waits in the queues because the other server was away: retries begin after a minute."""
        for pattern in ("queue/*.json", "user/*/queue/*.json"):
            for path in self.folder.glob(pattern):
                # the server may take it at this very moment
                with suppress(FileNotFoundError):
                    os.link(path, path.with_name(f"{time.time():.6f}.json"))
                    path.unlink()

    def waiting(self) -> int:
        """How many deliveries still wait in the queues."""
        return sum(1 for pattern in ("queue/*.json", "user/*/queue/*.json") for _path in self.folder.glob(pattern))

    # ---- counting at the source: straight from the server's own disk ----

    def objects(self) -> list[Json]:
        """Every note in the storage, own and received, each once."""
        found = {}
        for path in (self.folder / "object").glob("*/*.json"):
            try:
                thing = json.loads(path.read_text())
            except (OSError, ValueError):  # being written this moment
                continue
            if isinstance(thing, dict) and thing.get("type") == "Note":
                found[thing["id"]] = thing
        return sorted(found.values(), key=lambda note: str(note.get("published", "")))

    def statuses_of(self, user: SnacUser) -> list[Json]:
        """The notes this server has of one author, who may live on the other server."""
        return [note for note in self.objects() if note.get("attributedTo") == user.actor]

    def replies_to(self, uri: str) -> list[Json]:
        """The notes this server has that answer a post."""
        return [note for note in self.objects() if note.get("inReplyTo") == uri]

    def local_id(self, uri: str) -> str:
        """The id this server's Mastodon API understands for a post it has."""
        # Its API drops the first ten characters (a time) and takes the rest as the MD5 of the uri.
        return "0000000000" + hashlib.md5(uri.encode(), usedforsecurity=False).hexdigest()


class _KeepRedirects(urllib.request.HTTPRedirectHandler):
    """Web forms answer with a redirect to a page nobody needs here."""

    def redirect_request(self, *_: Any) -> None:
        return None

    def http_error_303(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp


@dataclass
class SnacServers:
    """Two servers that know each other by name; a context manager that leaves nothing behind but host names."""

    a: SnacServer
    b: SnacServer
    _folder: Path
    _claim: IO[str]

    @classmethod
    def prepare(cls) -> SnacServers:
        """Claim a free pair of addresses and make two fresh servers; ``SnacUnavailable`` tells what is missing."""
        if shutil.which("snac") is None:
            raise SnacUnavailable(f"snac is not installed: {PACKAGE}")
        slot, claim = _claim_slot()
        tail = str(slot) if slot else ""
        folder = Path(tempfile.mkdtemp(prefix="klankbord-snac-"))
        pair = []
        try:
            for letter, last in (("a", 11), ("b", 12)):
                host, address = f"snac-{letter}{tail}.test", f"127.0.{slot}.{last}"
                _name_resolves(host, address)
                server = SnacServer(folder / letter, host, address)
                server.create()
                pair.append(server)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            claim.close()
            raise
        return cls(pair[0], pair[1], folder, claim)

    def __enter__(self) -> Self:
        self.a.start()
        self.b.start()
        return self

    def revive(self) -> None:
        """Start again what a test killed."""
        for server in (self.a, self.b):
            if not server.running:
                server.start()

    def __exit__(self, *_: object) -> None:
        for server in (self.a, self.b):
            server.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._claim.close()


def _claim_slot() -> tuple[int, IO[str]]:
    """The first pair of addresses no other session holds and where port 80 may be opened."""
    reason = "all slots are taken"
    for slot in range(SLOTS):
        claim = (Path(tempfile.gettempdir()) / f"klankbord-snac-{slot}.lock").open("w")
        try:
            fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for last in (11, 12):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((f"127.0.{slot}.{last}", 80))
        except OSError as problem:
            reason = str(problem)
            claim.close()
            continue
        return slot, claim
    raise SnacUnavailable(f"no free loopback address with port 80: {reason}")


def _name_resolves(host: str, address: str) -> None:
    """See to it that the name leads to the address, with a line in the hosts file when allowed."""
    try:
        if socket.gethostbyname(host) == address:
            return
    except OSError:
        pass
    try:
        with HOSTS_FILE.open("r+") as hosts:
            fcntl.flock(hosts, fcntl.LOCK_EX)
            text = hosts.read()
            if not re.search(rf"^{re.escape(address)}\s.*\b{re.escape(host)}\b", text, re.MULTILINE):
                hosts.write(("" if text.endswith("\n") else "\n") + f"{address} {host}\n")
    except OSError as problem:
        raise SnacUnavailable(f"{host} does not resolve to {address} and the hosts file is closed: {problem}") from None
    if socket.gethostbyname(host) != address:
        raise SnacUnavailable(f"{host} does not resolve to {address}, even with a line in the hosts file")
