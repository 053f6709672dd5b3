"""All writes on the desk: who has it, what we answer, when it is done."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatch

from django.conf import settings
from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from klankbord.base.jobs import defer_once
from klankbord.base.realtime import announce
from klankbord.base.text.clean import safe_text
from klankbord.channels.contract import AuthorData, Connector, Outgoing, Visibility
from klankbord.channels.models import Channel, Delivery
from klankbord.channels.registry import connector_class
from klankbord.inbox.drafts import forget_draft
from klankbord.inbox.models import Conversation, Draft, Step
from klankbord.inbox.undoing import IN_THE_HOUSE, remember, state_of
from klankbord.posts.actions import write_post
from klankbord.posts.files import keep_file
from klankbord.posts.models import Attachment, Post
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import Mandate, User
from klankbord.tenancy.queries import signature

OPEN_WITH_REASON_FOR = timedelta(hours=1)


class AnsweredMeanwhile(Exception):
    """A colleague answered while this answer was being written."""

    def __init__(self, post: Post) -> None:
        super().__init__(
            _("%(name)s has just answered this conversation. Read that answer first; yours is kept.")
            % {"name": post.signed}
        )
        self.post = post


class Refused(Exception):
    """It cannot be done, and the text says why, for the colleague."""


@dataclass(frozen=True, slots=True)
class NewFile:
    filename: str
    content_type: str
    content: bytes
    alt_text: str


def mark_seen(conversation: Conversation) -> None:
    """Somebody at a desk has it on the screen."""
    if conversation.seen_at is None:
        Conversation.objects.filter(pk=conversation.pk).update(seen_at=timezone.now())
        _announce(conversation)


def assign_conversation(conversation: Conversation, assignee: User | None, *, by: User) -> None:
    """Give a conversation to somebody, or to nobody."""
    before = state_of(conversation)
    conversation.assignee = assignee
    conversation.assignee_name = assignee.name if assignee else ""
    conversation.save(update_fields=["assignee", "assignee_name"])
    _log(conversation, "gesprek toewijzen", by, {"aan": conversation.assignee_name})
    remember(conversation, Step.Act.ASSIGN, before, by=by, until=timezone.now() + IN_THE_HOUSE)
    _announce(conversation)


def close_conversation(
    conversation: Conversation, *, by: User, seen: int | None = None, now: datetime | None = None
) -> None:
    """It is done; a new message opens it again. Refused when a resident said something after ``seen``, where given."""
    if seen is not None and _incoming(conversation).filter(pk__gt=seen).exists():
        raise Refused(_("Something came in that was not on your screen yet. Read it first, then close."))
    before = state_of(conversation)
    conversation.status = Conversation.Status.CLOSED
    conversation.closed_at = now or timezone.now()
    conversation.seen_at = conversation.seen_at or conversation.closed_at
    conversation.waiting_since = None
    conversation.save(update_fields=["status", "closed_at", "seen_at", "waiting_since"])
    _log(conversation, "gesprek sluiten", by)
    remember(conversation, Step.Act.CLOSE, before, by=by, until=conversation.closed_at + IN_THE_HOUSE)
    _announce(conversation)


def reopen_conversation(conversation: Conversation, *, by: User) -> None:
    before = state_of(conversation)
    conversation.status = Conversation.Status.OPEN
    conversation.closed_at = None
    conversation.reopened += 1
    conversation.save(update_fields=["status", "closed_at", "reopened"])
    _log(conversation, "gesprek heropenen", by)
    remember(conversation, Step.Act.REOPEN, before, by=by, until=timezone.now() + IN_THE_HOUSE)
    _announce(conversation)


def write_note(
    conversation: Conversation,
    text: str,
    *,
    by: User,
    client_id: uuid.UUID | None = None,
    now: datetime | None = None,
) -> Post:
    """An internal note: never leaves the house. ``client_id`` as in :func:`reply`."""
    uri = f"note:{client_id or uuid.uuid4()}"
    Conversation.objects.select_for_update().get(pk=conversation.pk)
    already = Post.objects.filter(organisation_id=conversation.organisation_id, uri=uri).first()
    text = _said(text)
    if already and already.text == text:
        return already
    if already:
        uri = f"note:{uuid.uuid4()}"
    parent = _last_in(conversation)
    # about what was said in private only they read who could read that
    private = conversation.private or parent.private
    note = write_post(
        conversation.channel,
        direction=Post.Direction.INTERNAL,
        uri=uri,
        parent=parent,
        text=text,
        visibility=Visibility.DIRECT if private else Visibility.PUBLIC,
        private=private,
        signed=signature(by, conversation.organisation_id),
        now=now or timezone.now(),
    )
    _log(conversation, "notitie schrijven", by)
    forget_draft(conversation, Draft.What.NOTE, by=by)
    _announce(conversation)
    return note


def reply(
    conversation: Conversation,
    text: str,
    *,
    by: User,
    client_id: uuid.UUID,
    seen: int,
    to: int | None = None,
    visibility: Visibility | None = None,
    files: Sequence[NewFile] = (),
    hold: float = 0,
    now: datetime | None = None,
) -> Post:
    """Answer a resident: the answer, its delivery and the job that sends it are one transaction.

    ``hold`` is how many seconds it stays here before it goes out, so that it can be taken back (``undoing.py``).

    ``client_id`` was made when the form was shown, so a form sent twice is one answer; AnsweredMeanwhile when other
    words were sent with it. ``seen`` is the last post that was on the screen; AnsweredMeanwhile when a colleague
    answered after it, and what a resident said after it still waits. ``to`` is the message that is answered, the last
    one when not given. Refused when the channel cannot do this.
    """
    now = now or timezone.now()
    before, held_until = state_of(conversation), now + timedelta(seconds=hold)
    Conversation.objects.select_for_update().get(pk=conversation.pk)
    already = Post.objects.filter(organisation_id=conversation.organisation_id, delivery__client_id=client_id).first()
    if already and already.text == _said(text):
        return already
    meanwhile = _thread_posts(conversation).filter(direction=Post.Direction.OUT, pk__gt=seen).order_by("-pk").first()
    # the same form with other words: it stood open twice, and neither text may get lost
    meanwhile = already or meanwhile
    if meanwhile:
        raise AnsweredMeanwhile(meanwhile)
    channel, parent = conversation.channel, _answered(conversation, to)
    connector = connector_class(channel.kind)
    text = _said(text)
    _check(connector, channel, text, files)
    if impossible := connector.cannot_answer(parent.reply_data):
        raise Refused(impossible)
    chosen = narrowest(Visibility(parent.visibility), visibility)
    outgoing = Outgoing(
        client_id=str(client_id),
        text=text,
        visibility=chosen,
        to=AuthorData(parent.author.network_id, parent.author.handle, parent.author.name)
        if parent.author
        else AuthorData("", ""),
        parent_uri=parent.uri,
        root_uri=parent.root_uri,
        reply_data=parent.reply_data,
        subject=parent.subject or conversation.subject,
        sender_name=signature(by, conversation.organisation_id),
        record=connector.answers_are_records,
    )
    identity = connector(channel.settings, {}).identity(outgoing)
    delivery = Delivery.objects.create(
        organisation_id=conversation.organisation_id,
        channel=channel,
        private=chosen.private,
        client_id=client_id,
        outgoing=outgoing.as_json(),
        external_id=identity,
        created_at=now,
        next_attempt_at=held_until,
    )
    post = write_post(
        channel,
        direction=Post.Direction.OUT,
        uri=identity or f"out:{client_id}",
        parent=parent,
        text=text,
        visibility=chosen,
        private=chosen.private,
        signed=outgoing.sender_name,
        now=now,
        delivery=delivery,
    )
    _attach(post, delivery, files)
    unseen = _incoming(conversation).filter(pk__gt=max(seen, parent.pk)).order_by("pk").first()
    conversation.status = Conversation.Status.OPEN if unseen else Conversation.Status.ANSWERED
    conversation.closed_at = None
    conversation.waiting_since = unseen.published_at if unseen else None
    conversation.last_post_at = now
    if unseen is None:
        conversation.seen_at = conversation.seen_at or now
    if conversation.assignee is None:
        conversation.assignee, conversation.assignee_name = by, by.name
    conversation.mandate = _mandate(conversation, by, now)
    conversation.save(
        update_fields=[
            "status",
            "closed_at",
            "waiting_since",
            "last_post_at",
            "seen_at",
            "assignee",
            "assignee_name",
            "mandate",
        ]
    )
    with override(settings.LANGUAGE_CODE):
        seen_by = str(post.get_visibility_display())
    _log(conversation, "antwoord versturen", by, {"bericht": post.pk, "zichtbaarheid": seen_by})
    defer_once(
        "inbox.send_answer",
        f"delivery:{delivery.pk}",
        after=hold,
        organisation=conversation.organisation_id,
        delivery=delivery.pk,
    )
    forget_draft(conversation, Draft.What.REPLY, by=by)
    remember(conversation, Step.Act.REPLY, before, by=by, until=held_until, delivery=delivery)
    _announce(conversation)
    return post


def open_with_reason(conversation_id: int, reason: str, *, by: User) -> bool:
    """A privacy officer opens one conversation for an hour; the audit log has the reason. False when it may not be."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT open_with_reason(%s, %s, %s)", [conversation_id, reason, timezone.now() + OPEN_WITH_REASON_FOR]
        )
        (organisation_id,) = cursor.fetchone()
    if organisation_id is None:
        return False
    record(organisation_id, "gesprek inzien met reden", f"gesprek:{conversation_id}", by=by, details={"reden": reason})
    return True


def narrowest(of_parent: Visibility, chosen: Visibility | None) -> Visibility:
    """A reply is never more visible than what it replies to."""
    order = list(Visibility)
    return max(of_parent, chosen or of_parent, key=order.index)


def _said(text: str) -> str:
    text = safe_text(text).strip()
    if not text:
        raise Refused(_("Write something first."))
    return text


def _check(connector: type[Connector], channel: Channel, text: str, files: Sequence[NewFile]) -> None:
    if not connector.can_reply:
        raise Refused(_("You cannot answer on this channel."))
    if not channel.enabled:
        raise Refused(_("This channel is switched off. Ask the administrator to switch it on."))
    if connector.max_length and len(text) > connector.max_length:
        raise Refused(
            _("The answer has %(length)s characters; this channel takes %(most)s.")
            % {"length": len(text), "most": connector.max_length}
        )
    limits = connector.media_limits
    if len(files) > limits.count:
        raise Refused(_("This channel takes at most %(count)s files.") % {"count": limits.count})
    if sum(len(file.content) for file in files) > limits.bytes:
        raise Refused(_("The files are too large for this channel."))
    for file in files:
        if limits.types and not any(fnmatch(file.content_type, pattern) for pattern in limits.types):
            raise Refused(_("This channel does not take files like “%(name)s”.") % {"name": file.filename})
        if file.content_type.startswith("image/") and not file.alt_text.strip():
            raise Refused(_("Describe what is on the picture, for people who cannot see it."))


def _attach(post: Post, delivery: Delivery, files: Sequence[NewFile]) -> None:
    kept = [
        Attachment.objects.create(
            organisation_id=post.organisation_id,
            post=post,
            filename=file.filename,
            content_type=file.content_type,
            alt_text=file.alt_text,
            state=Attachment.State.KEPT,
            sha256=keep_file(post.organisation_id, file.content),
            size=len(file.content),
        )
        for file in files
    ]
    if kept:
        delivery.outgoing["files"] = [
            {"filename": a.filename, "content_type": a.content_type, "alt_text": a.alt_text, "sha256": a.sha256}
            for a in kept
        ]
        delivery.save(update_fields=["outgoing"])


def _thread_posts(conversation: Conversation) -> models.QuerySet[Post]:
    return Post.objects.filter(organisation_id=conversation.organisation_id, root_uri=conversation.root_uri)


def _incoming(conversation: Conversation) -> models.QuerySet[Post]:
    return (
        _thread_posts(conversation)
        # who did not speak to us has no name here, and no address to answer to
        .filter(direction=Post.Direction.IN, deleted_at__isnull=True, overheard=False)
        .select_related("author")
        .order_by("-pk")
    )


def _last_in(conversation: Conversation) -> Post:
    last = _incoming(conversation).first()
    if last is None:
        raise Refused(_("The resident has taken the message away; there is nothing left to answer."))
    return last


def _answered(conversation: Conversation, to: int | None) -> Post:
    """The message somebody answers; whoever spoke after it is not answered by accident."""
    if to is None:
        return _last_in(conversation)
    chosen = _incoming(conversation).filter(pk=to).first()
    if chosen is None:
        raise Refused(_("The message you answer was taken away. Look whom you answer now; your text is kept."))
    return chosen


def _mandate(conversation: Conversation, by: User, now: datetime) -> Mandate | None:
    """The mandate somebody acts under, None for the organisation's own people."""
    return (
        Mandate.objects.filter(
            organisation_id=conversation.organisation_id,
            desk_team__members__membership__user=by,
            valid_from__lte=now,
            valid_until__gt=now,
        )
        .order_by("pk")
        .first()
    )


def _log(conversation: Conversation, act: str, by: User, details: dict[str, object] | None = None) -> None:
    organisation = conversation.organisation_id
    record(organisation, act, f"gesprek:{conversation.pk}", by=by, actor=signature(by, organisation), details=details)


def _announce(conversation: Conversation) -> None:
    announce(conversation.channel_id, [conversation.pk], private=conversation.private)
