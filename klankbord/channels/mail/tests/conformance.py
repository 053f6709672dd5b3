"""A mailbox and a mail server for the conformance suite, with every fault they can have."""

from __future__ import annotations

import email
import re
import socket
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from klankbord.channels.contract import Connector, Json
from klankbord.channels.mail.channel import Mail
from klankbord.channels.mail.tests.faulty_smtp import HANG_UP, SILENT, FaultySmtp
from klankbord.channels.mail.tests.made import ADDRESS
from tests.conformance.adapter import Adapter

SMTP_FAULTS = {
    "lost acknowledgement": {"END": HANG_UP},
    "429": {"RCPT": "450 slow down"},
    "5xx": {"MAIL": "451 local error"},
    "slow": {"END": SILENT},
    "truncated": {"END": "25"},
    "huge": {"END": "250 " + "x" * 20_000},
    "hostile": {"END": "<html>\x00"},
}
SLOW = 2.5  # seconds; the connector waits one and a half


class Mailserver:
    """One folder over IMAP (RFC 3501), as far as the connector asks for it. Goes wrong at UID FETCH where told to."""

    def __init__(self) -> None:
        self.fault = ""
        self.mails: list[tuple[bytes, datetime]] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _address = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.sendall(b"* OK exercise\r\n")
            for line in connection.makefile("rb"):
                tag, _, command = line.decode("latin-1").strip().partition(" ")
                answer = self._answer(command)
                if answer is None:
                    return
                connection.sendall(answer + f"{tag} {self._closing(command)}\r\n".encode())

    def _closing(self, command: str) -> str:
        if command.startswith("UID FETCH"):
            refused = {"429": "NO [LIMIT] too often", "5xx": "NO [SERVERBUG] fault"}
            return refused.get(self.fault, "OK done")
        return "OK done"

    def _answer(self, command: str) -> bytes | None:
        """What stands above the closing line; None: hang up."""
        verb = command.split(" ")[0].upper()
        if verb == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n"
        if verb == "EXAMINE":
            state = (
                f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {len(self.mails) + 1}] x\r\n"
            )
            return state.encode()
        if command.startswith("UID SEARCH"):
            return b"* SEARCH " + " ".join(map(str, self._search(command))).encode() + b"\r\n"
        if command.startswith("UID FETCH"):
            return self._faulty(self._fetch(command))
        return b""

    def _search(self, command: str) -> list[int]:
        wanted = re.search(r'HEADER Message-ID "(.*)"', command)
        numbered = enumerate(self.mails, start=1)
        return [uid for uid, (mail, _at) in numbered if not wanted or wanted[1].encode() in mail]

    def _fetch(self, command: str) -> list[bytes]:
        asked = command.split(" ")[2]
        first, _, last = asked.partition(":")
        uids = range(int(first), min(int(last or first), len(self.mails)) + 1)
        found = []
        for uid in uids:
            mail, at = self.mails[uid - 1]
            if "BODY" in command:
                found.append(f"* {uid} FETCH (UID {uid} BODY[] {{{len(mail)}}}\r\n".encode() + mail + b")\r\n")
            else:
                date = at.strftime("%d-%b-%Y %H:%M:%S +0000")
                line = f'* {uid} FETCH (UID {uid} RFC822.SIZE {len(mail)} INTERNALDATE "{date}")\r\n'
                found.append(line.encode())
        return found

    def _faulty(self, lines: list[bytes]) -> bytes | None:
        whole = b"".join(lines)
        match self.fault:
            case "duplicate":
                return whole + whole
            case "reorder":
                return b"".join(reversed(lines))
            case "lost acknowledgement":
                return None
            case "slow":
                time.sleep(SLOW)
            case "truncated":
                return whole[: len(whole) // 2] + b"\r\n"
            case "huge":
                return b"* " + b"x" * 1_100_000 + b"\r\n"
            case "hostile":
                return b"* 1 FETCH (UID {99999999999}\r\n\x00\xff<script>)\r\n"
        return whole


class Network(Adapter):
    connector: ClassVar[type[Connector]] = Mail

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        super().__init__(folder, monkeypatch)
        monkeypatch.setattr(Mail, "answer_seconds", 1.5)
        monkeypatch.setattr(Mail, "end_seconds", 1.5)
        self.imap = Mailserver()
        self.smtp = FaultySmtp()
        self.smtp.__enter__()

    def fault_changed(self) -> None:
        self.imap.fault = self.fault
        self.smtp.answers = SMTP_FAULTS.get(self.fault, {})
        self._deliver_copies()

    def __exit__(self, *_problem: object) -> None:
        self.imap.close()
        self.smtp.__exit__(None, None, None)

    @property
    def settings(self) -> Json:
        plain = {"imap_security": "none", "smtp_security": "none", "imap_host": "127.0.0.1", "smtp_host": "127.0.0.1"}
        return plain | {
            "address": ADDRESS,
            "imap_port": self.imap.port,
            "imap_user": ADDRESS,
            "imap_folder": "INBOX",
            "smtp_port": self.smtp.port,
            "smtp_user": "",
        }

    @property
    def secrets(self) -> dict[str, str]:
        return {"imap_password": "geheim"}

    def say(self, text: str) -> None:
        at = datetime.now(UTC) + timedelta(days=self.fault == "clock skew")
        number = len(self.imap.mails)
        mail = (
            f"From: Bea Bewoner <bea@bewoner.example>\r\nTo: {ADDRESS}\r\nSubject: Vraag {number}\r\n"
            f"Message-ID: <{number}@bewoner.example>\r\nDate: {at.strftime('%a, %d %b %Y %H:%M:%S +0000')}\r\n"
            f"Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n"
        )
        self.imap.mails.append((mail.encode(), at))

    def received(self) -> list[str]:
        return answers(self.smtp.taken)

    def _deliver_copies(self) -> None:
        """The copy to ourselves comes into the mailbox, when the mail server took it."""
        there = {mail for mail, _at in self.imap.mails}
        self.imap.mails += [(mail, datetime.now(UTC)) for mail in self.smtp.taken if mail not in there]


def answers(taken: list[bytes]) -> list[str]:
    """The first line of each mail that a colleague wrote; a confirmation is written by the house."""
    found = []
    for mail in taken:
        read = email.message_from_bytes(mail)
        if read["Auto-Submitted"]:
            continue
        part = next(one for one in read.walk() if one.get_content_type() == "text/plain")
        body = part.get_payload(decode=True)
        assert isinstance(body, bytes)
        found.append(body.decode().strip().splitlines()[0])
    return found
