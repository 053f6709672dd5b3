"""A town's mailbox on real servers, used as the house would use it."""

from __future__ import annotations

import smtplib
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from typing import Any

from klankbord.channels.contract import Envelope, Event, Json, Outgoing, PostArrived, Visibility
from klankbord.channels.mail.channel import Mail
from tests.servers.mail import PASSWORD, MailServers


class HastyMail(Mail):
    """The same with less patience than in real life."""

    answer_seconds = 5.0
    end_seconds = 5.0


@dataclass
class Desk:
    """A town's mailbox and a resident's, fresh for each test, and a connector with its cursor."""

    servers: MailServers
    address: str
    resident: str
    cursor: Json = field(default_factory=dict)

    def connector(self, **changes: object) -> Mail:
        secrets = {"imap_password": PASSWORD, "smtp_password": PASSWORD}
        secrets |= {name: str(changes.pop(name)) for name in list(changes) if name in secrets}
        settings: Json = {
            "address": self.address,
            "display_name": "Gemeente Klankendam (oefening)",
            "imap_host": "127.0.0.1",
            "imap_port": self.servers.imap_port,
            "imap_security": "none",
            "imap_user": self.address,
            "imap_folder": "INBOX",
            "smtp_host": "127.0.0.1",
            "smtp_port": self.servers.smtp_port,
            "smtp_security": "none",
            "smtp_user": self.address,
            "copy_to_self": True,
            "signature": "",
        }
        return HastyMail(settings | changes, secrets)

    def write(self, text: str = "Wanneer komt de vuilniswagen?", **headers: str) -> str:
        """The resident writes to the town; the answer is the Message-ID."""
        message = EmailMessage(policy=policy.SMTP)
        message["From"] = f"Jo Bewoner <{self.resident}>"
        message["To"] = self.address
        message["Subject"] = "Afval"
        message["Message-ID"] = f"<{uuid.uuid4()}@bewoners.example>"
        for name, value in headers.items():
            message[name.replace("_", "-")] = value
        message.set_content(text)
        with smtplib.SMTP(self.servers.host, self.servers.smtp_port, timeout=10) as client:
            client.send_message(message)
        return str(message["Message-ID"])

    def fetch(self) -> list[Envelope]:
        """All that is new, as the house would do it: until there is no more."""
        found: list[Envelope] = []
        while True:
            batch = self.connector().fetch(self.cursor)
            self.cursor = batch.cursor
            found += batch.envelopes
            if not batch.more:
                return found

    def events(self) -> list[Event]:
        connector = self.connector()
        return [event for envelope in self.fetch() for event in connector.parse(envelope.body)]

    def arrived(self, count: int = 1) -> list[PostArrived]:
        self.servers.wait_for_mail(self.address, count)
        return [event for event in self.events() if isinstance(event, PostArrived)]


def answer_to(post: PostArrived, text: str = "Morgen, tussen negen en twaalf.", **changes: Any) -> Outgoing:
    values: dict[str, Any] = {
        "client_id": str(uuid.uuid4()),
        "text": text,
        "visibility": Visibility.DIRECT,
        "to": post.author,
        "parent_uri": post.uri,
        "root_uri": post.root_uri or post.uri,
        "reply_data": post.reply_data,
        "attempted_at": datetime.now(UTC),
    }
    return Outgoing(**(values | changes))
