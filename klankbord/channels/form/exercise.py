"""A contact form in an exercise: no mail goes out, answers stay on this machine and stand on the page of thanks."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings as house

from klankbord.channels.contract import Json, Outgoing, Receipt
from klankbord.channels.exercise.ledger import Ledger, SentAnswer
from klankbord.channels.form.message import reference_of

IN_EXERCISE = "exercise"
"""In the settings of the page: the identity of the form, when it is part of an exercise."""


def ledger_of(page: Json) -> Ledger | None:
    """Where the answers of a form in an exercise are; None for a form that is no exercise."""
    return Ledger(Path(house.DATA) / "exercise" / f"form-{page[IN_EXERCISE]}.jsonl") if page.get(IN_EXERCISE) else None


def tell(ledger: Ledger, outgoing: Outgoing, external_id: str) -> Receipt:
    """The pretended resident gets an answer, once."""
    kept = ledger.add(
        SentAnswer(
            client_id=outgoing.client_id,
            external_id=external_id,
            parent_uri=outgoing.parent_uri,
            root_uri=outgoing.root_uri,
            to=outgoing.to.handle,
            sender_name=outgoing.sender_name,
            subject=outgoing.subject,
            text=outgoing.text,
            visibility=outgoing.visibility,
            sent_at=datetime.now(UTC),
        )
    )
    return Receipt(kept.external_id, sent_at=kept.sent_at)


def told(page: Json, reference: str) -> list[SentAnswer]:
    """What the resident with this reference was told in the exercise, oldest first."""
    ledger = ledger_of(page)
    answers = ledger.answers() if ledger else []
    return [one for one in answers if reference_of(uuid.UUID(one.root_uri.removeprefix("form:"))) == reference]
