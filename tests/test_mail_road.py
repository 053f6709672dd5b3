"""The mail connector against a real Postfix and Dovecot; all counting is done in their own Maildirs."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy

import pytest

from klankbord.channels.contract import (
    ChannelError,
    DeliveryFailed,
    DeliverySeen,
    Envelope,
    NotSent,
    Permanent,
    PostArrived,
    Receipt,
    Uncertain,
)
from klankbord.channels.mail import channel as channel_module
from klankbord.channels.mail.client import MissingFolder, NotEncrypted, Unreachable, WrongPassword
from tests.mail_desk import Desk, answer_to
from tests.servers.mail import PASSWORD, MailServers, Server, queue_id, wait_until

pytestmark = pytest.mark.real


@pytest.fixture
def desk(mail_servers: MailServers) -> Desk:
    mark = uuid.uuid4().hex[:8]
    one = Desk(mail_servers, f"webcare-{mark}@klankendam.example", f"jo-{mark}@bewoners.example")
    mail_servers.add_user(one.address, PASSWORD)
    mail_servers.add_user(one.resident, PASSWORD)
    return one


@contextmanager
def down(servers: MailServers, server: Server) -> Iterator[None]:
    """A server that was killed, back when we leave."""
    servers.kill(server)
    try:
        yield
    finally:
        servers.start(server)


def test_question_answer_and_reaction_are_one_thread(desk: Desk) -> None:
    question_id = desk.write()
    (question,) = desk.arrived()
    assert question.uri == f"mid:{question_id}"

    connector = desk.connector()
    outgoing = answer_to(question)
    receipt = connector.send(outgoing)
    assert receipt.external_id == connector.identity(outgoing)
    (raw,) = desk.servers.wait_for_mail(desk.resident, 1)
    answer = message_from_bytes(raw, policy=policy.default)
    assert answer["In-Reply-To"] == question_id
    assert f"mid:{answer['Message-ID']}" == receipt.external_id
    assert answer["Subject"] == "Re: Afval"

    desk.servers.wait_for_mail(desk.address, 2)
    assert desk.events() == [DeliverySeen(receipt.external_id)]

    desk.write("Dank u!", In_Reply_To=answer["Message-ID"], References=f"{question_id} {answer['Message-ID']}")
    (reaction,) = desk.arrived(3)
    assert reaction.parent_uri == receipt.external_id
    assert reaction.root_uri == question.uri

    connector.send(answer_to(reaction, "Graag gedaan."))
    last = message_from_bytes(desk.servers.wait_for_mail(desk.resident, 2)[-1], policy=policy.default)
    assert last["References"].split()[0] == question_id
    assert len(desk.servers.mailbox(desk.resident)) == 2


def test_reading_changes_nothing_in_the_mailbox(desk: Desk) -> None:
    desk.write()
    desk.arrived()
    folder = desk.servers.root / "mail" / desk.address
    names = [file.name for part in ("new", "cur") for file in (folder / part).iterdir()]
    assert len(names) == 1
    assert not names[0].partition(":2,")[2]


def test_nothing_comes_twice_and_each_mail_keeps_its_key(desk: Desk) -> None:
    for number in range(5):
        desk.write(f"vraag {number}")
    desk.servers.wait_for_mail(desk.address, 5)
    first = desk.connector().fetch({})
    assert len({envelope.key for envelope in first.envelopes}) == 5
    assert desk.connector().fetch(first.cursor).envelopes == []
    again = desk.connector().fetch({})
    assert {(one.key, one.body) for one in again.envelopes} == {(one.key, one.body) for one in first.envelopes}


def test_a_full_mailbox_comes_in_batches_lowest_number_first(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "BATCH_COUNT", 3)
    for number in range(7):
        desk.write(f"vraag {number}")
    desk.servers.wait_for_mail(desk.address, 7)
    envelopes = desk.fetch()
    uids = [int(envelope.key.partition(":")[2]) for envelope in envelopes]
    assert uids == sorted(uids)
    posts = [event for envelope in envelopes for event in desk.connector().parse(envelope.body)]
    assert sorted(post.text for post in posts if isinstance(post, PostArrived)) == [f"vraag {n}" for n in range(7)]


def test_idle_hints_within_a_second(desk: Desk) -> None:
    desk.write()
    desk.arrived()
    connector = desk.connector()
    hints: list[float] = []

    def watch() -> None:
        assert connector.wait(20, desk.cursor)
        hints.append(time.monotonic())

    watcher = threading.Thread(target=watch)
    watcher.start()
    time.sleep(0.5)
    begun = time.monotonic()
    desk.write()
    watcher.join(20)
    assert hints
    assert hints[0] - begun < 15  # seconds: before the wait itself is over
    assert len(desk.arrived(2)) == 1


def test_what_came_between_fetch_and_wait_is_hinted_at_once_and_silence_ends_in_time(desk: Desk) -> None:
    desk.write()
    desk.arrived()
    begun = time.monotonic()
    assert desk.connector().wait(0.3, desk.cursor) is False
    assert 0.3 <= time.monotonic() - begun < 15
    desk.write()
    desk.servers.wait_for_mail(desk.address, 2)
    assert desk.connector().wait(20, desk.cursor) is True


def test_a_renumbered_mailbox_is_read_again_with_a_gap_and_the_same_names(desk: Desk) -> None:
    desk.write("eerste")
    (before,) = desk.arrived()
    desk.servers.forget_numbering(desk.address)
    desk.write("tweede")
    desk.servers.wait_for_mail(desk.address, 2)
    batch = desk.connector().fetch(desk.cursor)
    assert batch.gap is not None
    assert batch.gap.since is not None
    events = [event for envelope in batch.envelopes for event in desk.connector().parse(envelope.body)]
    posts = [event for event in events if isinstance(event, PostArrived)]
    assert before.uri in [post.uri for post in posts]
    assert sorted(post.text for post in posts) == ["eerste", "tweede"]
    desk.cursor = batch.cursor
    assert desk.fetch() == []


def test_a_too_large_mail_arrives_in_part(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "LARGEST", 100_000)
    monkeypatch.setattr(channel_module, "BEGINNING_OF_LARGE", 5_000)
    desk.write("Te groot. " + "x" * 200_000)
    (found,) = desk.arrived()
    assert found.text.startswith("Te groot.")
    assert len(found.text) < 6_000


def test_an_unknown_resident_gives_a_bounce(desk: Desk) -> None:
    desk.write(Reply_To="weg@bewoners.example")
    (question,) = desk.arrived()
    receipt = desk.connector().send(answer_to(question))
    # The question, our copy, and the report of the real Postfix.
    desk.servers.wait_for_mail(desk.address, 3)
    events = desk.events()
    assert DeliverySeen(receipt.external_id) in events
    (failed,) = [event for event in events if isinstance(event, DeliveryFailed)]
    assert failed.external_id == receipt.external_id
    assert failed.permanent
    assert "User doesn't exist" in failed.reason


@pytest.mark.parametrize(("to", "wanted"), [("refused@x.example", Permanent), ("later@x.example", NotSent)])
def test_a_refused_recipient_is_told_apart_from_one_to_try_later(
    desk: Desk, to: str, wanted: type[ChannelError]
) -> None:
    desk.write(Reply_To=to)
    (question,) = desk.arrived()
    with pytest.raises(wanted):
        desk.connector().send(answer_to(question))
    time.sleep(0.3)
    assert len(desk.servers.mailbox(desk.address)) == 1


def test_look_up_finds_the_copy_and_only_trusts_its_absence_after_ten_minutes(desk: Desk) -> None:
    desk.write()
    (question,) = desk.arrived()
    sent = answer_to(question)
    receipt = desk.connector().send(sent)
    desk.servers.wait_for_mail(desk.address, 2)
    assert desk.connector().look_up(sent) == Receipt(receipt.external_id)
    with pytest.raises(Uncertain):
        desk.connector().look_up(answer_to(question))
    with pytest.raises(Uncertain):
        desk.connector().look_up(answer_to(question, attempted_at=None))
    long_ago = datetime.now(UTC) - timedelta(minutes=11)
    assert desk.connector().look_up(answer_to(question, attempted_at=long_ago)) is None
    with down(desk.servers, "postfix"), pytest.raises(Uncertain):
        desk.connector().look_up(answer_to(question, attempted_at=long_ago))


def test_what_an_administrator_filled_in_wrong_is_said_in_words(desk: Desk) -> None:
    assert desk.connector().check()
    for changes, wanted in (
        ({"imap_password": "fout"}, WrongPassword),
        ({"imap_password": "fout-één"}, WrongPassword),
        ({"smtp_password": "fout"}, WrongPassword),
        ({"imap_folder": "Bestaat niet"}, MissingFolder),
        ({"imap_security": "starttls"}, NotEncrypted),
        ({"imap_security": "ssl", "imap_port": desk.servers.imaps_port}, NotEncrypted),
        ({"imap_security": "ssl"}, NotEncrypted),
        ({"smtp_security": "starttls"}, NotEncrypted),
        ({"smtp_security": "ssl", "smtp_port": desk.servers.smtps_port}, NotEncrypted),
        ({"imap_host": "mail.klankendam.example"}, NotEncrypted),
    ):
        with pytest.raises(wanted) as raised:
            desk.connector(**changes).check()
        assert "fout" not in str(raised.value)


def test_a_password_with_letters_outside_ascii_works(desk: Desk) -> None:
    address, password = f"ander-{desk.address}", "gehéim-oefening"
    desk.servers.add_user(address, password)
    assert desk.connector(imap_user=address, smtp_user=address, imap_password=password, smtp_password=password).check()


@pytest.mark.parametrize("security", ["ssl", "starttls"])
def test_with_a_trusted_certificate_all_goes_encrypted(
    desk: Desk, security: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(desk.servers.ca_file))
    ports = {
        "ssl": {"imap_port": desk.servers.imaps_port, "smtp_port": desk.servers.smtps_port},
        "starttls": {},
    }[security]
    changes: dict[str, object] = {
        "imap_host": "localhost",
        "smtp_host": "localhost",
        "imap_security": security,
        "smtp_security": security,
        **ports,
    }
    desk.write()
    (question,) = desk.arrived()
    connector = desk.connector(**changes)
    assert connector.check()
    assert len(connector.fetch({}).envelopes) == 1
    connector.send(answer_to(question))
    assert len(desk.servers.wait_for_mail(desk.resident, 1)) == 1


def test_a_mailbox_that_dies_while_we_read_loses_and_doubles_nothing(desk: Desk) -> None:
    for number in range(60):
        desk.write(f"vraag {number} " + "x" * 20_000)
    desk.servers.wait_for_mail(desk.address, 60)
    killer = threading.Timer(0.05, desk.servers.kill, ["dovecot"])
    killer.start()
    envelopes: list[Envelope] = []
    interrupted = False
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            batch = desk.connector().fetch(desk.cursor)
        except Unreachable:
            interrupted = True
            killer.join()
            desk.servers.start("dovecot")
            continue
        envelopes += batch.envelopes
        desk.cursor = batch.cursor
        if not batch.more:
            break
    killer.join()
    if not interrupted:
        desk.servers.start("dovecot")
    events = [event for envelope in envelopes for event in desk.connector().parse(envelope.body)]
    uris = [event.uri for event in events if isinstance(event, PostArrived)]
    assert len(uris) == len(set(uris)) == len(desk.servers.mailbox(desk.address)) == 60


def test_mail_waits_outside_while_the_mailbox_is_down_and_comes_in_once(desk: Desk) -> None:
    with down(desk.servers, "dovecot"):
        desk.write()
        with pytest.raises(ChannelError):
            desk.connector().fetch({})
    (found,) = desk.arrived()
    assert found.text == "Wanneer komt de vuilniswagen?"
    assert len(desk.servers.mailbox(desk.address)) == 1


@pytest.mark.parametrize("after", [0.0, 0.01, 0.02, 0.04, 0.08])
def test_a_mail_server_that_dies_while_we_send_never_gets_an_answer_twice(desk: Desk, after: float) -> None:
    desk.write()
    (question,) = desk.arrived()
    outgoing = answer_to(question, "Morgen. " + "x" * 50_000)
    killer = threading.Timer(after, desk.servers.kill, ["postfix"])
    killer.start()
    uncertain = False
    try:
        desk.connector().send(outgoing)
        sent = True
    except NotSent:
        sent = False
    except Uncertain:
        uncertain, sent = True, False
    killer.join()
    desk.servers.start("postfix")
    if uncertain:
        with pytest.raises(Uncertain):
            desk.connector().look_up(answer_to(question))
        wait_until(lambda: desk.servers.waiting() == 0, "an empty queue")
        late = answer_to(question, client_id=outgoing.client_id, attempted_at=datetime.now(UTC) - timedelta(minutes=11))
        sent = desk.connector().look_up(late) is not None
    if not sent:
        desk.connector().send(outgoing)
    wait_until(lambda: desk.servers.waiting() == 0, "an empty queue")
    arrived = desk.servers.wait_for_mail(desk.resident, 1)
    assert len({queue_id(mail) for mail in arrived}) == 1
