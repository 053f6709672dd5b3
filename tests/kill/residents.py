"""Fictional residents who write with their own programs: ``smtplib``, and the interfaces of snac."""

from __future__ import annotations

import base64
import http.client
import json
import smtplib
import time
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import make_msgid
from random import Random

from tests.servers.mail import MailServers
from tests.servers.snac import SnacUser

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
QUESTIONS = (
    "Wanneer wordt de container bij ons in de straat geleegd?",
    "De lantaarnpaal op de hoek is al een week stuk.",
    "Dank voor de snelle reparatie van de stoep!",
    "Mijn paspoort is bijna verlopen, kan dat ook op zaterdag?",
    "Er ligt weer een fiets in de vijver.",
)


@dataclass
class Letter:
    """A message as a resident wrote it: its id at the network, and of which thread it is."""

    uri: str
    thread: str
    text: str


@dataclass
class Mailer:
    """Somebody with a mailbox and a mail program that keeps trying until the server takes the mail."""

    servers: MailServers
    address: str
    town: str
    chance: Random
    letters: list[Letter] = field(default_factory=list)
    _threads: dict[str, str] = field(default_factory=dict)
    _answered: set[str] = field(default_factory=set)

    def write(self, number: int) -> None:
        """A new question, or something back on an answer that came in."""
        message = EmailMessage(policy=policy.SMTP)
        own_id = make_msgid(domain="bewoners.example")
        message["From"], message["To"], message["Message-ID"] = self.address, self.town, own_id
        text = f"{self.chance.choice(QUESTIONS)} (oefening, bericht {number})"
        answer = self._unanswered() if self.chance.random() < 0.4 else None
        if answer is None:
            message["Subject"] = f"Vraag {number} (oefening)"
            thread = own_id
        else:
            answer_id = str(answer["Message-ID"])
            thread = self._threads.get(str(answer["In-Reply-To"]), "")
            message["Subject"] = f"Re: {answer['Subject']}"
            message["In-Reply-To"] = answer_id
            message["References"] = f"{answer['References'] or ''} {answer_id}".strip()
            self._answered.add(answer_id)
        message.set_content(text)
        self._threads[own_id] = thread
        self.letters.append(Letter(own_id, thread, text))
        self._send(message.as_bytes())

    def _unanswered(self) -> EmailMessage | None:
        for mail in self.servers.mailbox(self.address):
            answer = message_from_bytes(mail, policy=policy.default)
            known = str(answer["In-Reply-To"]) in self._threads
            if known and str(answer["Message-ID"]) not in self._answered:
                return answer
        return None

    def _send(self, message: bytes) -> None:
        deadline = time.monotonic() + 60
        while True:
            try:
                with smtplib.SMTP("127.0.0.1", self.servers.smtp_port, timeout=10) as client:
                    client.sendmail(self.address, [self.town], message)
                return
            except (OSError, smtplib.SMTPException):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.5)


@dataclass
class Tooter:
    """Somebody on the second fediverse server, whose words are known by what that server stored."""

    user: SnacUser
    town: SnacUser
    chance: Random
    threads: dict[str, str] = field(default_factory=dict)
    _answered: set[str] = field(default_factory=set)

    def write(self, number: int) -> None:
        """A new message to the town, or something back on an answer that came in. What fails is not tried again."""
        text = f"@{self.town.handle} {self.chance.choice(QUESTIONS)} (oefening, bericht {number})"
        answer = self._unanswered() if self.chance.random() < 0.4 else None
        visibility = "direct" if self.chance.random() < 0.2 else "public"
        try:
            if answer is None:
                media: tuple[str, ...] = ()
                if self.chance.random() < 0.3:
                    media = (self.user.upload(f"foto{number}.png", "image/png", PIXEL, "Een fiets in de vijver"),)
                self.user.post(text, visibility=visibility, media=media)
            else:
                self._answered.add(answer)
                self.user.post(text, reply_to=answer)
        except (OSError, http.client.HTTPException, json.JSONDecodeError, AssertionError):
            return

    def _unanswered(self) -> str | None:
        own = {note["id"] for note in self.user.server.statuses_of(self.user)}
        for note in self.user.server.statuses_of(self.town):
            if note.get("inReplyTo") in own and note["id"] not in self._answered:
                return str(note["id"])
        return None
