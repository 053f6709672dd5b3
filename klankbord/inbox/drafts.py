"""The actions on drafts: kept while somebody types, passed on, thrown away.

Keeping one is no act for the log: nothing has been said yet. Passing on and throwing away what a colleague wrote is.
"""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db import models
from django.utils import timezone

from klankbord.base.realtime import announce
from klankbord.base.text.clean import safe_text
from klankbord.inbox.models import Conversation, Draft
from klankbord.posts.models import Post
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import User
from klankbord.tenancy.queries import signature

LONGEST = 20_000  # characters; far above what any channel takes
BETWEEN = "\n\n"


def keep_draft(
    conversation: Conversation,
    kind: str,
    text: str,
    *,
    by: User,
    form: uuid.UUID,
    answers: int | None = None,
    visibility: str = "",
    now: datetime | None = None,
) -> bool:
    """Keep what somebody is writing; an empty text drops it. False, and nothing kept, when ``form`` was sent already.

    A save and the sending of its form can overtake each other on the way here; what was said is no draft any more.
    The identity goes along from page to page with the draft, so that this holds after a reload too.
    """
    text = safe_text(text)[:LONGEST]
    if not text.strip():
        forget_draft(conversation, kind, by=by)
        return True
    if was_said(conversation, form):
        return False
    content = {
        "text": text,
        "form": form,
        "answers": answers,
        "visibility": visibility,
        "changed_at": now or timezone.now(),
    }
    Draft.objects.update_or_create(
        conversation=conversation,
        user=by,
        kind=kind,
        defaults=content,
        create_defaults=content
        | {
            "organisation_id": conversation.organisation_id,
            "channel_id": conversation.channel_id,
            "writer": signature(by, conversation.organisation_id),
        },
    )
    return True


def was_said(conversation: Conversation, form: uuid.UUID) -> bool:
    """Whether the form with this identity has become an answer or a note."""
    known = Post.objects.filter(organisation_id=conversation.organisation_id)
    return known.filter(models.Q(delivery__client_id=form) | models.Q(uri=f"note:{form}")).exists()


def forget_draft(conversation: Conversation, kind: str, *, by: User) -> None:
    """It was sent, or emptied."""
    Draft.objects.filter(conversation=conversation, user=by, kind=kind).delete()


def take_draft(draft: Draft, *, by: User) -> None:
    """Go on with what a colleague wrote; what one had oneself stays in front of it."""
    conversation = draft.conversation
    own = Draft.objects.filter(conversation=conversation, user=by, kind=draft.kind).first()
    if own is not None:
        draft.text = f"{own.text}{BETWEEN}{draft.text}"[:LONGEST]
        own.delete()
    earlier = draft.writer
    draft.user, draft.writer = by, signature(by, draft.organisation_id)
    # a new identity: the colleague may still send what is on the other screen, and both must be heard
    draft.form, draft.changed_at = uuid.uuid4(), timezone.now()
    draft.save(update_fields=["text", "user", "writer", "form", "changed_at"])
    _log(draft, "concept overnemen", by, earlier)


def drop_draft(draft: Draft, *, by: User) -> None:
    """Throw away what a colleague left."""
    Draft.objects.filter(pk=draft.pk).delete()
    _log(draft, "concept weggooien", by, draft.writer)


def move_drafts(emptied: Conversation, there: Conversation) -> None:
    """The thread of a conversation goes up in another one: so do the drafts."""
    known = {(draft.user_id, draft.kind): draft for draft in Draft.objects.filter(conversation=there)}
    for draft in Draft.objects.filter(conversation=emptied):
        own = known.get((draft.user_id, draft.kind))
        if own is None:
            draft.conversation, draft.channel_id = there, there.channel_id
            draft.save(update_fields=["conversation", "channel"])
        else:
            own.text = f"{own.text}{BETWEEN}{draft.text}"[:LONGEST]
            own.save(update_fields=["text"])


def _log(draft: Draft, act: str, by: User, writer: str) -> None:
    organisation, conversation = draft.organisation_id, draft.conversation
    details = {"van": writer}
    record(
        organisation,
        act,
        f"gesprek:{conversation.pk}",
        by=by,
        actor=signature(by, organisation),
        details=details,
    )
    announce(conversation.channel_id, [conversation.pk], private=conversation.private)
