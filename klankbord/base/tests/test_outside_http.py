"""The HTTP layer against a server that misbehaves in every way we know."""

from __future__ import annotations

import gzip
import logging
import socket
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest
import stamina

from klankbord.base.outside.http import Answer, Blocked, Declined, Limits, NotReached, Outside, TooLarge, Unanswered
from klankbord.base.outside.network import Unresolved, is_public

from .fault_server import FaultServer, Script, raw, reply

HERE = ("127.0.0.1",)
QUICK = Limits(connect=1, read=0.3, total=0.6, size=10_000)
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    stamina.set_testing(True, attempts=3, cap=True)
    yield
    stamina.set_testing(False)


def outside(*, allowed: tuple[str, ...] = HERE, limits: Limits = QUICK, **headers: str) -> Outside:
    return Outside(allowed=allowed, limits=limits, headers=headers)


def answer_with(**headers: str) -> Answer:
    pairs = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(429, httpx.Headers(pairs), b"", "https://social.example/api")


# ---- an ordinary exchange --------------------------------------------------------------------------------


def test_an_answer_brings_status_headers_and_body() -> None:
    with FaultServer(reply(201, b'{"a": 1}', X_Thing="yes")) as server, outside() as http:
        answer = http.request("POST", f"{server.url}/path?x=1", json={"text": "hé"})
    assert (answer.status, answer.json(), answer.headers["x-thing"]) == (201, {"a": 1}, "yes")
    assert server.requests[0].startswith(b"POST /path?x=1 HTTP/1.1\r\n")
    assert '{"text":"hé"}'.encode() in server.requests[0]
    assert b"User-Agent: Klankbord" in server.requests[0]


def test_a_gzipped_answer_is_unpacked() -> None:
    with FaultServer(reply(body=gzip.compress(b"[1, 2]"), Content_Encoding="gzip")) as server, outside() as http:
        assert http.request("GET", server.url).json() == [1, 2]


def test_links_are_read_and_made_absolute() -> None:
    link = '</api?min_id=9>; rel="prev", <https://social.example/api?max_id=3>; rel="next"'
    assert answer_with(link=link).links == {
        "prev": "https://social.example/api?min_id=9",
        "next": "https://social.example/api?max_id=3",
    }


# ---- certainly not sent, or uncertain --------------------------------------------------------------------


def test_a_refused_connection_was_certainly_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    with outside() as http, pytest.raises(NotReached):
        http.request("POST", f"http://127.0.0.1:{port}/")


def test_an_unknown_name_was_certainly_not_sent() -> None:
    def nowhere(host: str, port: int) -> list[str]:
        raise Unresolved(host)

    with Outside(allowed=(), resolver=nowhere) as http, pytest.raises(NotReached) as caught:
        http.request("POST", "https://social.example/")
    assert not isinstance(caught.value, Blocked)


def test_no_tls_on_the_other_side_was_certainly_not_sent() -> None:
    with FaultServer(raw(b"not tls\r\n")) as server, outside() as http, pytest.raises(NotReached):
        http.request("POST", server.url.replace("http:", "https:"))


@pytest.mark.parametrize(
    "fault",
    [
        raw(),
        raw(b"", pause=0.5),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"),
        raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal"),
        raw(b"nonsense\r\n\r\n"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"long enough to cut" * 9)[:-12]),
    ],
    ids=["hangs up", "silent", "truncated", "half a chunk", "nonsense", "damaged gzip", "half a gzip"],
)
def test_a_request_without_a_complete_answer_is_uncertain_and_never_repeated(fault: Script) -> None:
    with FaultServer(fault) as server, outside() as http, pytest.raises(Unanswered):
        http.request("POST", server.url)
    assert len(server.requests) == 1


def test_a_dripping_server_is_cut_off_at_the_total_limit() -> None:
    began = time.monotonic()
    with FaultServer(raw(*[b"x"] * 400, pause=0.1)) as server, outside() as http, pytest.raises(Unanswered):
        http.request("POST", server.url)
    assert time.monotonic() - began < 20


def test_a_huge_answer_is_cut_off() -> None:
    with FaultServer(reply(body=b"x" * 20_000)) as server, outside() as http, pytest.raises(TooLarge):
        http.request("GET", server.url)
    assert len(server.requests) == 1


def test_a_small_answer_that_unpacks_to_something_huge_is_cut_off() -> None:
    bomb = gzip.compress(b"0" * 50_000_000)
    limits = Limits(size=60_000)
    with FaultServer(reply(body=bomb, Content_Encoding="gzip")) as server, outside(limits=limits) as http:
        with pytest.raises(TooLarge):
            http.request("GET", server.url)


# ---- retries ---------------------------------------------------------------------------------------------


def test_a_safe_request_is_repeated_until_it_works() -> None:
    with FaultServer(raw(), reply(503), reply(200)) as server, outside() as http:
        assert http.request("GET", server.url).status == 200
    assert len(server.requests) == 3


def test_a_passing_failure_that_stays_is_handed_over_as_it_is() -> None:
    with FaultServer(reply(503)) as server, outside() as http:
        assert http.request("GET", server.url).status == 503
    assert len(server.requests) == 3


@pytest.mark.parametrize("status", [429, 500, 404])
def test_other_answers_are_not_repeated(status: int) -> None:
    with FaultServer(reply(status)) as server, outside() as http:
        assert http.request("GET", server.url).status == status
    assert len(server.requests) == 1


def test_an_unsafe_request_is_never_repeated() -> None:
    with FaultServer(reply(503)) as server, outside() as http:
        assert http.request("POST", server.url).status == 503
    assert len(server.requests) == 1


def closes_silently(body: bytes) -> Script:
    return raw(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


def test_a_server_that_closes_kept_connections_silently_is_still_reached_at_once() -> None:
    with FaultServer(closes_silently(b"{}")) as server, Outside(allowed=HERE, attempts=1) as http:
        for _ in range(20):
            assert http.request("GET", server.url).ok


def test_an_unsafe_request_never_uses_a_kept_connection() -> None:
    with FaultServer(closes_silently(b"{}")) as server, outside() as http:
        for _ in range(20):
            assert http.request("GET", server.url).ok
            assert http.request("POST", server.url).ok
    assert sum(request.startswith(b"POST") for request in server.requests) == 20


# ---- limiters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Retry_After", "90"),
        ("Retry_After", format_datetime(NOW + timedelta(seconds=90))),
        ("X_RateLimit_Reset", (NOW + timedelta(seconds=90)).isoformat()),
        ("X_RateLimit_Reset", "2026-11-22T09:01:30.000Z"),
        ("X_RateLimit_Reset", str(int(NOW.timestamp()) + 90)),
        ("X_RateLimit_Reset", str((int(NOW.timestamp()) + 90) * 1000)),
        ("RateLimit_Reset", "90"),
    ],
)
def test_every_form_of_a_limiter_gives_the_same_seconds(name: str, value: str) -> None:
    with FaultServer(reply(429, b"{}", **{name: value})) as server, outside() as http:
        assert http.request("GET", server.url).retry_after(NOW) == pytest.approx(90)


@pytest.mark.parametrize("value", ["", "soon", "-5", "nan", "inf", "9" * 30, "Sun, 99 Foo"])
def test_a_limiter_that_talks_nonsense_is_not_believed(value: str) -> None:
    assert answer_with(retry_after=value).retry_after(NOW) is None


def test_what_remains_is_told() -> None:
    limit = answer_with(x_ratelimit_remaining="7", x_ratelimit_reset="2026-11-22T09:05:00Z").rate_limit(NOW)
    assert (limit.remaining, limit.reset_at) == (7, NOW + timedelta(minutes=5))


# ---- the guard -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "192.0.2.1", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "64:ff9b::a00:1",
        "2001:db8::1", "not an address", "",
    ],
)  # fmt: skip
def test_addresses_of_the_own_network_are_refused(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_addresses_on_the_internet_are_allowed(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "2130706433", "0x7f.1"])
def test_nothing_reaches_a_private_address(host: str) -> None:
    with FaultServer(reply()) as server, outside(allowed=()) as http, pytest.raises(NotReached):
        http.request("GET", f"http://{host}:{server.port}/")
    assert server.requests == []


def test_a_host_may_be_allowed_on_one_port_only() -> None:
    with FaultServer(reply()) as server, FaultServer(reply()) as other:
        with outside(allowed=(f"127.0.0.1:{server.port}",)) as http:
            assert http.request("GET", server.url).ok
            with pytest.raises(Blocked):
                http.request("GET", other.url)


def test_a_name_that_answers_differently_the_second_time_gains_nothing() -> None:
    asked: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["192.0.2.7"] if len(asked) == 1 else ["127.0.0.1"]

    with FaultServer(reply()) as server, Outside(allowed=(), resolver=rebinding, limits=QUICK) as http:
        for _ in range(2):
            with pytest.raises(Blocked):
                http.request("GET", f"http://rebind.example:{server.port}/")
    assert server.requests == []


def test_the_connection_goes_to_the_judged_address_and_the_name_stays_in_the_request() -> None:
    asked: list[str] = []

    def once(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with FaultServer(reply()) as server, Outside(allowed=("inside.example",), resolver=once) as http:
        assert http.request("GET", f"http://inside.example:{server.port}/").ok
    assert asked == ["inside.example"]
    assert f"Host: inside.example:{server.port}".encode() in server.requests[0]


def test_one_private_address_among_public_ones_is_refused() -> None:
    with Outside(allowed=(), resolver=lambda host, port: ["8.8.8.8", "10.0.0.1"]) as http:
        with pytest.raises(Blocked):
            http.request("GET", "http://mixed.example/")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/", "file:///etc/passwd", "nonsense", "http://", ""])
def test_other_kinds_of_address_are_refused(url: str) -> None:
    with outside() as http, pytest.raises(Blocked):
        http.request("GET", url)


# ---- redirects -------------------------------------------------------------------------------------------


def test_a_redirect_to_a_private_address_is_refused() -> None:
    with FaultServer(reply()) as inside, FaultServer(reply(302, Location=inside.url)) as server:
        with outside(allowed=(f"127.0.0.1:{server.port}",)) as http, pytest.raises(Blocked):
            http.request("GET", server.url)
    assert inside.requests == []


def test_a_redirect_to_another_server_loses_the_token() -> None:
    with FaultServer(reply()) as other, FaultServer(reply(301, Location=other.url)) as server:
        with outside(Authorization="Bearer secret") as http:
            assert http.request("GET", server.url).url == other.url
    assert b"secret" in server.requests[0]
    assert b"secret" not in other.requests[0]


def test_a_circle_of_redirects_ends() -> None:
    with FaultServer(reply(302, Location="/again")) as server, outside() as http, pytest.raises(Blocked):
        http.request("GET", server.url)
    assert len(server.requests) == 4


def test_a_redirect_of_an_unsafe_request_is_handed_over() -> None:
    with FaultServer(reply(302, Location="/elsewhere")) as server, outside() as http:
        assert http.request("POST", server.url).status == 302
    assert len(server.requests) == 1


# ---- an answer without end -------------------------------------------------------------------------------

STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def test_lines_come_one_by_one_until_the_time_is_over() -> None:
    with FaultServer(raw(STREAM, b"event: a\nda", b"ta: 1\n", *[b":thump\n"] * 800, pause=0.05)) as server:
        begun = time.monotonic()
        with outside() as http:
            found = list(http.listen(server.url, seconds=0.6, silence=0.5))
        assert 0.3 < time.monotonic() - begun < 20
    assert found[:3] == [b"event: a", b"data: 1", b":thump"]


@pytest.mark.parametrize(
    "script",
    [raw(STREAM, b"a\n"), raw(STREAM, b"half a line"), raw(b"HTTP/1.1 200 OK\r\n"), raw()],
    ids=["hangs up", "half", "half a head", "nothing"],
)
def test_a_stream_that_breaks_off_says_so(script: Script) -> None:
    with FaultServer(script) as server, outside() as http, pytest.raises(Unanswered):
        list(http.listen(server.url, seconds=5, silence=1))


def test_a_stream_that_falls_silent_is_dead() -> None:
    def silent(connection: socket.socket, request: bytes) -> None:
        connection.sendall(STREAM + b"a\n")
        connection.settimeout(30)
        connection.recv(1)

    with FaultServer(silent) as server, outside() as http:
        begun = time.monotonic()
        with pytest.raises(Unanswered):
            list(http.listen(server.url, seconds=30, silence=0.3))
        assert time.monotonic() - begun < 20


def test_a_line_without_end_is_refused() -> None:
    with FaultServer(raw(STREAM, *[b"x" * 300_000] * 5)) as server, outside() as http, pytest.raises(TooLarge):
        list(http.listen(server.url, seconds=5, silence=1))


def test_no_stream_is_declined_with_its_answer() -> None:
    with FaultServer(reply(429, Retry_After="9")) as server, outside() as http, pytest.raises(Declined) as raised:
        list(http.listen(server.url, seconds=5, silence=1))
    assert (raised.value.answer.status, raised.value.answer.retry_after()) == (429, 9.0)


def test_a_stream_inside_is_blocked() -> None:
    with FaultServer(reply()) as server, outside(allowed=()) as http, pytest.raises(Blocked):
        list(http.listen(server.url, seconds=5, silence=1))
    assert server.requests == []


# ---- secrets ---------------------------------------------------------------------------------------------


def test_no_secret_is_logged_or_told(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    with FaultServer(raw()) as server, outside(Authorization="Bearer s3cret") as http:
        with pytest.raises(Unanswered) as caught:
            http.request("GET", f"{server.url}/path?token=s3cret")
    printed = capsys.readouterr()
    assert "s3cret" not in caplog.text + printed.out + printed.err + str(caught.value) + repr(caught.value)
    assert b"s3cret" in server.requests[0]
