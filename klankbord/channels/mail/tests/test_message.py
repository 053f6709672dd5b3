"""What a well-behaved mail means."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from klankbord.channels.contract import Visibility
from klankbord.channels.mail.message import Trace, with_trace
from klankbord.channels.mail.tests.made import ADDRESS, RESIDENT, mail, post


def test_a_plain_question_has_all_it_needs() -> None:
    found = post(mail())
    assert found.uri == "mid:<vraag-1@bewoners.example>"
    assert found.author.network_id == RESIDENT
    assert found.author.name == "Jo Bewoner"
    assert found.subject == "Afval"
    assert found.text == "Wanneer wordt het afval opgehaald?"
    assert found.visibility is Visibility.DIRECT
    assert found.published_at == datetime(2025, 3, 3, 8, 12, tzinfo=UTC)
    assert (found.root_uri, found.parent_uri) == ("", "")
    assert found.reply_data["to"] == RESIDENT


def test_only_the_domain_of_a_message_id_loses_its_capitals() -> None:
    assert post(mail(Message_ID="<AbC@Bewoners.Example>")).uri == "mid:<AbC@bewoners.example>"


def test_without_message_id_the_same_mail_has_the_same_name_and_another_one_another() -> None:
    first, again, other = post(mail(Message_ID="")), post(mail(Message_ID="")), post(mail("Anders", Message_ID=""))
    assert first.uri == again.uri != other.uri
    assert first.uri.startswith("mail:sha256:")


def test_the_moment_of_fetching_does_not_change_the_name_of_a_mail_without_message_id() -> None:
    plain = mail(Message_ID="")
    traced = with_trace(plain, Trace(datetime(2025, 3, 3, tzinfo=UTC), len(plain)))
    assert post(plain).uri == post(traced).uri


def test_a_very_long_message_id_gets_a_short_name_and_is_answered_by_its_own() -> None:
    long = "a" * 600 + "@bewoners.example"
    found = post(mail(Message_ID=f"<{long}>"))
    assert len(found.uri) < 100
    assert found.reply_data["message_id"] == long
    assert post(mail(Message_ID="<b@c>", In_Reply_To=f"<{long}>")).parent_uri == found.uri


def test_root_and_parent_come_from_references() -> None:
    found = post(mail(References="<begin@x.example>\r\n <midden@x.example>", In_Reply_To="<midden@x.example>"))
    assert found.root_uri == "mid:<begin@x.example>"
    assert found.parent_uri == "mid:<midden@x.example>"


def test_without_references_the_answered_mail_is_the_root() -> None:
    found = post(mail(In_Reply_To="<begin@x.example>"))
    assert found.root_uri == found.parent_uri == "mid:<begin@x.example>"


def test_a_long_chain_keeps_its_first_and_its_last_names() -> None:
    chain = [f"<{number}@x.example>" for number in range(100)]
    references = post(mail(References=" ".join(chain))).reply_data["references"]
    assert references[0] == "0@x.example"
    assert references[-1] == "99@x.example"
    assert len(references) == 20


@pytest.mark.parametrize(
    ("charset", "encoded"),
    [
        ("utf-8", "één kapótte lantaarn €".encode()),
        ("iso-8859-1", "één kapótte lantaarn €".encode()),
        ("us-ascii", "één kapótte lantaarn €".encode()),
        ("windows-1252", "één kapótte lantaarn €".encode("cp1252")),
        ("iso-8859-1", "één kapótte lantaarn €".encode("cp1252")),
        ("does-not-exist", "één kapótte lantaarn €".encode("cp1252")),
        ("utf-8", "één kapótte lantaarn €".encode("cp1252")),
        ("iso-8859-15", "één kapótte lantaarn €".encode("iso-8859-15")),
        ("utf-16", "één kapótte lantaarn €".encode("utf-16")),
        ("punycode", "één kapótte lantaarn €".encode()),
    ],
)
def test_text_is_read_whatever_charset_was_told(charset: str, encoded: bytes) -> None:
    raw = mail("", Content_Type=f"text/plain; charset={charset}") + encoded
    assert post(raw).text == "één kapótte lantaarn €"


def test_encoded_words_in_subject_and_name() -> None:
    found = post(
        mail(
            Subject="=?utf-8?q?Caf=C3=A9?= =?utf-8?b?IG92ZXJsYXN0?= op de markt",
            From=f"=?iso-8859-1?q?Andr=E9?= <{RESIDENT.upper()}>",
        )
    )
    assert found.subject == "Café overlast op de markt"
    assert found.author.name == "André"
    assert found.author.network_id == RESIDENT


def test_a_name_cannot_turn_the_writing_direction() -> None:
    assert post(mail(From=f'"\u202egnp.exe\u2066" <{RESIDENT}>')).author.name == "gnp.exe"


def test_answers_go_to_reply_to_but_the_author_stays_who_wrote() -> None:
    found = post(mail(Reply_To="Thuis <thuis@bewoners.example>"))
    assert found.author.network_id == RESIDENT
    assert found.reply_data["to"] == "thuis@bewoners.example"


def test_an_own_address_in_reply_to_is_not_answered() -> None:
    assert post(mail(Reply_To=ADDRESS)).reply_data["to"] == RESIDENT


def test_a_web_form_that_sends_from_our_address_speaks_for_the_person_in_reply_to() -> None:
    found = post(mail(From=ADDRESS, Reply_To=f"Jo <{RESIDENT}>", Auto_Submitted="auto-generated"))
    assert found.author.network_id == RESIDENT


def test_a_mail_without_sender_is_still_there_to_read() -> None:
    found = post(mail(From="", Return_Path=""))
    assert found.text
    assert found.author.network_id.startswith("unknown:")
    assert found.reply_data["to"] == ""


def test_a_clock_that_cannot_be_right_gives_way_to_the_moment_of_arrival() -> None:
    received = datetime(2025, 3, 3, 8, 15, tzinfo=UTC)
    for date in ("Mon, 03 Mar 2099 09:12:00 +0100", "Thu, 01 Jan 1970 00:00:00 +0000", "gisteren", ""):
        assert post(with_trace(mail(Date=date), Trace(received, 1))).published_at == received


def test_only_the_first_line_can_tell_when_we_fetched_it() -> None:
    forged = b"X-Klankbord-Fetched: received=2001-01-01T00:00:00+00:00; size=1; complete=no\r\n"
    received = datetime(2025, 3, 3, 8, 15, tzinfo=UTC)
    found = post(with_trace(forged + mail(), Trace(received, 500)))
    assert found.text == "Wanneer wordt het afval opgehaald?"
    assert found.published_at == datetime(2025, 3, 3, 8, 12, tzinfo=UTC)


def test_a_mail_that_was_too_large_says_so_and_shows_no_cut_files() -> None:
    raw = _mixed("Zie bijlage.", "Content-Type: video/mp4; name=film.mp4\nContent-Transfer-Encoding: base64\n\nAAAA")
    found = post(with_trace(raw, Trace(datetime(2025, 3, 3, tzinfo=UTC), 31_000_000, complete=False)))
    assert found.text.startswith("Zie bijlage.")
    assert "31 MB" in found.text
    assert found.attachments == ()


def test_html_becomes_readable_text_and_is_kept() -> None:
    source = (
        "<style>p{color:red}</style><p>Beste&nbsp;gemeente,</p><p>Kijk <a href='https://x.example/a'>hier</a>.</p>"
        "<ul><li>een</li><li>twee</li></ul><script>alert(1)</script>"
    )
    found = post(mail(source, Content_Type="text/html; charset=utf-8"))
    assert found.text == "Beste gemeente,\nKijk hier <https://x.example/a>.\n- een\n- twee"
    assert found.html == source


def test_of_alternatives_the_plain_words_are_shown_unless_empty() -> None:
    both = _multi("alternative", "Content-Type: text/plain\n\nPlat", "Content-Type: text/html\n\n<p>Rijk</p>")
    assert post(both).text == "Plat"
    assert post(both).html.strip() == "<p>Rijk</p>"
    empty = _multi("alternative", "Content-Type: text/plain\n\n \n", "Content-Type: text/html\n\n<p>Rijk</p>")
    assert post(empty).text == "Rijk"


def test_words_around_a_picture_are_all_there() -> None:
    raw = _multi(
        "mixed",
        "Content-Type: text/plain\n\nEerst",
        "Content-Type: image/png; name=foto.png\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=",
        "Content-Type: text/plain\n\nDaarna",
    )
    found = post(raw)
    assert found.text == "Eerst\n\nDaarna"
    (file,) = found.attachments
    assert (file.filename, file.content_type, file.content) == ("foto.png", "image/png", b"\x89PNG\r\n\x1a\n")


def test_an_inline_picture_keeps_its_alternative_text() -> None:
    raw = _multi(
        "related",
        'Content-Type: text/html\n\n<p>Zie <img src="cid:foto1" alt="Scheve stoeptegel"></p>',
        "Content-Type: image/png\nContent-ID: <foto1>\nContent-Transfer-Encoding: base64\n\niVBORw0KGgo=",
    )
    (file,) = post(raw).attachments
    assert file.alt_text == "Scheve stoeptegel"
    assert file.filename.endswith(".png")


def test_a_mail_inside_the_mail_is_a_file() -> None:
    raw = _mixed("Zie onder.", "Content-Type: message/rfc822\n\nSubject: Oude vraag\nFrom: a@b.example\n\nToen")
    found = post(raw)
    assert found.text == "Zie onder."
    (file,) = found.attachments
    assert file.filename == "Oude vraag.eml"
    assert file.content_type == "message/rfc822"
    assert b"Toen" in (file.content or b"")


def test_a_file_name_loses_its_folders() -> None:
    raw = _mixed("x", 'Content-Type: application/pdf\nContent-Disposition: attachment; filename="../../etc/a.pdf"\n\nx')
    assert post(raw).attachments[0].filename == "a.pdf"


def test_a_file_name_in_two_encodings_is_read() -> None:
    raw = _mixed(
        "x", "Content-Type: application/pdf\nContent-Disposition: attachment; filename*=utf-8''caf%C3%A9.pdf\n\nx"
    )
    assert post(raw).attachments[0].filename == "café.pdf"


def test_flowed_lines_become_whole_again() -> None:
    text = "Dit is een lange \nregel.\n-- \nJo"
    assert post(mail(text, Content_Type="text/plain; format=flowed")).text == "Dit is een lange regel.\n-- \nJo"


def test_an_encrypted_mail_says_that_it_cannot_be_read() -> None:
    raw = _multi("encrypted", "Content-Type: application/pgp-encrypted\n\nVersion: 1")
    assert "encrypted" in post(raw).text or "versleuteld" in post(raw).text


def _mixed(text: str, *parts: str) -> bytes:
    return _multi("mixed", f"Content-Type: text/plain; charset=utf-8\n\n{text}", *parts)


def _multi(kind: str, *parts: str) -> bytes:
    body = "".join(f"--grens\n{part}\n" for part in parts) + "--grens--\n"
    return mail(body, Content_Type=f"multipart/{kind}; boundary=grens")
