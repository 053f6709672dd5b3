"""Live events over real sockets: everybody who may know hears, nobody else does, and nobody holds the database."""

from __future__ import annotations

import http.client
import re
import selectors
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
import uvicorn
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from klankbord.base.realtime import Switchboard
from klankbord.channels.contract import Visibility
from klankbord.inbox.models import Conversation
from klankbord.inbox.views import live
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Mandate, Session, User
from tests.cast import Cast

Say = Callable[..., None]
POOL = 4
LONG = 30.0  # seconds: more than a slow machine needs
SILENCE = 0.4  # seconds in which nothing may come
EVENT = re.compile(rb'event: conversation\ndata: \{"id": (\d+)\}\n\n')


@dataclass
class House:
    """The real web server in a thread, on the database of the test."""

    port: int

    def cookie(self, user: User) -> str:
        client = Client()
        client.force_login(user)
        return client.cookies["sessionid"].value

    def get(self, address: str, cookie: str) -> int:
        asking = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LONG)
        asking.request("GET", address, headers={"Cookie": f"sessionid={cookie}"})
        status = asking.getresponse().status
        asking.close()
        return status


@dataclass
class Streams:
    """Open event streams, each with everything that came through it."""

    house: House
    came: dict[socket.socket, bytes] = field(default_factory=dict)
    ended: set[socket.socket] = field(default_factory=set)

    def open(self, user: User, cookie: str = "") -> socket.socket:
        stream = socket.create_connection(("127.0.0.1", self.house.port))
        cookie = cookie or self.house.cookie(user)
        stream.sendall(f"GET /desk/live HTTP/1.1\r\nHost: localhost\r\nCookie: sessionid={cookie}\r\n\r\n".encode())
        self.came[stream] = b""
        return stream

    def listen(self, seconds: float, until: Callable[[], bool] = lambda: False) -> bool:
        """Read what comes until it is enough; False when time was up."""
        deadline = time.monotonic() + seconds
        with selectors.DefaultSelector() as ready:
            for stream in self.came.keys() - self.ended:
                ready.register(stream, selectors.EVENT_READ)
            while not until():
                if time.monotonic() > deadline:
                    return False
                for key, _ in ready.select(0.05):
                    assert isinstance(key.fileobj, socket.socket)
                    piece = key.fileobj.recv(65536)
                    self.came[key.fileobj] += piece
                    if not piece:
                        self.ended.add(key.fileobj)
                        ready.unregister(key.fileobj)
        return True

    def all_open(self) -> None:
        assert self.listen(LONG, lambda: all(b"event: hello" in came for came in self.came.values()))

    def ids(self, stream: socket.socket) -> list[int]:
        return [int(found) for found in EVENT.findall(self.came[stream])]

    def close(self) -> None:
        for stream in self.came:
            stream.close()


@pytest.fixture
def house(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    settings = connection.settings_dict
    monkeypatch.setitem(settings["OPTIONS"], "pool", {"min_size": 0, "max_size": POOL, "timeout": LONG})
    conninfo = make_conninfo(
        dbname=settings["NAME"], user=settings["USER"], password=settings["PASSWORD"], host=settings["HOST"],
        port=settings["PORT"],
    )  # fmt: skip
    monkeypatch.setattr(live, "switchboard", Switchboard(conninfo))
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of the PostgreSQL backend
    listening = socket.create_server(("127.0.0.1", 0), backlog=512)
    configuration = uvicorn.Config(
        "klankbord.project.asgi:application", lifespan="off", log_config=None, timeout_graceful_shutdown=1
    )
    server = uvicorn.Server(configuration)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    yield House(listening.getsockname()[1])
    server.should_exit = True
    thread.join(LONG)
    listening.close()
    connection.close()
    connection.close_pool()  # type: ignore[attr-defined]  # of the PostgreSQL backend


@pytest.fixture
def streams(house: House) -> Iterator[Streams]:
    made = Streams(house)
    yield made
    made.close()


def only_id(channel: Any) -> int:
    with acting_for(channel.organisation_id):
        return Conversation.objects.get(channel=channel).pk


def test_two_hundred_streams_share_four_connections_and_leave_them_to_the_pages(
    cast: Cast, say: Say, house: House, streams: Streams
) -> None:
    cookies = {user: house.cookie(user) for user in (cast.amal, cast.gijs)}
    for _ in range(100):
        for user, cookie in cookies.items():
            streams.open(user, cookie)
    streams.all_open()
    waiting = connection.pool.get_stats()  # type: ignore[attr-defined]  # of the PostgreSQL backend
    assert waiting["pool_max"] == POOL
    assert waiting.get("requests_waiting", 0) == 0
    connection.close()
    # with all streams open every connection is free again: this thread can take all four
    taken = [connection.pool.getconn(timeout=LONG) for _ in range(POOL)]  # type: ignore[attr-defined]  # of the PostgreSQL backend
    for one in taken:
        connection.pool.putconn(one)  # type: ignore[attr-defined]  # of the PostgreSQL backend
    say(cast.mail, "uri:1", "De brug staat open.", visibility="direct")
    assert house.get("/desk/", cookies[cast.amal]) == 200
    assert streams.listen(LONG, lambda: all(streams.ids(stream) for stream in streams.came))
    assert {number for stream in streams.came for number in streams.ids(stream)} == {only_id(cast.mail)}


def test_only_who_may_see_a_conversation_hears_its_id(cast: Cast, say: Say, streams: Streams) -> None:
    by_name = {name: streams.open(user) for name, user in cast.everybody.items()}
    streams.all_open()
    say(cast.mail, "uri:private", "Alleen voor u.", visibility=Visibility.DIRECT.value)
    private = only_id(cast.mail)
    say(cast.square, "uri:public", "Voor iedereen.", visibility=Visibility.PUBLIC.value)
    public = only_id(cast.square)
    assert streams.listen(
        LONG, lambda: public in streams.ids(by_name["amal"]) and public in streams.ids(by_name["bram"])
    )
    streams.listen(SILENCE)
    heard = {name: set(streams.ids(stream)) for name, stream in by_name.items()}
    assert heard["amal"] == heard["gijs"] == {private, public}
    assert heard["bram"] == {public}  # an editor does not read private messages
    for nobody in ("eva", "daan", "chantal", "fatma"):
        assert heard[nobody] == set(), nobody


def test_a_stream_carries_ids_and_nothing_else(cast: Cast, say: Say, streams: Streams) -> None:
    stream = streams.open(cast.amal)
    streams.all_open()
    say(cast.mail, "uri:1", "De geheime woorden.", author={"network_id": "x", "handle": "@x", "name": "Zeldzame Naam"})
    assert streams.listen(LONG, lambda: bool(streams.ids(stream)))
    assert EVENT.sub(b"", streams.came[stream].partition(b"data: {}")[2]).count(b"data:") == 0
    assert b"geheim" not in streams.came[stream]
    assert b"Zeldzame" not in streams.came[stream]


def test_when_a_mandate_ends_the_desk_hears_no_more_of_that_town(cast: Cast, say: Say, streams: Streams) -> None:
    stream = streams.open(cast.amal)
    streams.all_open()
    say(cast.luisterveen_mail, "uri:1", "Eerste.")
    first = only_id(cast.luisterveen_mail)
    assert streams.listen(LONG, lambda: streams.ids(stream) == [first])
    with acting_for(cast.luisterveen.pk):
        Mandate.objects.filter(pk=cast.mandate.pk).update(valid_until=timezone.now() - timedelta(seconds=1))
    say(cast.luisterveen_mail, "uri:2", "Tweede.", parent_uri="uri:1", root_uri="uri:1")
    say(cast.mail, "uri:3", "Van de eigen stad.")
    own = only_id(cast.mail)
    assert streams.listen(LONG, lambda: own in streams.ids(stream))
    assert streams.ids(stream) == [first, own]


@pytest.mark.parametrize("busy", [False, True])
def test_a_session_that_is_logged_out_loses_its_stream(
    cast: Cast, say: Say, house: House, streams: Streams, monkeypatch: pytest.MonkeyPatch, busy: bool
) -> None:
    monkeypatch.setattr(live, "CHECK_EVERY", 0.5)
    cookie = house.cookie(cast.amal)
    stream = streams.open(cast.amal, cookie)
    streams.all_open()
    assert not streams.listen(1.2, lambda: stream in streams.ended)
    Session.objects.filter(pk=cookie).delete()
    connection.close()
    for number in range(100):
        if busy:
            say(cast.mail, f"uri:{number}", "Druk.")
        if streams.listen(0.2, lambda: stream in streams.ended):
            break
    assert stream in streams.ended


def test_who_is_not_logged_in_gets_no_stream(house: House) -> None:
    assert house.get("/desk/live", "nonsense") == 403


def test_a_changed_password_ends_the_streams_of_other_browsers(
    cast: Cast, house: House, streams: Streams, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "CHECK_EVERY", 0.5)
    stream = streams.open(cast.amal)
    streams.all_open()
    assert not streams.listen(1.2, lambda: stream in streams.ended)
    cast.amal.set_password("een heel nieuw wachtwoord")
    cast.amal.save()
    connection.close()
    assert streams.listen(LONG, lambda: stream in streams.ended)
