"""Makes the mails, answers and channels that the tests talk about; all fictional, an exercise."""

from __future__ import annotations

import uuid
from typing import Any

from klankbord.channels.contract import AuthorData, Event, Outgoing, PostArrived, Visibility
from klankbord.channels.mail.channel import Mail
from klankbord.channels.mail.identity import Own
from klankbord.channels.mail.message import understand

ADDRESS = "webcare@klankendam.example"
RESIDENT = "j.bewoner@bewoners.example"
OWN = Own(ADDRESS)
CLIENT_ID = "3f0c9a54-6f0e-4d0c-9d33-5b8a2f1f7c11"
OUR_ID = OWN.message_id(CLIENT_ID)


def mail(body: str = "Wanneer wordt het afval opgehaald?", **headers: str) -> bytes:
    """A mail of a resident; ``Reply_To="…"`` sets a header, an empty value leaves it out."""
    given = {
        "Return-Path": f"<{RESIDENT}>",
        "From": f"Jo Bewoner <{RESIDENT}>",
        "To": ADDRESS,
        "Subject": "Afval",
        "Date": "Mon, 03 Mar 2025 09:12:00 +0100",
        "Message-ID": "<vraag-1@bewoners.example>",
        "Content-Type": "text/plain; charset=utf-8",
    }
    given.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return (lines + "\r\n" + body.replace("\n", "\r\n")).encode()


def event(raw: bytes) -> Event:
    events = understand(raw, OWN)
    assert len(events) == 1
    return events[0]


def post(raw: bytes) -> PostArrived:
    found = event(raw)
    assert isinstance(found, PostArrived), found
    return found


def outgoing(**changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "client_id": str(uuid.uuid4()),
        "text": "Dank voor uw bericht. Het afval wordt morgen opgehaald.",
        "visibility": Visibility.DIRECT,
        "to": AuthorData(network_id=RESIDENT, handle=RESIDENT, name="Jo Bewoner"),
        "parent_uri": "mid:<vraag-1@bewoners.example>",
        "root_uri": "mid:<vraag-1@bewoners.example>",
        "reply_data": {
            "to": RESIDENT,
            "message_id": "vraag-1@bewoners.example",
            "references": [],
            "subject": "Afval",
        },
    }
    return Outgoing(**(values | changes))


def channel(smtp_port: int = 25, imap_port: int = 143, **changes: Any) -> Mail:
    """A channel on loopback with short patience."""
    settings = {
        "address": ADDRESS,
        "display_name": "Gemeente Klankendam",
        "imap_host": "127.0.0.1",
        "imap_port": imap_port,
        "imap_security": "none",
        "imap_user": ADDRESS,
        "imap_folder": "INBOX",
        "smtp_host": "127.0.0.1",
        "smtp_port": smtp_port,
        "smtp_security": "none",
        "smtp_user": "",
        "copy_to_self": True,
        "signature": "",
    }
    return HastyMail(settings | changes, {"imap_password": "geheim-oefening", "smtp_password": "geheim-oefening"})


class HastyMail(Mail):
    """The same with less patience than in real life."""

    answer_seconds = 5.0
    end_seconds = 0.5
