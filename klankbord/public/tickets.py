"""The signed marks that a page of the front door carries, so that nothing has to be kept for who only looks."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.signing import BadSignature, SignatureExpired, TimestampSigner

QUICKEST = timedelta(seconds=3)
"""Nobody fills in the page faster than this."""
LONGEST = timedelta(hours=24)
_PAGE, _RECEIPT = TimestampSigner(salt="klankbord.public.page"), TimestampSigner(salt="klankbord.public.receipt")


class TooQuick(Exception):
    """The page was sent back before a person could have read it."""


class Stale(Exception):
    """The page is too old, or was not made by us for this form."""


def page_ticket(channel: int) -> str:
    """The identity of one page: what is sent from it twice is one message."""
    return _PAGE.sign_object({"form": channel, "id": str(uuid.uuid4())})


def read_page_ticket(ticket: str, channel: int) -> uuid.UUID:
    """Raises TooQuick or Stale."""
    try:
        content = _PAGE.unsign_object(ticket, max_age=LONGEST)
    except BadSignature:
        raise Stale from None
    if content["form"] != channel:
        raise Stale
    try:
        _PAGE.unsign_object(ticket, max_age=QUICKEST)
    except SignatureExpired:
        return uuid.UUID(content["id"])
    raise TooQuick


@dataclass(frozen=True, slots=True)
class ReceiptShown:
    """What stands on the page of thanks."""

    reference: str
    at: datetime
    mailed: bool


def receipt_ticket(channel: int, shown: ReceiptShown) -> str:
    content = {"form": channel, "reference": shown.reference, "at": shown.at.isoformat(), "mailed": shown.mailed}
    return _RECEIPT.sign_object(content)


def read_receipt_ticket(ticket: str, channel: int) -> ReceiptShown | None:
    """None for what we did not give out for this form."""
    try:
        content = _RECEIPT.unsign_object(ticket)
    except BadSignature:
        return None
    if content["form"] != channel:
        return None
    return ReceiptShown(content["reference"], datetime.fromisoformat(content["at"]), content["mailed"])
