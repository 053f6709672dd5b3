"""The breadth of the Mastodon API against a server with all of it: streams, limits, private messages, idempotency."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from klankbord.base.outside.http import Limits
from klankbord.channels.contract import (
    Json,
    NotSent,
    Outgoing,
    Permanent,
    PostArrived,
    PostDeleted,
    Uncertain,
    Visibility,
)
from klankbord.channels.mastodon import client as client_module
from klankbord.channels.mastodon.channel import Mastodon
from tests.servers.mastodon_mock import JOURNALIST, RESIDENT, TOWN, MastodonMock, mock, running_mock
from tests.servers.snac import eventually

pytestmark = pytest.mark.real
__all__ = ["mock", "running_mock"]


class Town:
    """The connector with its cursor, as the house uses it."""

    def __init__(self, server: MastodonMock) -> None:
        self.connector = Mastodon({"server": server.url, "account": TOWN}, {"token": f"token-{TOWN}"})
        self.cursor: Json = {}
        self.fetch()

    def fetch(self) -> list[PostArrived]:
        found: list[PostArrived] = []
        more = True
        while more:
            batch = self.connector.fetch(self.cursor)
            self.cursor, more = batch.cursor, batch.more
            assert batch.gap is None
            events = [event for one in batch.envelopes for event in self.connector.parse(one.body)]
            found += [event for event in events if isinstance(event, PostArrived)]
        return found

    def next(self) -> PostArrived:
        return eventually(self.fetch)[0]


@pytest.fixture
def town(mock: MastodonMock) -> Town:
    return Town(mock)


def answer_to(post: PostArrived, text: str, **more: Any) -> Outgoing:
    facts: dict[str, Any] = {"visibility": post.visibility, "attempted_at": datetime.now(UTC)} | more
    return Outgoing(
        facts.pop("client_id", None) or str(uuid4()),
        text,
        to=post.author,
        parent_uri=post.uri,
        root_uri=post.root_uri,
        reply_data=post.reply_data,
        **facts,
    )


def mine(server: MastodonMock, text: str) -> list[Json]:
    """What the town said with these words, as the server has it."""
    return [one for one in server.said_by(TOWN) if text in one["content"]]


def test_the_settings_are_tried(mock: MastodonMock) -> None:
    assert TOWN in Mastodon({"server": mock.url, "account": TOWN}, {"token": f"token-{TOWN}"}).check()
    for account, token in ((TOWN, "fout"), ("iemand", f"token-{TOWN}")):
        with pytest.raises(Permanent):
            Mastodon({"server": mock.url, "account": account}, {"token": token}).check()


# ---- streaming -------------------------------------------------------------------------------------------


def test_a_mention_is_hinted_and_fetched(mock: MastodonMock, town: Town) -> None:
    heard: list[bool] = []
    watcher = threading.Thread(target=lambda: heard.append(town.connector.wait(60, {})))
    watcher.start()
    # nobody tells when the stream is open; what is said before that is no hint
    while watcher.is_alive():
        mock.says(RESIDENT, f"@{TOWN} wanneer gaat de brug open? (hint)")
        watcher.join(1)
    assert heard == [True]
    assert "hint" in town.next().text


def test_silence_ends_in_time_and_signs_of_life_are_no_hint(town: Town) -> None:
    begun = time.monotonic()
    assert town.connector.wait(2, {}) is False
    assert 1.5 < time.monotonic() - begun < 20


def test_what_others_say_to_each_other_is_no_hint(mock: MastodonMock, town: Town) -> None:
    chatter = threading.Timer(0.5, lambda: mock.says(RESIDENT, f"@{JOURNALIST} mooi weer"))
    chatter.start()
    assert town.connector.wait(3, {}) is False


@pytest.mark.parametrize("status", [404, 401, 403, 429, 501, 503])
def test_a_server_without_a_stream_is_left_alone_meanwhile(mock: MastodonMock, town: Town, status: int) -> None:
    mock.goes_wrong("GET", "/api/v1/streaming/user/notification", "status", status=status)
    begun = time.monotonic()
    assert town.connector.wait(1.5, {}) is False
    assert time.monotonic() - begun >= 1.5


def test_the_poll_finds_what_a_stream_never_told(mock: MastodonMock, town: Town) -> None:
    mock.says(RESIDENT, f"@{TOWN} niemand luisterde (poll)")
    assert "poll" in town.next().text


# ---- what comes in ---------------------------------------------------------------------------------------


def test_a_private_message_stays_private_in_both_directions(mock: MastodonMock, town: Town) -> None:
    mock.says(RESIDENT, f"@{TOWN} mijn zaaknummer is 123 (privé)", "direct")
    post = town.next()
    assert post.visibility == Visibility.DIRECT
    # asked for wider than it may be
    town.connector.send(answer_to(post, "Wij zoeken het op (privé).", visibility=Visibility.PUBLIC))
    (sent,) = mine(mock, "Wij zoeken het op")
    assert sent["visibility"] == "direct"
    assert sent["in_reply_to_id"]
    seen = mock.ask("GET", f"/api/v1/statuses/{sent['id']}", RESIDENT)
    assert "Wij zoeken" in seen["content"]


def test_a_hundred_mentions_come_once_and_in_order(mock: MastodonMock, town: Town) -> None:
    for number in range(100):
        mock.says(RESIDENT, f"@{TOWN} vraag {number:03}")
    found = town.fetch()
    assert [post.text[-3:] for post in found] == [f"{number:03}" for number in range(100)]
    assert len({post.uri for post in found}) == 100
    assert town.fetch() == []


def test_an_edit_and_a_deletion_are_found_again(mock: MastodonMock, town: Town) -> None:
    edited = mock.says(RESIDENT, f"@{TOWN} de brug is dicht (eerst)")
    removed = mock.says(RESIDENT, f"@{TOWN} vergeet dit (weg)")
    posts = {post.text.rpartition("(")[2]: post for post in town.fetch()}
    known = [(post.uri, post.reply_data) for post in posts.values()]
    before = {one.key for one in town.connector.reread(known)}
    assert before == {one.key for one in town.connector.reread(known)}
    mock.ask("PUT", f"/api/v1/statuses/{edited['id']}", RESIDENT, status=f"@{TOWN} de brug is open (later)")
    mock.ask("DELETE", f"/api/v1/statuses/{removed['id']}", RESIDENT)
    after = town.connector.reread(known)
    assert before.isdisjoint(one.key for one in after)
    events = [event for one in after for event in town.connector.parse(one.body)]
    assert [event.text for event in events if isinstance(event, PostArrived)] == [f"@{TOWN} de brug is open (later)"]
    assert [event.uri for event in events if isinstance(event, PostDeleted)] == [removed["uri"]]


def test_a_content_warning_and_a_language_come_along(mock: MastodonMock, town: Town) -> None:
    mock.says(RESIDENT, f"@{TOWN} bloed op straat", spoiler_text="ongeluk", language="nl")
    post = town.next()
    assert (post.warning, post.language) == ("ongeluk", "nl")


# ---- limits and faults -----------------------------------------------------------------------------------


def test_who_asks_too_often_hears_when_to_come_back(mock: MastodonMock, town: Town) -> None:
    mock.goes_wrong("GET", "/api/v1/notifications", "ratelimit")
    with pytest.raises(NotSent) as raised:
        town.connector.fetch(town.cursor)
    assert 290 < (raised.value.retry_after or 0) <= 300


@pytest.mark.parametrize(
    "effect",
    [{"effect": "status", "status": 500}, {"effect": "status", "status": 503}, {"effect": "malformed"},
     {"effect": "malformed", "truncate": False}],
)  # fmt: skip
def test_a_server_in_trouble_loses_and_doubles_nothing(mock: MastodonMock, town: Town, effect: Json) -> None:
    mark = uuid4().hex[:6]
    mock.says(RESIDENT, f"@{TOWN} storing {mark}")
    mock.goes_wrong("GET", "/api/v1/notifications", count=4, **effect)
    with pytest.raises(NotSent):
        town.connector.fetch(town.cursor)
    mock.is_well_again()
    assert [post.text for post in town.fetch()] == [f"@{TOWN} storing {mark}"]


def test_an_answer_that_is_limited_was_certainly_not_sent(mock: MastodonMock, town: Town) -> None:
    mock.says(RESIDENT, f"@{TOWN} vraag over de grens")
    outgoing = answer_to(town.next(), "Antwoord op de grens.")
    mock.goes_wrong("POST", "/api/v1/statuses", "ratelimit")
    with pytest.raises(NotSent) as raised:
        town.connector.send(outgoing)
    assert (raised.value.retry_after or 0) > 290
    assert mine(mock, "Antwoord op de grens") == []
    town.connector.send(outgoing)
    assert len(mine(mock, "Antwoord op de grens")) == 1


def test_the_same_answer_twice_is_one(mock: MastodonMock, town: Town) -> None:
    mock.says(RESIDENT, f"@{TOWN} dubbel?")
    outgoing = answer_to(town.next(), "Een keer is genoeg.")
    first, again = town.connector.send(outgoing), town.connector.send(outgoing)
    assert first.external_id == again.external_id
    assert len(mine(mock, "Een keer is genoeg")) == 1


def test_an_answer_that_got_through_unseen_is_found(mock: MastodonMock, town: Town) -> None:
    mock.says(RESIDENT, f"@{TOWN} hoort u mij?")
    outgoing = answer_to(town.next(), "Ja, wij horen u.")
    receipt = town.connector.send(outgoing)
    found = town.connector.look_up(outgoing)
    assert found is not None
    assert found.external_id == receipt.external_id


def test_a_server_that_does_not_answer_in_time_makes_it_uncertain_and_never_double(
    mock: MastodonMock, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    mock.says(RESIDENT, f"@{TOWN} bent u er nog?")
    post = town.next()
    outgoing = answer_to(post, "Wij zijn er nog.")
    with monkeypatch.context() as hasty:
        hasty.setattr(client_module, "WRITING", Limits(connect=1, read=0.5, total=1))
        mock.goes_wrong("POST", "/api/v1/statuses", "latency", delay_ms=1500)
        with pytest.raises(Uncertain):
            town.connector.send(outgoing)
    time.sleep(4)
    there = mine(mock, "Wij zijn er nog")
    if not there:
        # this server lets go of a request whose sender hung up: that is sure after a while only
        with pytest.raises(Uncertain):
            town.connector.look_up(outgoing)
    later = answer_to(
        post,
        outgoing.text,
        client_id=outgoing.client_id,
        attempted_at=datetime.now(UTC) - timedelta(minutes=1),
    )
    assert (town.connector.look_up(later) is not None) == bool(there)
    town.connector.send(outgoing)
    assert len(mine(mock, "Wij zijn er nog")) == 1


def test_what_was_never_sent_is_surely_absent_after_a_while(mock: MastodonMock, town: Town) -> None:
    mock.says(RESIDENT, f"@{TOWN} was er iets?")
    post = town.next()
    assert (
        town.connector.look_up(
            answer_to(post, "Dit ging nooit weg.", attempted_at=datetime.now(UTC) - timedelta(minutes=1))
        )
        is None
    )


def test_a_stream_may_live_under_another_name_but_never_less_safely(monkeypatch: pytest.MonkeyPatch) -> None:
    with client_module.Client("https://klankendam.example", "x") as client:
        for told, wanted in (
            ("wss://stream.klankendam.example", "https://stream.klankendam.example"),
            ("ws://stream.klankendam.example", "https://klankendam.example"),
            ("geen adres", "https://klankendam.example"),
        ):
            monkeypatch.setattr(client, "instance", lambda told=told: {"urls": {"streaming_api": told}})
            assert client._streaming() == wanted


def test_what_was_said_in_public_is_searched_and_nothing_else(town: Town, mock: MastodonMock) -> None:
    word = f"kwartel{uuid4().hex[:8]}"
    tagged = mock.says(RESIDENT, f"Feest! #{word}")
    plain = mock.says(JOURNALIST, f"Er is iets met {word} gaande")
    mock.says(RESIDENT, f"@{TOWN} onder ons: {word}", visibility="direct")
    mock.says(RESIDENT, "Iets anders")
    found = town.connector.search([word])
    assert [one.uri for one in found] == [plain["uri"], tagged["uri"]]
    assert found[0].text == f"Er is iets met {word} gaande"
    assert [one.uri for one in town.connector.search([f"#{word}"])] == [tagged["uri"]]
    # nothing on the server tells of it, and what was said to us still comes in
    assert [one.text for one in town.fetch()] == [f"@{TOWN} onder ons: {word}"]


def test_a_server_without_a_search_still_has_its_hashtags(town: Town, mock: MastodonMock) -> None:
    tagged = mock.says(RESIDENT, "Feest! #eendenbrug")
    mock.goes_wrong("GET", "/api/v2/search", "status", status=404)
    assert [one.uri for one in town.connector.search(["eendenbrug"])] == [tagged["uri"]]


def test_a_server_that_asks_us_to_wait_says_so(town: Town, mock: MastodonMock) -> None:
    mock.goes_wrong("GET", "/api/v2/search", "ratelimit", count=5)
    with pytest.raises(NotSent):
        town.connector.search(["eendenbrug"])
