"""From the bytes of one mail to what it means for us. Pure: the same bytes always give the same events."""

from __future__ import annotations

import hashlib
import re
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import Message
from email.parser import BytesParser
from typing import NamedTuple

from django.utils.translation import gettext as _

from klankbord.channels.contract import AuthorData, Event, Json, PostArrived, Unparseable, Visibility
from klankbord.channels.mail.automatic import automatic
from klankbord.channels.mail.identity import Own, Party, parties
from klankbord.channels.mail.parts import Content, content_of
from klankbord.channels.mail.quotes import cut_quoted
from klankbord.channels.mail.words import decode_words, header, message_ids, moment, one_line, uri_of

HEADER_BLOCK_LIMIT = 512 * 1024
MOST_REFERENCES = 20
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_TRACE = re.compile(
    rb"X-Klankbord-Fetched: received=(?P<received>[0-9T:+.-]{10,40}); "
    rb"size=(?P<size>\d{1,12}); complete=(?P<complete>yes|no)\r\n"
)


class Trace(NamedTuple):
    """What we noted on top of a mail when we fetched it: a line of our own, as every mail server adds one."""

    received: datetime | None = None
    size: int = 0
    complete: bool = True


def with_trace(body: bytes, trace: Trace) -> bytes:
    received = (trace.received or EARLIEST).astimezone(UTC).isoformat()
    complete = "yes" if trace.complete else "no"
    return f"X-Klankbord-Fetched: received={received}; size={trace.size}; complete={complete}\r\n".encode() + body


def read_trace(body: bytes) -> tuple[Trace, bytes]:
    """Our own line counts only at the very top, where no sender can put one."""
    found = _TRACE.match(body)
    if not found:
        return Trace(size=len(body)), body
    try:
        received = datetime.fromisoformat(found["received"].decode("ascii"))
    except ValueError:
        return Trace(size=len(body)), body
    if received.tzinfo is None:
        received = received.replace(tzinfo=UTC)
    return Trace(received, int(found["size"]), found["complete"] == b"yes"), body[found.end() :]


def understand(body: bytes, own: Own) -> list[Event]:
    """The events in one mail. Raises Unparseable and nothing else."""
    try:
        trace, raw = read_trace(body)
        message = parse_mime(raw)
        if not message.keys() and not raw.strip():
            raise Unparseable(_("An empty mail"))
        return [_event(message, raw, trace, own)]
    except Unparseable:
        raise
    except Exception as error:
        # What nobody thought of goes to quarantine in full, and holds up no other mail.
        raise Unparseable(f"{type(error).__name__}: {one_line(str(error))}") from error


def parse_mime(raw: bytes) -> Message:
    """The MIME structure; when it is built too deep, only its headers with all the rest as one text."""
    raw = _bounded_headers(raw)
    try:
        return BytesParser(policy=policy.compat32).parsebytes(raw)
    except RecursionError:
        message = BytesParser(policy=policy.compat32).parsebytes(raw, headersonly=True)
        del message["Content-Type"]
        del message["Content-Transfer-Encoding"]
        return message


def _bounded_headers(raw: bytes) -> bytes:
    end = re.compile(rb"\r?\n\r?\n").search(raw)
    if not end or end.start() <= HEADER_BLOCK_LIMIT:
        return raw
    cut = raw.rfind(b"\n", 0, HEADER_BLOCK_LIMIT)
    return (raw[:cut] if cut > 0 else raw[:HEADER_BLOCK_LIMIT]) + raw[end.start() :]


def _event(message: Message, raw: bytes, trace: Trace, own: Own) -> Event:
    sender = _sender(message)
    event = automatic(message, own, sender.address if sender else "")
    if event:
        return event
    person = _person(message, own, sender)
    ids = [one for one in message_ids(header(message, "Message-ID")) if not own.is_ours(one)]
    uri = uri_of(ids[0]) if ids else f"mail:sha256:{hashlib.sha256(raw).hexdigest()}"
    subject = one_line(decode_words(header(message, "Subject")), 500)
    references = [one for one in message_ids(header(message, "References")) if one not in ids]
    answered = [one for one in message_ids(header(message, "In-Reply-To")) if one not in ids]
    parent = (answered or references[-1:] or [""])[0]
    root = (references or [parent])[0]
    content = content_of(message, trace.complete)
    cut = cut_quoted(content.text, subject)
    return PostArrived(
        uri=uri,
        author=_author(person, uri),
        text=_with_notes(cut.text, content, trace),
        published_at=_published(message, trace),
        visibility=Visibility.DIRECT,
        parent_uri=uri_of(parent) if parent else "",
        root_uri=uri_of(root) if root else "",
        html=content.html,
        quoted=cut.quoted,
        subject=subject,
        attachments=tuple(content.files),
        reply_data=_reply_data(message, own, person, ids, [*references, *answered], subject),
    )


def _sender(message: Message) -> Party | None:
    for name in ("From", "Sender", "Return-Path"):
        if found := parties(message, name):
            return found[0]
    return None


def _person(message: Message, own: Own, sender: Party | None) -> Party | None:
    """Who speaks: the sender, or for a web form that sends from our own address the one named in Reply-To."""
    others = [one for one in parties(message, "Reply-To") if not own.is_me(one.address)]
    if sender is None or own.is_me(sender.address):
        return others[0] if others else sender
    return sender


def _author(person: Party | None, uri: str) -> AuthorData:
    if person is None:
        return AuthorData(network_id=f"unknown:{uri}"[:300], handle="", name="")
    return AuthorData(network_id=person.address, handle=person.address, name=person.name)


def _reply_data(
    message: Message, own: Own, person: Party | None, ids: list[str], earlier: list[str], subject: str
) -> Json:
    answers_to = [one.address for one in parties(message, "Reply-To") if not own.is_me(one.address)]
    chain = list(dict.fromkeys(earlier))
    if len(chain) > MOST_REFERENCES:
        # The first names the thread, the last ones the place in it.
        chain = [chain[0], *chain[-MOST_REFERENCES + 1 :]]
    return {
        "to": (answers_to or ([person.address] if person else [""]))[0],
        "message_id": ids[0] if ids else "",
        "references": chain,
        "subject": subject,
    }


def _published(message: Message, trace: Trace) -> datetime:
    """The moment of writing, unless the sender's clock cannot be right; then that of arriving."""
    received = trace.received or moment(header(message, "Received").rpartition(";")[2].strip())
    written = moment(header(message, "Date"))
    if received is None:
        return written or EARLIEST
    if written and received - timedelta(days=7) <= written <= received + timedelta(minutes=10):
        return written
    return received


def _with_notes(text: str, content: Content, trace: Trace) -> str:
    notes = list(content.notes)
    if not trace.complete:
        size = round(trace.size / 1_000_000)
        notes.append(
            _("This mail is too large (%(size)s MB): only its beginning is here, without files.") % {"size": size}
        )
    return "\n\n".join([text, *(f"[{note}]" for note in notes)]).strip()
