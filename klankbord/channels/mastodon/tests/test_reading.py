"""Nothing is missed and nothing comes twice, whatever a server makes of the paging parameters."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.channels.contract import Batch, Json, NotSent, Permanent
from klankbord.channels.mastodon import reading
from klankbord.channels.mastodon.client import Client, Missing, Page, Params
from klankbord.channels.mastodon.status import events_of

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


class Server(Client):
    """A model of a server: its listing, and one of the ways in which servers page."""

    def __init__(self, manner: str, window: int = 10_000) -> None:
        self.manner = manner
        self.window = window
        self.listing: list[Json] = []
        self.now = START
        self.asked = 0
        self.statuses_by_id: dict[str, Json | Exception] = {}
        self.contexts: dict[str, Json | Exception] = {}

    def speak(self, count: int) -> None:
        for _ in range(count):
            self.now += timedelta(seconds=1)
            number = str(100_000 + len(self.listing))
            self.listing.insert(0, self.notification(number))

    def notification(self, number: str, **more: Any) -> Json:
        made = self.now.isoformat()
        account = {"id": "9", "uri": "https://elders.example/bewoner", "acct": "bewoner@elders.example"}
        status = {"id": number, "uri": f"https://elders.example/{number}", "created_at": made, "account": account}
        return {"id": number, "type": "mention", "created_at": made, "status": {**status, **more}}

    def own_account(self) -> Json:
        return {"id": "1", "uri": "https://social.klankendam.example/users/gemeente"}

    def instance(self) -> Json:
        return {"version": "4.4.1", "domain": "klankendam.example"}

    def notifications(self, params: Params) -> Page:
        self.asked += 1
        asked = dict(params)
        limit = int(asked.get("limit", "40"))
        items = self.listing[: self.window]
        if "max_id" in asked:
            items = [one for one in items if one["id"] < asked["max_id"]]
        if "min_id" in asked and self.manner != "ignores":
            items = [one for one in items if one["id"] > asked["min_id"]]
            if self.manner == "upwards":
                items = items[-limit:]
        items = items[:limit]
        newest, oldest = (items[0]["id"], items[-1]["id"]) if items else ("", "")
        return Page(items, newest, oldest)

    def status(self, status_id: str) -> Json:
        return _or_raise(self.statuses_by_id[status_id])

    def context(self, status_id: str) -> Json:
        return _or_raise(self.contexts[status_id])


def _or_raise(found: Json | Exception) -> Json:
    if isinstance(found, Exception):
        raise found
    return found


def read_all(server: Server, cursor: Json) -> tuple[list[str], list[Batch]]:
    """Fetch as the house does, until nothing more is promised; the uris in order of arrival."""
    batches = [reading.fetch(server, cursor, server.now)]
    while batches[-1].more:
        batches.append(reading.fetch(server, batches[-1].cursor, server.now))
    events = [event for batch in batches for one in batch.envelopes for event in events_of(one.body)]
    return [getattr(event, "uri", "") for event in events], batches


def uris(server: Server, first: int, last: int) -> list[str]:
    return [f"https://elders.example/{100_000 + number}" for number in range(first, last)]


MANNERS = ["upwards", "downwards", "ignores"]


@pytest.mark.parametrize("manner", MANNERS)
@settings(max_examples=25, deadline=None)
@given(bursts=st.lists(st.sampled_from([0, 1, 2, 39, 40, 41, 80, 81, 130, 250]), min_size=1, max_size=5))
def test_every_message_arrives_once(manner: str, bursts: list[int]) -> None:
    server = Server(manner)
    cursor = reading.fetch(server, {}, server.now).cursor
    said = 0
    for burst in bursts:
        server.speak(burst)
        arrived, batches = read_all(server, cursor)
        assert sorted(arrived) == uris(server, said, said + burst)
        assert all(len(batch.envelopes) <= 3 * reading.PAGE and batch.gap is None for batch in batches)
        said += burst
        cursor = batches[-1].cursor


@pytest.mark.parametrize("manner", MANNERS)
def test_messages_during_a_long_walk_are_not_missed(manner: str) -> None:
    server = Server(manner)
    server.speak(1)
    cursor = reading.fetch(server, {}, server.now).cursor
    server.speak(200)
    batch = reading.fetch(server, cursor, server.now)
    assert batch.more
    server.speak(30)
    arrived, batches = read_all(server, batch.cursor)
    later, _ = read_all(server, batches[-1].cursor)
    first = [getattr(events_of(one.body)[0], "uri", "") for one in batch.envelopes]
    assert sorted(first + arrived + later) == uris(server, 1, 231)


@pytest.mark.parametrize("manner", MANNERS)
def test_within_a_batch_the_oldest_comes_first(manner: str) -> None:
    server = Server(manner)
    cursor = reading.fetch(server, {}, server.now).cursor
    server.speak(30)
    arrived, _ = read_all(server, cursor)
    assert arrived == uris(server, 0, 30)


def test_the_first_time_only_the_last_ten_minutes_come() -> None:
    server = Server("upwards")
    server.speak(5)
    server.now += timedelta(hours=2)
    server.speak(3)
    arrived, batches = read_all(server, {})
    assert arrived == uris(server, 5, 8)
    assert read_all(server, batches[-1].cursor)[0] == []


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("skew", [-3, 3])
def test_a_server_with_a_wrong_clock_loses_nothing(skew: int, first: int) -> None:
    server = Server("upwards")
    server.now += timedelta(hours=skew)
    server.speak(first)
    cursor = reading.fetch(server, {}, START).cursor
    server.speak(3)
    assert [one.key.split()[0] for one in reading.fetch(server, cursor, START).envelopes] == uris(
        server, first, first + 3
    )


@pytest.mark.parametrize("manner", MANNERS)
def test_a_last_known_message_that_was_deleted_does_not_matter(manner: str) -> None:
    server = Server(manner)
    server.speak(20)
    cursor = reading.fetch(server, {}, server.now).cursor
    server.now += timedelta(minutes=5)
    server.speak(60)
    del server.listing[60:]
    arrived, batches = read_all(server, cursor)
    assert sorted(arrived) == uris(server, 20, 80)
    assert read_all(server, batches[-1].cursor)[0] == []


@pytest.mark.parametrize("count", [70, 300])
def test_a_server_that_shows_only_its_latest_leaves_a_gap(count: int) -> None:
    server = Server("downwards", window=64)
    server.speak(1)
    cursor = reading.fetch(server, {}, server.now).cursor
    server.speak(count)
    arrived, batches = read_all(server, cursor)
    assert sorted(arrived) == uris(server, count + 1 - 64, count + 1)
    [gap] = [batch.gap for batch in batches if batch.gap]
    assert gap.since == START + timedelta(seconds=1)
    assert gap.until == START + timedelta(seconds=count + 2 - 64)
    assert read_all(server, batches[-1].cursor) == ([], [Batch([], batches[-1].cursor)])


def test_a_quiet_poll_asks_one_question() -> None:
    server = Server("upwards")
    server.speak(3)
    cursor = reading.fetch(server, {}, server.now).cursor
    server.asked = 0
    assert reading.fetch(server, cursor, server.now) == Batch([], cursor)
    assert server.asked == 1


# ---- the thread ------------------------------------------------------------------------------------------


def told(server: Server) -> Any:
    cursor = reading.fetch(server, {}, server.now).cursor
    server.now += timedelta(seconds=1)
    server.listing.insert(0, server.notification("100900", in_reply_to_id="100800"))
    [envelope] = reading.fetch(server, cursor, server.now).envelopes
    [event] = events_of(envelope.body)
    return event


def test_a_message_deep_in_a_thread_knows_its_root() -> None:
    server = Server("upwards")
    server.contexts["100900"] = {
        "ancestors": [{"id": str(n), "uri": f"https://elders.example/{n}", "content": "zwaar"} for n in range(200)]
    }
    event = told(server)
    assert (event.root_uri, event.parent_uri) == ("https://elders.example/0", "https://elders.example/199")


@pytest.mark.parametrize("context", [{"ancestors": []}, {"ancestors": None}])
def test_without_ancestors_the_parent_itself_is_asked(context: Json) -> None:
    server = Server("upwards")
    server.contexts["100900"] = context
    server.statuses_by_id["100800"] = {"id": "100800", "uri": "https://elders.example/100800"}
    assert told(server).parent_uri == "https://elders.example/100800"


@pytest.mark.parametrize("problem", [Missing("gone"), Permanent("refused")])
def test_a_thread_that_cannot_be_seen_does_not_stop_the_message(problem: Exception) -> None:
    server = Server("upwards")
    server.contexts["100900"] = problem
    assert told(server).parent_uri == ""


def test_a_server_that_fails_halfway_keeps_the_cursor_where_it_was() -> None:
    server = Server("upwards")
    server.contexts["100900"] = NotSent("fault")
    with pytest.raises(NotSent):
        told(server)


# ---- reading again ---------------------------------------------------------------------------------------


def test_reading_again_tells_edits_and_deletions() -> None:
    server = Server("upwards")
    server.statuses_by_id = {"1": server.notification("1")["status"], "2": Missing("gone")}
    known: list[tuple[str, Json]] = [
        ("https://elders.example/1", {"status_id": "1"}),
        ("https://elders.example/2", {"status_id": "2"}),
        ("https://elders.example/3", {}),
    ]
    envelopes = reading.reread(server, known, START)
    assert [type(events_of(one.body)[0]).__name__ for one in envelopes] == ["PostArrived", "PostDeleted"]


def test_nothing_is_deleted_when_the_server_no_longer_knows_us() -> None:
    class Moved(Server):
        def own_account(self) -> Json:
            raise Missing("gone")

    server = Moved("upwards")
    server.statuses_by_id = {"2": Missing("gone")}
    with pytest.raises(Missing):
        reading.reread(server, [("https://elders.example/2", {"status_id": "2"})], START)


def test_a_limiter_halfway_keeps_what_was_read() -> None:
    server = Server("upwards")
    server.statuses_by_id = {"1": server.notification("1")["status"], "2": NotSent("wait", 60)}
    known: list[tuple[str, Json]] = [("https://elders.example/1", {"status_id": "1"}), ("x", {"status_id": "2"})]
    assert len(reading.reread(server, known, START)) == 1
    with pytest.raises(NotSent):
        reading.reread(server, known[1:], START)
