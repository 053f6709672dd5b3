"""Our connector on one real fediverse server, residents on another: what arrives is counted at their server."""

from __future__ import annotations

import base64
import socket
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from klankbord.base.tests.fault_server import FaultServer
from klankbord.channels.contract import (
    Batch,
    Json,
    NotSent,
    Outgoing,
    OutgoingFile,
    Permanent,
    PostArrived,
    PostDeleted,
    Uncertain,
    Visibility,
)
from klankbord.channels.mastodon.channel import Mastodon
from tests.servers.snac import SnacServer, SnacServers, SnacUser, eventually

pytestmark = pytest.mark.real

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class Desk:
    """The connector with a cursor, as the house uses it."""

    def __init__(self, town: SnacUser) -> None:
        self.town = town
        self.connector = Mastodon({"server": town.server.url, "account": town.name}, {"token": town.token})
        self.cursor: Json = {}
        self.fetch()

    def fetch(self) -> list[PostArrived]:
        """What is new, understood."""
        batch = self.connector.fetch(self.cursor)
        self.cursor = batch.cursor
        events = [event for envelope in batch.envelopes for event in self.connector.parse(envelope.body)]
        return [event for event in events if isinstance(event, PostArrived)]

    def next(self) -> PostArrived:
        return eventually(self.fetch)[0]

    def told(self, count: int, servers: SnacServers) -> None:
        """Wait until the town's server has told the town of so many messages; what failed on its way goes again."""
        folder = self.town.server.folder / "user" / self.town.name / "notify"

        def all_told() -> bool:
            return len(list(folder.glob("*.json"))) >= count

        try:
            eventually(all_told, 40)
        except AssertionError:
            for server in (servers.a, servers.b):
                server.hurry()
            eventually(all_told, 80)
        assert len(list(folder.glob("*.json"))) == count

    def answer(self, post: PostArrived, text: str, **more: object) -> Outgoing:
        facts: Json = {"visibility": post.visibility, "attempted_at": datetime.now(UTC), **more}
        return Outgoing(str(uuid4()), text, to=post.author, parent_uri=post.uri, root_uri=post.root_uri,
                        reply_data=post.reply_data, **facts)  # fmt: skip


@pytest.fixture
def desk(town: SnacUser) -> Desk:
    return Desk(town)


def test_a_mention_arrives_and_the_answer_is_read_once(
    desk: Desk, resident: SnacUser, snac_servers: SnacServers
) -> None:
    said = resident.post(f"Hallo @{desk.town.handle}, de container zit vol.\n\nWie komt er? #afval")
    post = desk.next()
    assert (post.uri, post.author.handle, post.author.network_id) == (said["uri"], resident.handle, resident.actor)
    assert post.text == f"Hallo @{desk.town.handle}, de container zit vol.\n\nWie komt er? #afval"
    assert (post.visibility, post.parent_uri, post.root_uri, post.language) == (Visibility.PUBLIC, "", "", "")

    answer = desk.answer(post, "Dank voor uw bericht, we komen vandaag.")
    receipt = desk.connector.send(answer)

    replies = eventually(lambda: snac_servers.b.replies_to(post.uri))
    assert [reply["id"] for reply in replies] == [receipt.external_id]
    assert f"@{resident.handle}" in replies[0]["content"]
    assert list(replies[0]["contentMap"]) == ["nl"]
    assert resident.actor in replies[0]["to"] + replies[0]["cc"]
    assert desk.connector.look_up(answer) == receipt


def test_an_answer_to_our_answer_hangs_in_the_same_thread(desk: Desk, resident: SnacUser) -> None:
    resident.post(f"@{desk.town.handle} mag ik hier parkeren?")
    first = desk.next()
    receipt = desk.connector.send(desk.answer(first, "Waar precies?"))
    eventually(lambda: [note for note in resident.server.objects() if note["id"] == receipt.external_id])
    resident.post(f"@{desk.town.handle} op het Kerkplein", reply_to=receipt.external_id)
    second = desk.next()
    assert (second.parent_uri, second.root_uri) == (receipt.external_id, first.uri)


def test_an_edit_is_seen_when_the_case_is_read_again(desk: Desk, resident: SnacUser) -> None:
    said = resident.post(f"@{desk.town.handle} de lantaarn is stuk")
    post = desk.next()
    known = [(post.uri, post.reply_data)]
    [unchanged] = desk.connector.reread(known)
    resident.edit(said["uri"], f"@{desk.town.handle} de lantaarn doet het weer")

    def changed() -> bytes:
        [envelope] = desk.connector.reread(known)
        return envelope.body if envelope.key != unchanged.key else b""

    [event] = desk.connector.parse(eventually(changed))
    assert isinstance(event, PostArrived)
    assert (event.uri, event.text) == (post.uri, f"@{desk.town.handle} de lantaarn doet het weer")
    assert event.edited_at is not None


def test_a_deletion_is_seen_when_the_case_is_read_again(desk: Desk, resident: SnacUser) -> None:
    said = resident.post(f"@{desk.town.handle} laat maar")
    post = desk.next()
    # snac tells deletions to followers only.
    desk.town.api("POST", f"/api/v1/accounts/{desk.town.status(post.uri)['account']['id']}/follow", {})
    eventually(lambda: list((resident.server.folder / "user" / resident.name / "followers").glob("*.json")))
    resident.delete(said["uri"])

    def gone() -> bool:
        [envelope] = desk.connector.reread([(post.uri, post.reply_data)])
        return any(isinstance(event, PostDeleted) for event in desk.connector.parse(envelope.body))

    assert eventually(gone)


def test_nothing_arrives_twice_and_nothing_is_missed(desk: Desk, resident: SnacUser, snac_servers: SnacServers) -> None:
    said = {resident.post(f"@{desk.town.handle} bericht nummer {number}")["uri"] for number in range(50)}
    desk.told(50, snac_servers)
    arrived: list[str] = []
    while posts := desk.fetch():
        arrived += [post.uri for post in posts]
    assert sorted(arrived) == sorted(said)


def test_more_than_the_server_shows_is_a_gap(desk: Desk, resident: SnacUser, snac_servers: SnacServers) -> None:
    resident.post(f"@{desk.town.handle} eerste")
    desk.next()
    for number in range(70):
        resident.post(f"@{desk.town.handle} bericht nummer {number}")
    desk.told(71, snac_servers)
    batches = [desk.connector.fetch(desk.cursor)]
    while batches[-1].more:
        batches.append(desk.connector.fetch(batches[-1].cursor))
    assert sum(len(batch.envelopes) for batch in batches) == 64
    assert sum(batch.gap is not None for batch in batches) == 1
    assert desk.connector.fetch(batches[-1].cursor) == Batch([], batches[-1].cursor)


def test_answers_to_a_private_message_stay_private_and_are_found(
    desk: Desk, resident: SnacUser, snac_servers: SnacServers
) -> None:
    resident.post(f"@{desk.town.handle} mijn adres is een oefening", visibility="direct")
    post = desk.next()
    assert post.visibility == Visibility.DIRECT
    receipts = {}
    for asked in Visibility:
        answer = desk.answer(post, f"Dank u wel: *{asked}*.", visibility=asked)
        receipts[asked] = desk.connector.send(answer)
        assert desk.connector.look_up(answer) == receipts[asked]
    eventually(lambda: len(snac_servers.b.replies_to(post.uri)) == len(Visibility))
    for reply in snac_servers.b.replies_to(post.uri):
        assert set(reply["to"] + reply["cc"]) == {resident.actor}


def test_answers_to_a_public_message_are_found_at_every_visibility(desk: Desk, resident: SnacUser) -> None:
    resident.post(f"@{desk.town.handle} hallo")
    post = desk.next()
    for asked in Visibility:
        answer = desk.answer(post, f"Gevonden: *{asked}*\n\n- een\n- twee", visibility=asked)
        receipt = desk.connector.send(answer)
        assert desk.connector.look_up(answer) == receipt
    lost = desk.answer(post, "Dit is nooit verstuurd.", attempted_at=datetime.now(UTC) - timedelta(seconds=40))
    assert desk.connector.look_up(lost) is None
    with pytest.raises(Uncertain):
        desk.connector.look_up(desk.answer(post, "Dit is nooit verstuurd."))


def test_pictures_keep_their_description_in_both_directions(
    desk: Desk, resident: SnacUser, snac_servers: SnacServers
) -> None:
    picture = resident.upload("foto.png", "image/png", PIXEL, "Een volle container")
    resident.post(f"@{desk.town.handle} zie foto", media=(picture,), warning="afval")
    post = desk.next()
    [attachment] = post.attachments
    assert (attachment.alt_text, attachment.content_type) == ("Een volle container", "image/png")
    assert attachment.url.startswith(resident.server.url)
    assert post.warning == "afval"

    files = tuple(OutgoingFile("kaart.png", "image/png", PIXEL, f"Kaart {letter}") for letter in "ab")
    desk.connector.send(desk.answer(post, "Hier ziet u het.", files=files))
    [reply] = eventually(lambda: snac_servers.b.replies_to(post.uri))
    assert [medium["name"] for medium in reply["attachment"]] == ["Kaart a", "Kaart b"]
    assert len({medium["url"] for medium in reply["attachment"]}) == 2
    stored = snac_servers.a.call("GET", reply["attachment"][0]["url"].removeprefix(snac_servers.a.url))
    assert stored == PIXEL


@pytest.mark.parametrize("kill", [False, True], ids=["disconnect", "kill"])
def test_a_server_that_dies_before_answering_leaves_one_answer_that_is_found(
    desk: Desk, resident: SnacUser, snac_servers: SnacServers, settings: Any, kill: bool
) -> None:
    resident.post(f"@{desk.town.handle} bent u er nog?")
    post = desk.next()
    answer = desk.answer(post, "Jazeker, wij zijn er *nog*. https://klankendam.example/hulp")

    def between(connection: socket.socket, request: bytes) -> None:
        """Hand everything on to the server, but die on the way back once it has published."""
        reply = _passed_on(snac_servers.a, request)
        if not request.startswith(b"POST /api/v1/statuses"):
            connection.sendall(reply)
        elif kill:
            snac_servers.a.kill()

    with FaultServer(between) as line:
        settings.OUTSIDE_ALLOWED_HOSTS = [*settings.OUTSIDE_ALLOWED_HOSTS, "127.0.0.1"]
        with pytest.raises(Uncertain):
            Mastodon({**desk.connector.settings, "server": line.url}, desk.connector.secrets).send(answer)

    if kill:
        with pytest.raises(Uncertain):
            desk.connector.look_up(answer)
        snac_servers.revive()
    receipt = desk.connector.look_up(answer)
    assert receipt is not None
    snac_servers.a.hurry()
    replies = eventually(lambda: snac_servers.b.replies_to(post.uri), 60)
    assert [reply["id"] for reply in replies] == [receipt.external_id]
    assert len(snac_servers.a.replies_to(post.uri)) == 1


def _passed_on(server: SnacServer, request: bytes) -> bytes:
    with socket.create_connection((server.address, 80), timeout=10) as line:
        line.sendall(request)
        reply = b""
        while piece := line.recv(65536):
            reply += piece
    return reply


def test_a_private_answer_that_never_got_through_is_surely_not_there(desk: Desk, resident: SnacUser) -> None:
    resident.post(f"@{desk.town.handle} hallo", visibility="direct")
    lost = desk.answer(desk.next(), "Nooit verstuurd.", attempted_at=datetime.now(UTC) - timedelta(seconds=40))
    assert desk.connector.look_up(lost) is None


def test_an_answer_to_a_server_that_is_down_was_certainly_not_sent(desk: Desk, resident: SnacUser) -> None:
    resident.post(f"@{desk.town.handle} hallo")
    post = desk.next()
    desk.town.server.stop()
    with pytest.raises(NotSent):
        desk.connector.send(desk.answer(post, "Hallo terug."))
    with pytest.raises(NotSent):
        desk.connector.fetch(desk.cursor)


def test_an_answer_to_a_message_that_is_gone_is_not_published_loose(desk: Desk, resident: SnacUser) -> None:
    resident.post(f"@{desk.town.handle} hallo")
    post = desk.next()
    with pytest.raises(Permanent):
        desk.connector.send(
            Outgoing(str(uuid4()), "Hallo terug.", Visibility.PUBLIC, post.author, post.uri, "",
                     {**post.reply_data, "status_id": "0000000000" + "0" * 32})
        )  # fmt: skip
    assert desk.town.server.statuses_of(desk.town) == []


def test_the_check_tells_what_was_found_and_refuses_a_wrong_token(desk: Desk) -> None:
    assert desk.town.name in desk.connector.check()
    with pytest.raises(Permanent):
        Mastodon(desk.connector.settings, {"token": "0" * 32}).check()
    with pytest.raises(Permanent):
        Mastodon({**desk.connector.settings, "account": "iemand"}, desk.connector.secrets).check()


def test_a_real_server_is_searched_for_what_was_said_in_public(desk: Desk, resident: SnacUser) -> None:
    """snac knows what reached it: what residents elsewhere said to the town, and what its own people say."""
    word = f"kwartel{uuid4().hex[:8]}"
    said = resident.post(f"@{desk.town.handle} feest bij de #{word}")
    eventually(desk.fetch)
    found = eventually(lambda: desk.connector.search([word]))
    assert [one.uri for one in found] == [said["uri"]]
    assert desk.connector.search([f"nooitgezegd{uuid4().hex[:8]}"]) == []
