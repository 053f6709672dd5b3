"""The contact form in our own house: residents write on our page, answers go out by mail."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import ClassVar

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext, override

from klankbord.base.outside.mail import Security
from klankbord.channels.contract import (
    Batch,
    Connector,
    Event,
    Json,
    MediaLimits,
    Outgoing,
    Permanent,
    PostArrived,
    Receipt,
    Uncertain,
    Visibility,
)
from klankbord.channels.exercise.ledger import Ledger
from klankbord.channels.form.exercise import ledger_of, tell
from klankbord.channels.form.message import understand
from klankbord.channels.mail.client import Account, open_smtp, submit
from klankbord.channels.mail.identity import Own
from klankbord.channels.mail.reply import LONGEST_TEXT, MOST_FILE_BYTES, MOST_FILES, compose
from klankbord.channels.mail.words import uri_of

CONFIRMATIONS = uuid.UUID("6e2d3d0a-58f4-4c37-9d3f-0d6f6f3d1b52")
"""Namespace of the ids of confirmations: each follows from the message it confirms."""


class ContactForm(Connector):
    """One page where residents write."""

    kind = "form"
    label = gettext_noop("Contact form")
    open_to_all = True
    has_edits = False
    has_subject = True
    max_length = LONGEST_TEXT
    visibilities = (Visibility.DIRECT,)
    media_limits = MediaLimits(count=MOST_FILES, bytes=MOST_FILE_BYTES, types=("*/*",))
    poll_every = timedelta(minutes=1)
    resident_page = "contact-form"
    sends_over = "mail"

    answer_seconds: ClassVar[float] = 30.0
    """How long any one step of the mail server may take."""
    end_seconds: ClassVar[float] = 120.0
    """How long the mail server may think about a message that it has in full."""

    @classmethod
    def address(cls, settings: Json) -> str:
        return f"form:{settings['id']}"

    @classmethod
    def cannot_answer(cls, reply_data: Json) -> str:
        return "" if reply_data.get("to") else _("This resident left no mail address, so no answer can be sent.")

    def check(self) -> str:
        if self._ledger:
            return _("The page is open. This is an exercise: answers stay on this computer.")
        open_smtp(self._account(), self.answer_seconds).close()
        return _("The page is open for residents, and the mail server for the answers lets us in.")

    def fetch(self, cursor: Json) -> Batch:
        """Nothing is fetched: what residents hand in lands straight on the doormat."""
        return Batch([], cursor)

    def parse(self, body: bytes) -> list[Event]:
        return [understand(body)]

    def acknowledge(self, post: PostArrived) -> Outgoing | None:
        if not post.reply_data.get("confirm"):
            return None
        with override(post.language):
            text = _confirmation(post, int(self.settings["page"].get("answer_days") or 0))
            subject = post.subject or _("Your message")
        return Outgoing(
            client_id=str(self._confirmation_id(post.uri)),
            text=text,
            visibility=Visibility.DIRECT,
            to=post.author,
            parent_uri=post.uri,
            root_uri=post.root_uri,
            reply_data=post.reply_data,
            subject=subject,
            language=post.language,
            automatic=True,
        )

    def identity(self, outgoing: Outgoing) -> str:
        return uri_of(self.own.message_id(outgoing.client_id))

    def send(self, outgoing: Outgoing) -> Receipt:
        if self._ledger:
            return tell(self._ledger, outgoing, self.identity(outgoing))
        now, over = datetime.now(UTC), self._over
        composed = compose(
            self._threaded(outgoing),
            self.own,
            str(over.get("display_name", "")),
            str(over.get("signature", "")),
            now,
        )
        submit(
            self._account(),
            sender=self.own.address,
            recipient=composed.recipient,
            copy_to=self.own.address if over.get("copy_to_self", True) else "",
            message=composed.message,
            seconds=self.answer_seconds,
            end_seconds=self.end_seconds,
        )
        return Receipt(external_id=uri_of(composed.message_id), sent_at=now)

    def look_up(self, outgoing: Outgoing) -> Receipt | None:
        if self._ledger:
            found = self._ledger.find(outgoing.client_id)
            return Receipt(found.external_id, sent_at=found.sent_at) if found else None
        if self.lender:
            return self.lender.look_up(outgoing)
        # the copy comes in by the mailbox, when that is connected, and then tells by itself
        raise Uncertain(_("Only the copy in your own mailbox can show whether this was sent."))

    @property
    def _ledger(self) -> Ledger | None:
        return ledger_of(self.settings["page"])

    @property
    def own(self) -> Own:
        return Own(str(self.settings["address"]).lower())

    def _confirmation_id(self, post_uri: str) -> uuid.UUID:
        return uuid.uuid5(CONFIRMATIONS, f"{self.own.address} {post_uri}")

    def _threaded(self, outgoing: Outgoing) -> Outgoing:
        """Our first answer hangs under the confirmation, so that the resident's mail program keeps them together."""
        data = outgoing.reply_data
        if outgoing.automatic or not data.get("confirm"):
            return outgoing
        confirmation = self.own.message_id(str(self._confirmation_id(outgoing.parent_uri)))
        return replace(outgoing, reply_data=data | {"message_id": confirmation})

    @property
    def _over(self) -> Json:
        """The settings by which mail goes out: of the mailbox that was chosen, or our own."""
        return self.lender.settings if self.lender else self.settings

    def _account(self) -> Account:
        over, secrets = self._over, self.lender.secrets if self.lender else self.secrets
        if "smtp_host" not in over:
            raise Permanent(_("The mailbox over which answers go out is not connected any more. Choose another one."))
        return Account(
            host=str(over["smtp_host"]),
            port=int(over["smtp_port"]),
            security=Security(over["smtp_security"]),
            user=str(over["smtp_user"]),
            password=secrets.get("smtp_password", ""),
        )


def _confirmation(post: PostArrived, days: int) -> str:
    """What stands in a confirmation: nothing that was typed, so that nobody can have us mail words to a stranger."""
    at = localtime(post.published_at)
    lines = [
        _("We received your message on %(day)s at %(time)s.")
        % {"day": date_format(at, "j F Y"), "time": at.strftime("%H:%M")},
        _("Your reference: %(reference)s") % {"reference": post.reply_data["reference"]},
    ]
    if days:
        lines.append(
            ngettext("We answer within %(days)d working day.", "We answer within %(days)d working days.", days)
            % {"days": days}
        )
    lines.append(_("Do you want to add something? Answer this mail."))
    lines.append(_("Did you not write to us? Then somebody made a mistake in the address. You need not do anything."))
    return "\n\n".join(lines)
