"""E-mail: one folder of one mailbox that is read over IMAP, and answers that go out over SMTP."""

from __future__ import annotations

import imaplib
import smtplib
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import quote

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from klankbord.base.outside.mail import Security
from klankbord.channels.contract import (
    Batch,
    ChannelError,
    Connector,
    Envelope,
    Event,
    Gap,
    Json,
    MediaLimits,
    Outgoing,
    Receipt,
    Uncertain,
    Visibility,
)
from klankbord.channels.mail.client import Account, Listed, Mailbox, open_smtp, submit
from klankbord.channels.mail.cursor import FIRST_OVERLAP, Position
from klankbord.channels.mail.identity import Own
from klankbord.channels.mail.message import Trace, understand, with_trace
from klankbord.channels.mail.reply import LONGEST_TEXT, MOST_FILE_BYTES, MOST_FILES, compose
from klankbord.channels.mail.words import uri_of

BATCH_COUNT = 100
BATCH_BYTES = 50_000_000
LARGEST = 25_000_000
BEGINNING_OF_LARGE = 256 * 1024
UIDS_PER_LISTING = 1_000
LISTINGS_PER_FETCH = 50
COPY_MAY_TAKE = timedelta(minutes=10)


class Mail(Connector):
    """One mailbox."""

    kind = "mail"
    label = gettext_noop("E-mail")
    can_wait = True
    has_edits = False
    has_subject = True
    max_length = LONGEST_TEXT
    visibilities = (Visibility.DIRECT,)
    media_limits = MediaLimits(count=MOST_FILES, bytes=MOST_FILE_BYTES, types=("*/*",))

    answer_seconds: ClassVar[float] = 30.0
    """How long any one step of a mail server may take."""
    end_seconds: ClassVar[float] = 120.0
    """How long the mail server may think about a message that it has in full."""

    @classmethod
    def address(cls, settings: Json) -> str:
        host = str(settings["imap_host"]).lower()
        port = int(settings["imap_port"])
        place = host if port in (143, 993) else f"{host}:{port}"
        return f"imap://{quote(str(settings['imap_user']), safe='')}@{place}/{quote(str(settings['imap_folder']))}"

    @property
    def own(self) -> Own:
        return Own(str(self.settings["address"]).lower())

    def check(self) -> str:
        with self._mailbox() as mailbox:
            count = mailbox.count
        client = open_smtp(self._account("smtp"), self.answer_seconds)
        with suppress(OSError, smtplib.SMTPException):
            client.quit()
        client.close()
        return _("The mailbox opens (%(count)s mails in %(folder)s) and the mail server for sending lets us in.") % {
            "count": count,
            "folder": self.settings["imap_folder"],
        }

    def fetch(self, cursor: Json) -> Batch:
        now = datetime.now(UTC)
        with self._mailbox() as mailbox:
            position, gap = _position(mailbox, cursor, now)
            wanted, seen_up_to = _look(mailbox, position)
            taken, envelopes = _read(mailbox, position, wanted)
            all_taken = len(taken) == len(wanted)
            last = seen_up_to if all_taken else max((one.uid for one in taken), default=position.uid)
            more = not all_taken or seen_up_to < mailbox.uid_next - 1
        moved = replace(position.moved(last, (one.uid for one in taken)), at=now)
        return Batch(envelopes=envelopes, cursor=moved.dump(), more=more, gap=gap)

    def wait(self, seconds: float, cursor: Json) -> bool:
        """With the cursor of the last fetch also what came in between fetch and wait is noticed at once."""
        with self._mailbox() as mailbox:
            if cursor:
                position = Position.load(cursor)
                if mailbox.uid_validity != position.validity or mailbox.uid_next - 1 > position.uid:
                    return True
            return mailbox.idle(seconds)

    def parse(self, body: bytes) -> list[Event]:
        return understand(body, self.own)

    def identity(self, outgoing: Outgoing) -> str:
        return uri_of(self.own.message_id(outgoing.client_id))

    def send(self, outgoing: Outgoing) -> Receipt:
        now = datetime.now(UTC)
        own = self.own
        composed = compose(
            outgoing, own, str(self.settings.get("display_name", "")), str(self.settings.get("signature", "")), now
        )
        submit(
            self._account("smtp"),
            sender=own.address,
            recipient=composed.recipient,
            copy_to=own.address if self._copies else "",
            message=composed.message,
            seconds=self.answer_seconds,
            end_seconds=self.end_seconds,
        )
        return Receipt(external_id=uri_of(composed.message_id), sent_at=now)

    def look_up(self, outgoing: Outgoing) -> Receipt | None:
        if not self._copies:
            raise Uncertain(_("This mailbox gets no copy of our answers, so nobody can see whether it was sent."))
        message_id = self.own.message_id(outgoing.client_id)
        try:
            with self._mailbox() as mailbox:
                found = mailbox.holds(f"<{message_id}>")
            if found:
                return Receipt(external_id=uri_of(message_id))
            # A mail server that is down may still have the answer waiting.
            open_smtp(self._account("smtp"), self.answer_seconds).close()
        except ChannelError as error:
            raise Uncertain(str(error)) from error
        waited = datetime.now(UTC) - outgoing.attempted_at if outgoing.attempted_at else timedelta(0)
        if waited < COPY_MAY_TAKE:
            raise Uncertain(_("Our copy of the answer has not come in yet. We will look again in ten minutes."))
        return None

    @property
    def _copies(self) -> bool:
        return bool(self.settings.get("copy_to_self", True))

    def _mailbox(self) -> Mailbox:
        return Mailbox(self._account("imap"), str(self.settings["imap_folder"]), self.answer_seconds)

    def _account(self, which: str) -> Account:
        return Account(
            host=str(self.settings[f"{which}_host"]),
            port=int(self.settings[f"{which}_port"]),
            security=Security(self.settings[f"{which}_security"]),
            user=str(self.settings[f"{which}_user"]),
            password=self.secrets.get(f"{which}_password", ""),
        )


def _position(mailbox: Mailbox, cursor: Json, now: datetime) -> tuple[Position, Gap | None]:
    if not cursor:
        days = mailbox.uids_since(now - FIRST_OVERLAP - timedelta(days=1))
        listed = mailbox.listing(days[0], days[-1]) if days else []
        fresh = [one.uid for one in listed if one.received >= now - FIRST_OVERLAP]
        return Position.first(mailbox.uid_validity, mailbox.uid_next, fresh, now), None
    position = Position.load(cursor)
    if position.validity == mailbox.uid_validity:
        return position, None
    gap = Gap(
        since=position.at,
        until=now,
        reason=_(
            "The mail server numbered this mailbox anew. Everything was read again; what was removed from the mailbox "
            "in the meantime is missing."
        ),
    )
    return position.renumbered(mailbox.uid_validity, mailbox.uid_next), gap


def _look(mailbox: Mailbox, position: Position) -> tuple[list[Listed], int]:
    """The first messages still to be read, and the UID up to which everything was looked at."""
    first, last = position.start, position.uid
    for _turn in range(LISTINGS_PER_FETCH):
        last = min(max(last, first) + UIDS_PER_LISTING, mailbox.uid_next - 1)
        if last < first:
            break
        wanted = position.wanted(mailbox.listing(first, last))
        if wanted or last >= mailbox.uid_next - 1:
            return wanted, last
        first = last + 1
    return [], max(position.uid, last)


def _read(mailbox: Mailbox, position: Position, wanted: list[Listed]) -> tuple[list[Listed], list[Envelope]]:
    """Read until the batch is full; when the line breaks halfway, what was read counts."""
    taken: list[Listed] = []
    envelopes: list[Envelope] = []
    budget = BATCH_BYTES
    for one in wanted[:BATCH_COUNT]:
        large = one.size > LARGEST
        budget -= BEGINNING_OF_LARGE if large else one.size
        if budget < 0 and taken:
            break
        try:
            body = mailbox.read(one.uid, BEGINNING_OF_LARGE if large else None)
        except (OSError, imaplib.IMAP4.error, ChannelError):
            if not envelopes:
                raise
            break
        taken.append(one)
        if body is not None:
            traced = with_trace(body, Trace(one.received, one.size, complete=not large))
            envelopes.append(Envelope(key=f"{position.validity}:{one.uid}", body=traced))
    return taken, envelopes
