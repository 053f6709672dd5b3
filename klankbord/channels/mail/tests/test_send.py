"""Every way in which sending can go wrong ends in the right word: not sent, never, or uncertain."""

from __future__ import annotations

import re
import socket

import pytest

from klankbord.channels.contract import ChannelError, NotSent, OutgoingFile, Permanent, Uncertain
from klankbord.channels.mail.client import NotEncrypted, WrongPassword
from klankbord.channels.mail.tests.faulty_smtp import DROP_IN_BODY, HANG_UP, SILENT, FaultySmtp
from klankbord.channels.mail.tests.made import ADDRESS, CLIENT_ID, OUR_ID, RESIDENT, HastyMail, channel, outgoing


class Impatient(HastyMail):
    answer_seconds = 0.5


@pytest.mark.parametrize(
    ("answers", "wanted"),
    [
        ({"GREETING": HANG_UP}, NotSent),
        ({"GREETING": SILENT}, NotSent),
        ({"GREETING": "421 too busy"}, NotSent),
        ({"GREETING": "554 no service"}, NotSent),
        ({"EHLO": HANG_UP}, NotSent),
        ({"MAIL": HANG_UP}, NotSent),
        ({"MAIL": SILENT}, NotSent),
        ({"MAIL": "451 later"}, NotSent),
        ({"MAIL": "550 not you"}, Permanent),
        ({"RCPT": HANG_UP}, NotSent),
        ({"RCPT": SILENT}, NotSent),
        ({"RCPT": "450 greylisted"}, NotSent),
        ({"RCPT": "550 no such user"}, Permanent),
        ({"DATA": HANG_UP}, NotSent),
        ({"DATA": SILENT}, NotSent),
        ({"DATA": "451 later"}, NotSent),
        ({"DATA": "554 no"}, Permanent),
        ({"DATA": "250 what"}, NotSent),
        ({"BODY": DROP_IN_BODY}, NotSent),
        ({"END": "451 later"}, NotSent),
        ({"END": "421 closing"}, NotSent),
        ({"END": "554 spam"}, Permanent),
        ({"END": HANG_UP}, Uncertain),
        ({"END": SILENT}, Uncertain),
        ({"END": "hello?"}, Uncertain),
        ({"END": "354 more"}, Uncertain),
        ({"END": "250 " + "x" * 20_000}, Uncertain),
    ],
)
def test_each_fault_has_its_word(answers: dict[str, str], wanted: type[ChannelError]) -> None:
    with FaultySmtp(answers) as server:
        patient = channel(server.port)
        # A body larger than the socket's buffers, so that a break in its middle is noticed there.
        files = (OutgoingFile("kaart.bin", "a/b", b"x" * 20_000_000, ""),) if "BODY" in answers else ()
        with pytest.raises(ChannelError) as raised:
            Impatient(patient.settings, patient.secrets).send(outgoing(files=files))
    assert type(raised.value) is wanted
    assert "geheim" not in str(raised.value)
    assert bool(server.taken) == ("END" in answers)


def test_a_server_that_hangs_up_instead_of_saying_goodbye_has_the_answer() -> None:
    with FaultySmtp({"QUIT": HANG_UP}) as server:
        receipt = channel(server.port).send(outgoing(client_id=CLIENT_ID))
    assert receipt.external_id == f"mid:<{OUR_ID}>"
    assert len(server.taken) == 1


def test_a_copy_goes_to_ourselves_unless_switched_off() -> None:
    with FaultySmtp() as server:
        channel(server.port).send(outgoing())
        channel(server.port, copy_to_self=False).send(outgoing())
    recipients = [line.partition(":")[2].strip("<>").lower() for line in server.commands if line.startswith("rcpt")]
    assert recipients == [RESIDENT, ADDRESS, RESIDENT]


def test_lines_that_begin_with_a_dot_survive() -> None:
    with FaultySmtp() as server:
        channel(server.port).send(outgoing(text=".\n..\nQUIT\n."))
    assert re.search(rb"\r\n\.\.\r\n\.\.\.\r\nQUIT\r\n\.\.\r\n", server.taken[0])


def test_nobody_listening_means_not_sent() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(NotSent):
            channel(unused.getsockname()[1]).send(outgoing())


def test_a_refused_password_needs_a_person() -> None:
    with (
        FaultySmtp({"EHLO": "250-exercise\r\n250 AUTH PLAIN", "AUTH": "535 no"}) as server,
        pytest.raises(WrongPassword),
    ):
        channel(server.port, smtp_user=ADDRESS).send(outgoing())


def test_without_encryption_no_password_leaves_this_machine() -> None:
    with pytest.raises(NotEncrypted):
        channel(25, smtp_host="mail.klankendam.example").send(outgoing())


def test_a_server_that_cannot_encrypt_gets_nothing() -> None:
    with FaultySmtp() as server, pytest.raises(NotEncrypted):
        channel(server.port, smtp_security="starttls").send(outgoing())
    assert not any(line.lower().startswith("mail") for line in server.commands)


def test_without_copies_nobody_can_look_up() -> None:
    with pytest.raises(Uncertain):
        channel(copy_to_self=False).look_up(outgoing())


def test_an_unreachable_mailbox_leaves_it_uncertain() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(Uncertain):
            channel(imap_port=unused.getsockname()[1]).look_up(outgoing())
