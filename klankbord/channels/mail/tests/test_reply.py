"""An answer as a mail: it threads, it says who sends it, and no word of it can become a header."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.channels.contract import AuthorData, OutgoingFile, Permanent
from klankbord.channels.mail.reply import compose
from klankbord.channels.mail.tests.made import ADDRESS, CLIENT_ID, OUR_ID, OWN, RESIDENT, mail, outgoing, post

NOW = datetime(2025, 3, 3, 10, tzinfo=UTC)


def composed(name: str = "Gemeente Klankendam", signature: str = "", **changes: Any) -> EmailMessage:
    raw = compose(outgoing(**changes), OWN, name, signature, NOW).message
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.isascii()
    return message_from_bytes(raw, policy=policy.default)


def test_an_answer_belongs_to_its_thread_and_names_its_sender() -> None:
    answer = composed(client_id=CLIENT_ID)
    assert answer["Message-ID"] == f"<{OUR_ID}>"
    assert answer["In-Reply-To"] == "<vraag-1@bewoners.example>"
    assert answer["References"] == "<vraag-1@bewoners.example>"
    assert answer["From"] == f"Gemeente Klankendam <{ADDRESS}>"
    assert answer["To"] == f"Jo Bewoner <{RESIDENT}>"
    assert answer["Subject"] == "Re: Afval"
    assert answer["Date"].datetime == NOW
    assert "Auto-Submitted" not in answer
    assert "Bcc" not in answer
    assert answer.get_content().strip() == outgoing().text


def test_an_answer_to_a_mail_as_it_was_read_keeps_long_ids_whole() -> None:
    long = "x" * 180 + "@bewoners.example"
    question = post(mail(Message_ID=f"<{long}>", References=f"<begin@x.example> <{long}2>"))
    answer = composed(reply_data=question.reply_data, parent_uri=question.uri)
    assert answer["In-Reply-To"].split() == [f"<{long}>"]
    assert answer["References"].split() == ["<begin@x.example>", f"<{long}2>", f"<{long}>"]


def test_a_retry_has_the_same_message_id() -> None:
    one = outgoing(client_id=CLIENT_ID)
    assert compose(one, OWN, "", "", NOW).message_id == compose(one, OWN, "", "", NOW.replace(hour=12)).message_id


@pytest.mark.parametrize("subject", ["Afval", "Re: Afval", "RE: Antw: Re: Afval", "Antw: Afval"])
def test_the_subject_gets_one_re(subject: str) -> None:
    assert composed(subject=subject)["Subject"] == "Re: Afval"


def test_words_in_any_script_and_of_any_length_arrive_unharmed() -> None:
    text = "één — «сад» 🌳 " + "lang " * 400 + "\n.\n..punt\nFrom hier\n\n" + "y" * 3_000
    assert composed(text=text).get_content().replace("\r\n", "\n").rstrip("\n") == text


def test_the_signature_stands_below() -> None:
    assert composed(signature="Team webcare").get_content().endswith("\r\n-- \r\nTeam webcare\r\n")


def test_files_go_along_with_their_alternative_text() -> None:
    file = OutgoingFile("kaart \r\nBcc: x.png", "image/png", b"\x89PNG", "Kaart van de wijk")
    odd = OutgoingFile("b.eml", "message/rfc822", b"From: a\n\nb", "")
    first, second = composed(files=(file, odd)).iter_attachments()
    assert first.get_filename() == "kaart Bcc: x.png"
    assert first.get_content() == b"\x89PNG"
    assert first["Content-Description"] == "Kaart van de wijk"
    assert second.get_content_type() == "application/octet-stream"
    assert second.get_content() == b"From: a\n\nb"


@pytest.mark.parametrize(
    "address", ["", "geen adres", "a@b.example\r\nBcc: c@d.example", "a@b.example, c@d.example", "é@b.example", "a@b@c"]
)
def test_what_is_no_address_gets_no_mail(address: str) -> None:
    with pytest.raises(Permanent):
        composed(reply_data={"to": address}, to=AuthorData(address, address))


def test_a_domain_in_other_letters_is_written_in_idna() -> None:
    to = "jo@bürger.example"
    assert compose(outgoing(reply_data={"to": to}), OWN, "", "", NOW).recipient == "jo@xn--brger-kva.example"


def test_an_answer_that_is_too_long_is_refused_and_not_shortened() -> None:
    with pytest.raises(Permanent):
        composed(text="x" * 100_001)


def test_an_answer_without_a_mark_of_its_own_is_refused() -> None:
    with pytest.raises(Permanent):
        composed(client_id="1")


def test_too_many_bytes_are_refused_before_anything_is_sent() -> None:
    with pytest.raises(Permanent):
        composed(files=(OutgoingFile("a.bin", "a/b", b"x" * 20_000_001, ""),))


_EVIL = st.text(alphabet='ab:\r\n\t <>@"\\,;=?\u2028\x0b\x85é🌳\0', max_size=80)


@given(_EVIL, _EVIL, _EVIL, _EVIL, st.lists(_EVIL, max_size=3))
def test_no_word_can_become_a_header(name: str, sender: str, subject: str, parent: str, references: list[str]) -> None:
    data = {"to": RESIDENT, "message_id": parent, "references": references, "subject": subject}
    file = OutgoingFile(name, sender, b"x", subject)
    answer = composed(
        sender_name=sender,
        subject=subject,
        reply_data=data,
        parent_uri=parent,
        language=name,
        to=AuthorData(RESIDENT, RESIDENT, name),
        files=(file,),
    )
    allowed = {"Message-ID", "Date", "In-Reply-To", "References", "From", "To", "Subject", "MIME-Version"}
    assert set(answer.keys()) <= allowed | {"Content-Type", "Content-Language"}
    assert len(answer.keys()) == len(set(answer.keys()))
    assert answer["To"].addresses[0].addr_spec == RESIDENT
    assert len(answer["To"].addresses) == len(answer["From"].addresses) == 1
