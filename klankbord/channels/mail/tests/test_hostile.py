"""Whatever somebody sends: it is shown, or put in quarantine in full, and never takes us down."""

from __future__ import annotations

import base64
import time
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.channels.contract import PostArrived, Unparseable
from klankbord.channels.mail.message import understand
from klankbord.channels.mail.quotes import cut_quoted
from klankbord.channels.mail.tests.made import OWN, RESIDENT, mail, post
from klankbord.channels.mail.words import html_to_text

PATIENCE_SECONDS = 10


def _nested(depth: int) -> bytes:
    opening = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n" for n in range(depth))
    return f"From: {RESIDENT}\nSubject: diep\n{opening}Content-Type: text/plain\n\nonderin\n".encode()


HOSTILE = {
    "10,000 parts in each other": _nested(10_000),
    "40 parts in each other": _nested(40),
    "mails in mails": mail("Content-Type: message/rfc822\n\n" * 5_000, Content_Type="message/rfc822"),
    "10,000 parts side by side": mail("--g\n\nx\n" * 10_000, Content_Type="multipart/mixed; boundary=g"),
    "10,000 files": mail("--g\nContent-Type: a/b\n\nx\n" * 10_000, Content_Type="multipart/mixed; boundary=g"),
    "200,000 headers": b"X: y\r\n" * 200_000 + mail(),
    "a header of 5 MB": b"X: " + b"y" * 5_000_000 + b"\r\n" + mail(),
    "a subject of 1 MB": mail(Subject="=?utf-8?q?" + "=C3=A9" * 150_000 + "?="),
    "100,000 addresses": mail(From=", ".join([RESIDENT] * 100_000)),
    "comments in comments": mail(From="(" * 9_000 + RESIDENT),
    "a line of 10 MB": mail("x" * 10_000_000),
    "only spaces and angles": mail("> " * 200_000 + "\n" + " \n>" * 100_000),
    "lines that look like attributions": mail(("Op " + "1 " * 280 + ":\n") * 800),
    "25,000 attributions": mail("A schreef op 3:\nx\n" * 25_000 + "> y\n"),
    "lines that look even more like attributions": mail(("Op " + "schreef 1 " * 58 + ":\n\nx\n") * 800),
    "NUL everywhere": mail("a\0b", Subject="a\0b", From=f"a\0b <{RESIDENT}>", Message_ID="<a\0b@c>"),
    "broken base64": mail("!!!not base64===", Content_Transfer_Encoding="base64"),
    "unknown transfer encoding": mail("tekst", Content_Transfer_Encoding="x-vreemd"),
    "broken uuencode": mail("begin 666 a\n\x7f\x7f\x7f\nend", Content_Transfer_Encoding="x-uuencode"),
    "a codec that is no charset": mail("tekst", Content_Type="text/plain; charset=zlib_codec"),
    "a charset in disguise": mail("tekst", Content_Type="text/plain; charset*=utf-8'%ff'idna"),
    "no boundary": mail("tekst", Content_Type="multipart/mixed"),
    "a broken type": mail("tekst", Content_Type=';;;=;"\\'),
    "parameters in pieces": mail("x", Content_Type="application/x; name*0*=a'b'c; name*x=1; name*1*=%zz; name*99999=1"),
    "no sender": mail(From="", Return_Path=""),
    "headers only": b"From: a@b.example\r\nSubject: leeg",
    "no headers": b"zomaar wat tekst",
    "half characters": mail(Subject="=?utf-16?b?2AA=?="),
    "winmail.dat": mail(
        "--g\nContent-Type: application/ms-tnef; name=winmail.dat\nContent-Transfer-Encoding: base64\n\n"
        "eJ8+IgAQ\n--g--",
        Content_Type="multipart/mixed; boundary=g",
    ),
    "100,000 times div": mail("<div>" * 100_000 + "x", Content_Type="text/html"),
    "100,000 quotations in each other": mail("<blockquote>" * 100_000 + "x", Content_Type="text/html"),
    "50,000 fonts, each different": mail(
        "".join(f"<p><font color={n}>" for n in range(50_000)), Content_Type="text/html"
    ),
    "20,000 tables in each other": mail("<table><tr><td>" * 20_000, Content_Type="text/html"),
    "50,000 paragraphs": mail("<p>x" * 50_000, Content_Type="text/html"),
    "50,000 list items": mail("<ul>" + "<li>x" * 50_000, Content_Type="text/html"),
    "half tags": mail("<a <b <!-- <![CDATA[ <" * 20_000, Content_Type="text/html"),
    "100,000 links": mail("<a href='https://x.example/" * 50_000, Content_Type="text/html"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_mail_is_shown_soon_and_without_what_a_database_refuses(name: str) -> None:
    begun = time.process_time()
    (found,) = understand(HOSTILE[name], OWN)
    assert time.process_time() - begun < PATIENCE_SECONDS
    assert isinstance(found, PostArrived)
    for text in (found.uri, found.text, found.html, found.quoted, found.subject, found.author.name, str(found)):
        assert "\0" not in text
        text.encode("utf-8")
    assert len(found.uri) < 300
    assert len(found.subject) <= 500
    assert len(found.attachments) <= 50


def test_an_empty_mail_goes_to_quarantine() -> None:
    with pytest.raises(Unparseable):
        understand(b"\r\n\r\n", OWN)


def test_a_compressed_file_is_kept_and_not_opened() -> None:
    bomb = zlib.compress(b"\0" * 50_000_000, 9)
    encoded = base64.encodebytes(bomb).decode()
    body = f"--g\nContent-Type: application/zip; name=a.zip\nContent-Transfer-Encoding: base64\n\n{encoded}--g--"
    (file,) = post(mail(body, Content_Type="multipart/mixed; boundary=g")).attachments
    assert file.content == bomb


@given(st.binary(max_size=2_000))
def test_any_bytes_are_understood_or_unparseable(body: bytes) -> None:
    _understood(body)


_LINES = st.sampled_from(
    [
        b"From: a@b.example",
        b"From: =?x?b?",
        b"Content-Type: multipart/mixed; boundary=g",
        b"Content-Type: multipart/report; report-type=delivery-status; boundary=g",
        b"Content-Type: message/delivery-status",
        b"Content-Type: message/rfc822",
        b"Content-Type: text/html; charset=utf-7",
        b"Content-Type: text/plain; format=flowed; delsp=yes",
        b"Content-Transfer-Encoding: base64",
        b"Content-Transfer-Encoding: quoted-printable",
        b"Content-Transfer-Encoding: uuencode",
        b"Content-Disposition: attachment; filename*0*=utf-8''a; filename*1=b",
        b"Date: 31 Feb 99999 99:99:99 +9999",
        b"Return-Path: <>",
        b"Message-ID: <<>>@<>",
        b"References: <a@b> c <d",
        b"X-Klankbord-Fetched: received=9999-99-99T; size=1; complete=no",
        b"X-Klankbord-Fetched: received=0001-01-01T00:00:00+14:00; size=1; complete=no",
        b"--g",
        b"--g--",
        b"",
        b"> ",
        b"Van: x",
        b"Op 1 om 1:11 schreef a@b:",
        b"<blockquote><p>&#0;&#xd800;",
        b"=C3=28=",
        b"begin 666 x",
        "é\u202e\ud7ff".encode(),
        b"\xff\xfe\x00",
    ]
)


@settings(max_examples=300)
@given(st.lists(st.one_of(_LINES, st.binary(max_size=30)), max_size=25))
def test_any_heap_of_mail_lines_is_understood_or_unparseable(lines: list[bytes]) -> None:
    _understood(b"\r\n".join(lines))


@given(st.text(max_size=500))
def test_no_word_is_lost_when_history_is_cut(text: str) -> None:
    cut = cut_quoted(text)
    assert sorted("".join([*cut.text, *cut.quoted]).split()) == sorted(text.split()) or sorted(
        character for character in cut.text + cut.quoted if not character.isspace()
    ) == sorted(character for character in text if not character.isspace())


@given(st.text(alphabet="<>/abp&;#=\"' \n", max_size=300))
def test_any_html_gives_text(source: str) -> None:
    text, _alts = html_to_text(source)
    assert "<script" not in text


def _understood(body: bytes) -> None:
    try:
        events = understand(body, OWN)
    except Unparseable:
        return
    assert len(events) == 1
    str(events).encode("utf-8")
