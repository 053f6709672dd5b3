"""The actions of taking back: the last step of a colleague, remembered for a moment and undone when asked.

An answer is held for some seconds before the job may claim it (``settings.UNDO_SECONDS``). Taking it back within that
time takes away the answer and its delivery in one transaction; the text is a draft again.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Field
from django.utils import timezone
from django.utils.translation import gettext as _

from klankbord.base.realtime import announce
from klankbord.channels.models import Delivery
from klankbord.inbox.drafts import BETWEEN, keep_draft
from klankbord.inbox.models import Conversation, Draft, Step
from klankbord.posts.models import Attachment, Post
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import User
from klankbord.tenancy.queries import signature

# An assignment or a closing has no hurry: nothing leaves the house.
IN_THE_HOUSE = timedelta(minutes=2)
FIELDS = (
    "status",
    "closed_at",
    "waiting_since",
    "last_post_at",
    "assignee_id",
    "assignee_name",
    "mandate_id",
    "reopened",
)
ACTS = {
    Step.Act.REPLY: "antwoord tegenhouden",
    Step.Act.ASSIGN: "toewijzen terugdraaien",
    Step.Act.CLOSE: "sluiten terugdraaien",
    Step.Act.REOPEN: "heropenen terugdraaien",
}

State = dict[str, Any]


class TooLate(Exception):
    """It cannot be taken back any more, and the text says why."""


def state_of(conversation: Conversation) -> State:
    """What a step may change, as JSON keeps it."""
    values = {name: getattr(conversation, name) for name in FIELDS}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}


def remember(
    conversation: Conversation,
    act: Step.Act,
    before: State,
    *,
    by: User,
    until: datetime,
    delivery: Delivery | None = None,
) -> None:
    """Keep what is needed to take this step back; it replaces the step before it."""
    Step.objects.filter(user=by, until__lt=timezone.now()).delete()
    Step.objects.update_or_create(
        conversation=conversation,
        user=by,
        defaults={
            "organisation_id": conversation.organisation_id,
            "channel_id": conversation.channel_id,
            "private": conversation.private or bool(delivery and delivery.private),
            "act": act,
            "delivery": delivery,
            "before": before,
            "after": state_of(conversation),
            "until": until,
        },
    )


def take_back(step: Step, *, by: User, now: datetime | None = None) -> Conversation:
    """Undo the last step of ``by``; TooLate when its moment has passed or a colleague went on from there."""
    now = now or timezone.now()
    conversation = (
        Conversation.objects.select_for_update(of=("self",)).select_related("channel").get(pk=step.conversation_id)
    )
    if step.until <= now:
        raise TooLate(_("It is too late to undo this."))
    if step.act == Step.Act.REPLY:
        _hold_back(step, conversation, by)
    changed = _put_back(conversation, step)
    if not changed and step.act != Step.Act.REPLY:
        raise TooLate(_("Somebody changed this conversation meanwhile. Nothing was undone."))
    conversation.save(update_fields=[name.removesuffix("_id") for name in changed])
    Step.objects.filter(pk=step.pk).delete()
    organisation = conversation.organisation_id
    subject = f"gesprek:{conversation.pk}"
    record(organisation, ACTS[Step.Act(step.act)], subject, by=by, actor=signature(by, organisation))
    announce(conversation.channel_id, [conversation.pk], private=conversation.private)
    return conversation


def files_of(step: Step) -> list[str]:
    """The names of the files in the answer of this step; a draft holds none, so they do not come back with the text."""
    if step.delivery_id is None:
        return []
    files = Attachment.objects.filter(post__delivery=step.delivery_id).order_by("pk")
    return list(files.values_list("filename", flat=True))


def _put_back(conversation: Conversation, step: Step) -> list[str]:
    """Give each field its earlier value, unless something else changed it since; the names of those fields."""
    here = state_of(conversation)
    changed = [name for name in FIELDS if here[name] == step.after[name] != step.before[name]]
    for name in changed:
        setattr(conversation, name, _value(name, step.before[name]))
    waited = step.before["waiting_since"]
    if waited and "waiting_since" not in changed and conversation.status == Conversation.Status.OPEN:
        # the resident wrote again meanwhile, but has been waiting since the first time
        earlier = _value("waiting_since", waited)
        if conversation.waiting_since is None or earlier < conversation.waiting_since:
            conversation.waiting_since = earlier
            changed.append("waiting_since")
    return changed


def _value(name: str, kept: Any) -> Any:
    """What a field held, from what JSON kept of it."""
    field = Conversation._meta.get_field(name.removesuffix("_id"))
    assert isinstance(field, Field)
    return field.to_python(kept)


def _hold_back(step: Step, conversation: Conversation, by: User) -> None:
    """Take away an answer that nobody has claimed yet; its text becomes a draft again."""
    delivery = Delivery.objects.select_for_update().filter(pk=step.delivery_id or 0).first()
    if delivery is None or delivery.state != Delivery.State.PENDING or delivery.attempts:
        raise TooLate(_("It is too late to undo this: the answer is on its way."))
    typed = Draft.objects.filter(conversation=conversation, user=by, kind=Draft.What.REPLY).first()
    for post in Post.objects.filter(delivery=delivery).defer("tokens"):
        parent = Post.objects.filter(organisation_id=post.organisation_id, uri=post.parent_uri).only("pk").first()
        keep_draft(
            conversation,
            Draft.What.REPLY,
            f"{post.text}{BETWEEN}{typed.text}" if typed else post.text,
            by=by,
            form=uuid.uuid4(),
            answers=parent.pk if parent else None,
            visibility=post.visibility,
        )
        post.delete()
    delivery.delete()
