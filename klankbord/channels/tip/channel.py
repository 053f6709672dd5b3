"""Calls and tips: what a colleague takes down, and the record that the call back was made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from klankbord.channels.contract import Batch, Connector, Event, Json, Outgoing, Receipt, Visibility
from klankbord.channels.tip.message import understand


class Tip(Connector):
    """What comes in by people: nothing is fetched, and an answer is told by a colleague, who records it here."""

    kind = "tip"
    label = gettext_noop("Calls and tips")
    open_to_all = True
    has_edits = False
    has_subject = True
    taken_by_hand = True
    answers_are_records = True
    max_length = 10_000
    visibilities = (Visibility.DIRECT,)
    poll_every = timedelta(minutes=1)

    @classmethod
    def address(cls, settings: Json) -> str:
        return f"tip:{settings['id']}"

    def check(self) -> str:
        return _("Colleagues at the desk can take down calls and tips.")

    def fetch(self, cursor: Json) -> Batch:
        """Nothing is fetched: colleagues bring it."""
        return Batch([], cursor)

    def parse(self, body: bytes) -> list[Event]:
        return understand(body)

    def identity(self, outgoing: Outgoing) -> str:
        return f"tip:told:{outgoing.client_id}"

    def send(self, outgoing: Outgoing) -> Receipt:
        """Nothing leaves the house: that it was told is what is recorded."""
        return Receipt(self.identity(outgoing), sent_at=datetime.now(UTC))

    def look_up(self, outgoing: Outgoing) -> Receipt | None:
        return self.send(outgoing)
