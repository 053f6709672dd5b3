"""What goes out, and what each answer of a server means, against a server that answers what we tell it to."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from klankbord.base.tests.fault_server import FaultServer, Script, raw, reply
from klankbord.channels.contract import (
    AuthorData,
    Json,
    NotSent,
    Outgoing,
    OutgoingFile,
    Permanent,
    Receipt,
    Uncertain,
    Visibility,
)
from klankbord.channels.mastodon.answering import counted_length, narrowest, with_mention
from klankbord.channels.mastodon.channel import Mastodon

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
PARENT: Json = {"id": "7", "uri": "https://elders.example/7", "visibility": "public", "created_at": NOW.isoformat()}
PUBLISHED: Json = {
    "id": "8",
    "uri": "https://social.klankendam.example/8",
    "url": "https://social.klankendam.example/@gemeente/8",
    "created_at": "2026-11-22T09:00:01.000Z",
}


@pytest.fixture(autouse=True)
def _loopback(settings: Any) -> None:
    settings.OUTSIDE_ALLOWED_HOSTS = ["127.0.0.1"]


def outgoing(**more: Any) -> Outgoing:
    facts: Json = {
        "client_id": "2f1c",
        "text": "Dank u wel.",
        "visibility": Visibility.PUBLIC,
        "to": AuthorData("https://elders.example/bewoner", "bewoner@elders.example"),
        "parent_uri": PARENT["uri"],
        "root_uri": "",
        "reply_data": {"status_id": "7", "handle": "bewoner@elders.example", "visibility": "public"},
        **more,
    }
    return Outgoing(**facts)


def connector(server: FaultServer) -> Mastodon:
    return Mastodon({"server": server.url, "account": "gemeente"}, {"token": "oefening"})


def answering(routes: dict[str, Script]) -> FaultServer:
    """Play a script by the beginning of the request line; what has no script does not exist."""

    def route(connection: socket.socket, request: bytes) -> None:
        line = request.decode(errors="replace")
        # The longest beginning that fits: a context lies under its status.
        fitting = sorted((start for start in routes if line.startswith(start)), key=len)
        (routes[fitting[-1]] if fitting else reply(404, b"{}"))(connection, request)

    return FaultServer(route)


def good(body: Any, status: int = 200, **headers: str) -> Script:
    return reply(status, json.dumps(body).encode(), **headers)


def posting(script: Script, **more: Script) -> FaultServer:
    return answering({"GET /api/v1/statuses/7 ": good(PARENT), "POST /api/v1/statuses ": script, **more})


def posted(server: FaultServer) -> tuple[str, Json]:
    """Head and payload of the one status that was posted."""
    [request] = [one for one in server.requests if one.startswith(b"POST /api/v1/statuses ")]
    head, _, body = request.partition(b"\r\n\r\n")
    return head.decode(), json.loads(body)


# ---- what is posted --------------------------------------------------------------------------------------


def test_an_answer_is_posted_once_under_its_own_key() -> None:
    with posting(good(PUBLISHED)) as server:
        receipt = connector(server).send(outgoing())
    assert receipt == Receipt(PUBLISHED["uri"], PUBLISHED["url"], NOW + timedelta(seconds=1))
    head, payload = posted(server)
    assert "Idempotency-Key: 2f1c" in head
    assert "Authorization: Bearer oefening" in head
    assert payload == {
        "status": "@bewoner@elders.example Dank u wel.",
        "in_reply_to_id": "7",
        "visibility": "public",
        "language": "nl",
    }


@pytest.mark.parametrize("now", ["public", "unlisted", "private", "direct"])
@pytest.mark.parametrize("asked", list(Visibility))
@pytest.mark.parametrize("then", list(Visibility))
def test_an_answer_is_never_more_visible_than_what_it_answers(now: str, asked: Visibility, then: Visibility) -> None:
    width = ["public", "unlisted", "private", "direct"]
    routes = {
        "GET /api/v1/statuses/7 ": good({**PARENT, "visibility": now}),
        "POST /api/v1/statuses ": good(PUBLISHED),
    }
    with answering(routes) as server:
        connector(server).send(
            outgoing(visibility=asked, reply_data={**outgoing().reply_data, "visibility": then.value})
        )
    given = width.index(posted(server)[1]["visibility"])
    assert given == max(list(Visibility).index(asked), list(Visibility).index(then), width.index(now))


def test_pictures_go_first_each_with_its_description_and_a_name_of_its_own() -> None:
    files = tuple(OutgoingFile("foto.png", "image/png", b"\x89PNG" + bytes([n]), f"Foto {n}") for n in range(2))
    numbers = iter(["a", "b"])

    def media(connection: socket.socket, request: bytes) -> None:
        good({"id": next(numbers), "url": "https://social.klankendam.example/m"})(connection, request)

    with posting(good(PUBLISHED), **{"POST /api/v2/media ": media}) as server:
        connector(server).send(outgoing(files=files))
    assert posted(server)[1]["media_ids"] == ["a", "b"]
    uploads = [one for one in server.requests if b"/media " in one]
    for number, upload in enumerate(uploads):
        assert f'filename="2f1c-{number}.png"'.encode() in upload
        assert f"Foto {number}".encode() in upload
        assert b"\x89PNG" + bytes([number]) in upload


def test_an_older_server_takes_pictures_at_the_older_address_and_may_need_time() -> None:
    files = (OutgoingFile("foto.png", "image/png", b"\x89PNG", "Foto"),)
    more = {
        "POST /api/v1/media ": good({"id": "a", "url": None}, 202),
        "GET /api/v1/media/a ": good({"id": "a", "url": "https://social.klankendam.example/m"}),
    }
    with posting(good(PUBLISHED), **more) as server:
        connector(server).send(outgoing(files=files))
    assert posted(server)[1]["media_ids"] == ["a"]


@pytest.mark.parametrize(
    ("script", "outcome"),
    [(reply(500), NotSent), (raw(), NotSent), (reply(422, b'{"error": "too large"}'), Permanent), (good({}), NotSent)],
)
def test_when_a_picture_fails_nothing_was_sent(script: Script, outcome: type[Exception]) -> None:
    files = (OutgoingFile("foto.png", "image/png", b"\x89PNG", "Foto"),)
    with posting(good(PUBLISHED), **{"POST /api/v2/media ": script}) as server, pytest.raises(outcome):
        connector(server).send(outgoing(files=files))
    assert not [one for one in server.requests if one.startswith(b"POST /api/v1/statuses")]


# ---- what the answer of the server means -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (raw(), Uncertain),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"), Uncertain),
        (reply(500), Uncertain),
        (reply(502), Uncertain),
        (reply(503), Uncertain),
        (reply(408), Uncertain),
        (reply(302, b"", Location="/login"), Uncertain),
        (reply(200, b"<html>"), Uncertain),
        (good({"id": "8"}), Uncertain),
        (reply(429, b"{}", Retry_After="17"), NotSent),
        (reply(401), Permanent),
        (reply(403), Permanent),
        (reply(404), Permanent),
        (reply(422, b'{"error": "Validation failed"}'), Permanent),
        (reply(400, b"not json"), Permanent),
    ],
)
def test_a_failure_says_whether_the_answer_may_have_gone_out(script: Script, outcome: type[Exception]) -> None:
    with posting(script) as server, pytest.raises(outcome) as caught:
        connector(server).send(outgoing())
    assert type(caught.value) is outcome
    posted(server)
    if isinstance(caught.value, NotSent):
        assert caught.value.retry_after == pytest.approx(17, abs=1)


def test_the_reason_of_the_server_is_told() -> None:
    with posting(reply(422, b'{"error": "Validation failed"}')) as server:
        with pytest.raises(Permanent, match="Validation failed"):
            connector(server).send(outgoing())


def test_a_message_without_its_own_id_cannot_be_answered() -> None:
    with posting(good(PUBLISHED)) as server, pytest.raises(Permanent):
        connector(server).send(outgoing(reply_data={}))
    assert server.requests == []


def test_a_server_in_trouble_before_the_answer_is_posted_means_not_sent() -> None:
    with answering({"GET /api/v1/statuses/7 ": reply(500)}) as server, pytest.raises(NotSent):
        connector(server).send(outgoing())


# ---- length and mention ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("longest", "fits"), [(None, False), (400, False), (600, True)])
def test_the_limit_of_the_server_counts(longest: int | None, fits: bool) -> None:
    instance = {"configuration": {"statuses": {"max_characters": longest}}} if longest else {}
    with posting(good(PUBLISHED), **{"GET /api/v1/instance ": good(instance)}) as server:
        if fits:
            connector(server).send(outgoing(text="a" * 550))
        else:
            with pytest.raises(Permanent):
                connector(server).send(outgoing(text="a" * 550))


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("hallo", 5),
        ("zie https://klankendam.example/" + "x" * 100, 4 + 23),
        ("@bewoner@elders.example hoi", len("@bewoner hoi")),
        ("mail a@b.example", len("mail a@b.example")),
        ("é👍🏽", 3),
    ],
)
def test_characters_are_counted_as_the_network_does(text: str, length: int) -> None:
    assert counted_length(text) == length


@pytest.mark.parametrize(
    ("text", "mentioned"),
    [
        ("Dank u.", "@bewoner@elders.example Dank u."),
        ("Dank u, @bewoner@elders.example!", "Dank u, @bewoner@elders.example!"),
        ("@Bewoner@Elders.example. Dank u.", "@Bewoner@Elders.example. Dank u."),
        ("@bewoner@elders.example.nl hoi", "@bewoner@elders.example @bewoner@elders.example.nl hoi"),
        ("x@bewoner@elders.example", "@bewoner@elders.example x@bewoner@elders.example"),
    ],
)
def test_the_person_answered_is_mentioned_once(text: str, mentioned: str) -> None:
    assert with_mention(text, "bewoner@elders.example") == mentioned


def test_the_narrowest_visibility_wins() -> None:
    assert narrowest(Visibility.DIRECT, Visibility.PUBLIC) == Visibility.DIRECT
    assert narrowest(Visibility.UNLISTED, Visibility.FOLLOWERS) == Visibility.FOLLOWERS


# ---- looking up ------------------------------------------------------------------------------------------

MINE = {"id": "1"}
SENT: Json = {
    **PUBLISHED,
    "account": MINE,
    "in_reply_to_id": "7",
    "content": '<p><span class="h-card"><a class="mention">@<span>bewoner</span></a></span> Dank <b>u</b> wel.</p>',
}


def listing(statuses: list[Json], descendants: Any = ()) -> FaultServer:
    pages = iter([statuses])

    def page(connection: socket.socket, request: bytes) -> None:
        good(next(pages, []))(connection, request)

    routes = {
        "GET /api/v1/accounts/verify_credentials ": good(MINE),
        "GET /api/v1/accounts/1/statuses?": page,
    }
    if descendants is not None:
        routes["GET /api/v1/statuses/7/context "] = good({"ancestors": [], "descendants": list(descendants)})
    return answering(routes)


def attempt(seconds_ago: float = 60, **more: Any) -> Outgoing:
    """An answer whose attempt lies just before the moment in ``PUBLISHED``, for a clock that many seconds later."""
    return outgoing(attempted_at=datetime.now(UTC) - timedelta(seconds=seconds_ago), **more)


def made(seconds_ago: float, **more: Any) -> Json:
    return {**SENT, "created_at": (datetime.now(UTC) - timedelta(seconds=seconds_ago)).isoformat(), **more}


def test_an_answer_that_got_through_is_found() -> None:
    with listing([made(59)]) as server:
        receipt = connector(server).look_up(attempt())
    assert receipt is not None
    assert receipt.external_id == PUBLISHED["uri"]


def test_an_answer_that_only_the_thread_shows_is_found() -> None:
    with listing([], [made(59, account={"id": "9"}, uri="https://elders.example/9"), made(59)]) as server:
        receipt = connector(server).look_up(attempt())
    assert receipt is not None
    assert receipt.external_id == PUBLISHED["uri"]


@pytest.mark.parametrize(
    "other",
    [
        {"in_reply_to_id": "6"},
        {"in_reply_to_id": None},
        {"content": "<p>Iets anders.</p>"},
        {"created_at": "2020-01-01T00:00:00Z"},
        {"created_at": None},
    ],
)
def test_another_message_is_not_taken_for_the_answer(other: Json) -> None:
    with listing([made(59, **other)]) as server:
        assert connector(server).look_up(attempt()) is None


def test_absence_is_not_sure_right_after_the_attempt() -> None:
    with listing([]) as server, pytest.raises(Uncertain):
        connector(server).look_up(attempt(seconds_ago=5))


def test_absence_of_a_private_answer_is_not_sure_without_the_thread() -> None:
    with listing([], descendants=None) as server, pytest.raises(Uncertain):
        connector(server).look_up(attempt(visibility=Visibility.DIRECT))
    with listing([], descendants=None) as server:
        assert connector(server).look_up(attempt()) is None


def test_absence_is_not_sure_when_the_server_is_in_trouble() -> None:
    with answering({"GET /api/v1/accounts/verify_credentials ": reply(500)}) as server, pytest.raises(Uncertain):
        connector(server).look_up(attempt())


# ---- the check -------------------------------------------------------------------------------------------


def checking(**more: Script) -> FaultServer:
    return answering(
        {
            "GET /api/v1/accounts/verify_credentials ": good({"id": "1", "username": "Gemeente"}),
            "GET /api/v1/instance ": good({"version": "4.4.1"}),
            "GET /api/v1/notifications?": good([]),
            **more,
        }
    )


def test_the_check_changes_nothing_and_tells_what_it_found() -> None:
    with checking() as server:
        assert "4.4.1" in connector(server).check()
    assert all(request.startswith(b"GET ") for request in server.requests)


@pytest.mark.parametrize(("word", "warns"), [("drop", True), ("filter", False), ("accept", False)])
def test_an_account_that_drops_strangers_is_warned_about(word: str, warns: bool) -> None:
    policy = {"for_not_following": word, "for_not_followers": "accept", "summary": {"pending_requests_count": 0}}
    with checking() as server:
        plain = connector(server).check()
    with checking(**{"GET /api/v2/notifications/policy ": good(policy)}) as server:
        assert (connector(server).check() != plain) is warns


def test_a_token_without_the_right_to_post_is_refused() -> None:
    with checking(**{"GET /api/v1/apps/verify_credentials ": good({"scopes": ["read"]})}) as server:
        with pytest.raises(Permanent):
            connector(server).check()
    with checking(**{"GET /api/v1/apps/verify_credentials ": good({"scopes": ["read", "write:statuses"]})}) as server:
        connector(server).check()


def test_another_kind_of_site_is_recognised() -> None:
    page = reply(200, b"<html>een gewone website</html>")
    with answering({"GET ": page}) as server, pytest.raises(NotSent):
        connector(server).check()


def test_without_a_token_nothing_is_asked() -> None:
    with checking() as server, pytest.raises(Permanent):
        Mastodon({"server": server.url, "account": "gemeente"}, {}).check()
    assert server.requests == []
