"""What comes in opens, reopens, moves and changes conversations. Called by ``intake``, inside the fence of a job."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Q
from django.utils.translation import gettext as _

from klankbord.base.jobs import defer_once
from klankbord.base.realtime import announce
from klankbord.base.text.clean import preview, safe_text
from klankbord.channels.models import Channel, Delivery
from klankbord.channels.registry import connector_class
from klankbord.inbox.drafts import move_drafts
from klankbord.inbox.models import Conversation, Draft, Opening, Step
from klankbord.posts.actions import Stored, write_post
from klankbord.posts.forgetting import Traces
from klankbord.posts.models import Post
from klankbord.posts.overheard import Overheard
from klankbord.tenancy.audit import record

OPEN_CONVERSATIONS = """
INSERT INTO inbox_conversation AS known (
    organisation_id, channel_id, private, root_uri, author_id, author_name, subject, preview, status, assignee_name,
    opened_at, last_post_at, waiting_since, reopened, delivery_problem)
SELECT %(organisation)s, %(channel)s, private, root_uri, author, author_name, subject, preview, 'open', '',
       %(now)s, last_post_at, waiting_since, 0, false
FROM unnest(%(private)s::boolean[], %(root_uri)s::text[], %(author)s::bigint[], %(author_name)s::text[],
            %(subject)s::text[], %(preview)s::text[], %(last_post_at)s::timestamptz[], %(waiting_since)s::timestamptz[])
     AS new (private, root_uri, author, author_name, subject, preview, last_post_at, waiting_since)
ON CONFLICT (organisation_id, root_uri) DO UPDATE SET
    status = 'open',
    reopened = known.reopened + (known.status = 'closed')::int,
    closed_at = NULL,
    seen_at = NULL,
    waiting_since = coalesce(known.waiting_since, excluded.waiting_since),
    last_post_at = greatest(known.last_post_at, excluded.last_post_at),
    -- and what is private does not come into the list of a conversation that was public already
    preview = CASE WHEN excluded.private AND NOT known.private THEN known.preview ELSE excluded.preview END
RETURNING id, private
"""


def open_conversations(channel: Channel, stored: Sequence[Stored], now: datetime) -> None:
    """Open or reopen a conversation for everything addressed to us, and tell the desk."""
    threads: dict[str, list[Stored]] = {}
    for item in stored:
        if item.event.addressed:
            threads.setdefault(item.root_uri, []).append(item)
    if not threads:
        return
    # who reads public messages only sees the list too: what was said in private shows there in private threads only
    shown = [[item for item in items if not item.event.visibility.private] or items for items in threads.values()]
    firsts = [items[0] for items in shown]
    lasts = [items[-1] for items in shown]
    with connection.cursor() as cursor:
        cursor.execute(
            OPEN_CONVERSATIONS,
            {
                "organisation": channel.organisation_id,
                "channel": channel.pk,
                "now": now,
                "root_uri": list(threads),
                "private": [item.event.visibility.private for item in firsts],
                "author": [item.author_id for item in firsts],
                "author_name": [safe_text(item.event.author.name or item.event.author.handle)[:200] for item in firsts],
                "subject": [item.said.subject for item in firsts],
                "preview": [preview(item.said.warning or item.said.text, 160) for item in lasts],
                "last_post_at": [max(item.event.published_at for item in items) for items in threads.values()],
                "waiting_since": [min(item.event.published_at for item in items) for items in threads.values()],
            },
        )
        opened = cursor.fetchall()
    for private in (False, True):
        announce(channel.pk, [pk for pk, is_private in opened if is_private == private], private=private)


def acknowledge_receipt(channel: Channel, stored: Sequence[Stored], now: datetime) -> None:
    """Confirm the receipt of what came in, where the channel does that: in the same transaction, so once."""
    connector = connector_class(channel.kind)(channel.settings, {})
    for item in stored:
        outgoing = connector.acknowledge(item.event)
        if outgoing is None:
            continue
        identity = connector.identity(outgoing)
        delivery = Delivery.objects.create(
            organisation_id=channel.organisation_id,
            channel=channel,
            private=outgoing.visibility.private,
            client_id=outgoing.client_id,
            outgoing=outgoing.as_json(),
            external_id=identity,
            created_at=now,
            next_attempt_at=now,
        )
        write_post(
            channel,
            direction=Post.Direction.OUT,
            uri=identity or f"out:{outgoing.client_id}",
            parent=Post.objects.defer("tokens").get(pk=item.id),
            text=outgoing.text,
            visibility=outgoing.visibility,
            private=outgoing.visibility.private,
            signed=_("Confirmation of receipt, sent by Klankbord"),
            now=now,
            delivery=delivery,
        )
        defer_once(
            "inbox.send_answer", f"delivery:{delivery.pk}", organisation=channel.organisation_id, delivery=delivery.pk
        )


def lock_late_threads(organisation_id: int, stored: Sequence[Stored]) -> None:
    """Conversations whose messages a late parent will move, locked before those are (``sending.lock_answer``)."""
    late = [item.event for item in stored if item.root_uri != item.event.uri]
    lock_threads(organisation_id, {event.heard_uri if isinstance(event, Overheard) else event.uri for event in late})


def lock_threads(organisation_id: int, roots: Collection[str]) -> None:
    """The conversations with these roots, until the transaction ends, before their messages are changed."""
    if roots:
        held = Conversation.objects.filter(organisation_id=organisation_id, root_uri__in=roots)
        list(held.order_by("pk").select_for_update())


def move_conversations(organisation_id: int, moved: dict[str, str]) -> None:
    """Threads that turned out to hang under another root: the conversation goes along, or goes up in the one there."""
    for old, new in moved.items():
        conversations = Conversation.objects.filter(organisation_id=organisation_id)
        there = conversations.filter(root_uri=new).select_for_update().first()
        if there is None:
            conversations.filter(root_uri=old).update(root_uri=new)
            continue
        for emptied in conversations.filter(root_uri=old).select_for_update():
            _go_up_in(there, emptied)


def _go_up_in(there: Conversation, emptied: Conversation) -> None:
    """All messages of ``emptied`` hang in the thread of ``there`` now: what waited there waits here."""
    if emptied.status == Conversation.Status.OPEN:
        there.status, there.closed_at = Conversation.Status.OPEN, None
    waiting = [moment for moment in (there.waiting_since, emptied.waiting_since) if moment]
    there.waiting_since = min(waiting, default=None)
    there.last_post_at = max(there.last_post_at, emptied.last_post_at)
    there.delivery_problem = there.delivery_problem or emptied.delivery_problem
    if there.assignee_id is None:
        there.assignee, there.assignee_name = emptied.assignee, emptied.assignee_name
    there.seen_at = None
    there.save()
    details = {"met": f"gesprek:{emptied.pk}"}
    record(there.organisation_id, "gesprekken samenvoegen", f"gesprek:{there.pk}", by=None, details=details)
    _announce(emptied)
    _announce(there)
    move_drafts(emptied, there)
    emptied.delete()


def touch_thread(organisation_id: int, root_uri: str) -> None:
    """Something in the thread changed (an edit, a deletion): whoever looks at it must see that."""
    for conversation in Conversation.objects.filter(organisation_id=organisation_id, root_uri=root_uri):
        last = (
            Post.objects.filter(organisation_id=organisation_id, root_uri=root_uri, direction=Post.Direction.IN)
            # what strangers said in the thread is kept for a while only, and never under the name that stands here
            .filter(private=conversation.private, overheard=False)
            .order_by("-pk")
            .first()
        )
        if last is not None:
            conversation.preview = preview(last.warning or last.text, 160) if not last.deleted_at else ""
        conversation.seen_at = None
        conversation.save(update_fields=["preview", "seen_at"])
        _announce(conversation)


def _announce(conversation: Conversation) -> None:
    announce(conversation.channel_id, [conversation.pk], private=conversation.private)


def forget_in_conversations(organisation_id: int, author_id: int, traces: Traces) -> list[int]:
    """Take somebody out of the lists of the desk and out of reasons that were given; the conversations they were in."""
    conversations = Conversation.objects.filter(organisation_id=organisation_id)
    touched = []
    for conversation in conversations.filter(Q(author=author_id) | Q(root_uri__in=[*traces.renamed, *traces.threads])):
        if conversation.author_id == author_id:
            conversation.author_name = conversation.subject = conversation.preview = ""
        conversation.root_uri = traces.rename(conversation.root_uri)
        for name in ("author_name", "subject", "preview"):
            setattr(conversation, name, traces.without(getattr(conversation, name), near=True))
        conversation.save(update_fields=["author_name", "subject", "preview", "root_uri"])
        for draft in Draft.objects.filter(conversation=conversation):
            draft.text = traces.without(draft.text, near=True)
            draft.save(update_fields=["text"])
        # what can be taken back for a moment remembers how the conversation was
        Step.objects.filter(conversation=conversation).delete()
        touched.append(conversation.pk)
        _announce(conversation)
    for opening in Opening.objects.filter(organisation_id=organisation_id):
        opening.root_uri = traces.rename(opening.root_uri)
        opening.reason = traces.without(opening.reason, near=opening.root_uri in traces.threads)
        opening.save(update_fields=["root_uri", "reason"])
    return touched
