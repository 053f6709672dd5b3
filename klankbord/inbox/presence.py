"""The actions on presence: who has which conversation open, and who is writing in it.

No acts for the log: it is gone within a minute and no figure is ever made of it. Only a change is announced, so that a
colleague who stays costs one small write every now and then and no message to anybody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from klankbord.base.realtime import announce
from klankbord.inbox.models import Conversation, Presence
from klankbord.tenancy.models import User

LASTS = timedelta(seconds=60)
"""Longer than twice the interval at which a browser says that it is still there (``presence.js``)."""
EVENT = "presence"


def arrive(conversation: Conversation, *, writing: bool, by: User, now: datetime) -> None:
    """Somebody has it open, or still has."""
    known = Presence.objects.filter(conversation=conversation, user=by).first()
    changed = known is None or known.until <= now or known.writing != writing
    Presence.objects.bulk_create(
        [
            Presence(
                organisation_id=conversation.organisation_id,
                channel_id=conversation.channel_id,
                private=conversation.private,
                conversation=conversation,
                user=by,
                name=by.name,
                writing=writing,
                until=now + LASTS,
            )
        ],
        update_conflicts=True,
        unique_fields=["conversation", "user"],
        update_fields=["writing", "until", "name"],
    )
    if changed:
        _announce(conversation)


def leave(conversation: Conversation, *, by: User, now: datetime) -> None:
    """Somebody went on to something else; what of theirs ran out goes too."""
    gone, _ = Presence.objects.filter(conversation=conversation, user=by).delete()
    Presence.objects.filter(user=by, until__lte=now).delete()
    if gone:
        _announce(conversation)


def _announce(conversation: Conversation) -> None:
    announce(conversation.channel_id, [conversation.pk], private=conversation.private, event=EVENT)
