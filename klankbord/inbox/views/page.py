"""The desk on the screen: the queue, one conversation, and the fragments that keep them fresh."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlsplit

from django.http import Http404, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from klankbord.channels.contract import Connector
from klankbord.channels.models import Channel
from klankbord.channels.registry import connector_class
from klankbord.inbox import presentation, queries
from klankbord.inbox.actions import mark_seen
from klankbord.inbox.models import Conversation, Draft
from klankbord.inbox.queries import Filter
from klankbord.posts.files import read_file, showable_type
from klankbord.posts.models import Attachment, Post
from klankbord.posts.queries import thread
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.roles import Right

LONGEST_SEARCH = 200


def filter_of(request: FencedRequest) -> Filter:
    """What the address asks for; nonsense counts as not asked. An act asks for the list that stays beside it."""
    asked = request.GET
    if request.method == "POST":
        asked = QueryDict(urlsplit(request.headers.get("HX-Current-URL", "")).query)
    view = asked.get("view", "todo")
    organisation = asked.get("organisation", "")
    return Filter(
        view=view if view in queries.STATUSES else "todo",
        organisation=number(organisation),
        words=asked.get("q", "").replace("\0", "").strip()[:LONGEST_SEARCH],
        before=_before(asked.get("before", "")),
    )


def _before(text: str) -> tuple[datetime, int] | None:
    moment, _, pk = text.partition("_")
    try:
        at = parse_datetime(moment)
    except ValueError:
        return None
    row = number(pk)
    return (at, row) if at and at.tzinfo and row is not None else None


def find_conversation(request: FencedRequest, pk: int) -> Conversation:
    """The one gate to a conversation: what the fence does not show does not exist."""
    return get_object_or_404(Conversation, pk=pk)


def number(text: str) -> int | None:
    """The id that somebody's browser sent; nonsense is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else None


@inside
@require_GET
def desk(request: FencedRequest) -> HttpResponseBase:
    channels = queries.desk_channels(request.sight)
    if not channels:
        return _without_a_desk(request)
    return render(request, "inbox/desk.html", queue_context(request, channels, filter_of(request)))


def _without_a_desk(request: FencedRequest) -> HttpResponse:
    """For who has no conversations to see: why that is, what can be done here, and who can change it."""
    context = {
        "has_role": bool(request.sight.organisations_where(Right.READ_PUBLIC)),
        "may_connect": bool(request.sight.organisations_where(Right.WRITE_CHANNELS)),
        "may_open_with_reason": bool(request.sight.organisations_where(Right.OPEN_WITH_REASON)),
        "administrators": queries.administrators(),
    }
    return render(request, "inbox/without_desk.html", context)


@inside
@require_GET
def conversation(request: FencedRequest, pk: int) -> HttpResponseBase:
    found = Conversation.objects.filter(pk=pk).first()
    if found is None:
        return _closed_door(request, pk)
    if found.channel_id in request.sight.desk_channels:
        mark_seen(found)
        found.seen_at = found.seen_at or timezone.now()
    return show(request, found)


def _closed_door(request: FencedRequest, pk: int) -> HttpResponseBase:
    """A privacy officer may open one with a reason; for everybody else it does not exist."""
    if request.sight.organisations_where(Right.OPEN_WITH_REASON):
        return redirect("open-with-reason", pk)
    raise Http404


def show(request: FencedRequest, found: Conversation, **more: Any) -> HttpResponse:
    """The whole desk with this conversation open; ``more`` carries what was typed and what was wrong with it."""
    channels = channels_with(request, found)
    wanted = filter_of(request)
    context = thread_context(request, found, channels, again="reply_text" in more)
    if not request.headers.get("HX-Request"):
        context = queue_context(request, channels, wanted, found.pk) | context
    else:
        lines = presentation.lines(channels, request.user, wanted, found.pk)
        context["line"] = lines.draw(found, in_view=queries.in_filter(found, request.user, wanted))
    template = "inbox/changed.html" if request.headers.get("HX-Request") else "inbox/desk.html"
    return render(request, template, context | more)


def channels_with(request: FencedRequest, found: Conversation) -> dict[int, Channel]:
    """The channels of the desk; and, for who opened this one with a reason, the channel it came by."""
    channels = queries.desk_channels(request.sight)
    if found.channel_id not in channels:
        channels[found.channel_id] = Channel.objects.select_related("organisation", "source").get(pk=found.channel_id)
    return channels


def queue_context(
    request: FencedRequest, channels: dict[int, Channel], wanted: Filter, current: int | None = None
) -> dict[str, Any]:
    page = queries.queue(request.user, channels, wanted)
    rows, more = page[: queries.PAGE], page[queries.PAGE :]
    last = rows[-1] if more else None
    lines = presentation.lines(channels, request.user, wanted, current)
    older = f"{last.last_post_at.isoformat()}_{last.pk}" if last else ""
    return {
        "views": presentation.view_list(wanted, queries.counts(request.user, channels, wanted)),
        "organisations": presentation.organisation_list(channels, wanted),
        "view": wanted.view,
        "q": wanted.words,
        "clear_url": presentation.address("desk", query=presentation.query_of(wanted, q="")),
        "rows": rows,
        "lines": [lines.draw(one) for one in rows],
        "next_url": presentation.address("desk", query=presentation.query_of(wanted, before=older)) if last else "",
        "filter_query": presentation.query_of(wanted),
    }


def thread_context(
    request: FencedRequest, found: Conversation, channels: dict[int, Channel], *, again: bool = False
) -> dict[str, Any]:
    """What the thread shows; ``again`` for an answer that comes back to its writer: to the same person, as private."""
    channel = channels[found.channel_id]
    posts = thread(found.organisation_id, found.root_uri)
    may_write = found.channel_id in request.sight.desk_channels
    written = composer_context(request, found, may_write)
    asked = request.POST if again else request.GET
    draft = written["draft"]
    return written | {
        "conversation": presentation.head(
            found,
            channel,
            request.user,
            request.sight,
            queries.assignees(found.channel_id) if may_write else [],
            posts,
            number(asked.get("to", "")) or (draft.answers if draft else None),
            asked.get("visibility", "") or (draft.visibility if draft else ""),
        ),
        "posts": shown_posts(posts, may_write),
        "about": presentation.context(
            found,
            channel,
            request.sight,
            queries.earlier_conversations(found),
            queries.finds(found),
            queries.history(found),
            posts,
            timezone.now(),
        ),
        "last": posts[-1].pk if posts else "",
        "list_url": presentation.address("desk", query=presentation.query_of(filter_of(request))),
    }


def composer_context(request: FencedRequest, found: Conversation, may_write: bool) -> dict[str, Any]:
    """What the fields for writing start with: the own drafts, those of others, and a fresh identity for each form."""
    drafts = queries.drafts(found) if may_write else []
    note = presentation.own_draft(drafts, request.user, Draft.What.NOTE)
    draft = presentation.own_draft(drafts, request.user, Draft.What.REPLY)
    return {
        "draft": draft,
        "reply_text": draft.text if draft else "",
        "note_text": note.text if note else "",
        "left_drafts": presentation.left_drafts(drafts, request.user),
        # the identity of what is written is made here, so that a form sent twice is one answer
        "client_id": draft.form if draft else uuid.uuid4(),
        "note_id": note.form if note else uuid.uuid4(),
    }


def shown_posts(posts: Sequence[Post], may_write: bool) -> list[presentation.Shown]:
    return [presentation.shown_post(post, may_write) for post in posts]


@inside
@require_GET
def row(request: FencedRequest, pk: int) -> HttpResponseBase:
    """One line of the queue, fresh."""
    found = find_conversation(request, pk)
    wanted = filter_of(request)
    lines = presentation.lines(channels_with(request, found), request.user, wanted)
    in_view = not wanted.words and queries.in_filter(found, request.user, wanted)
    return HttpResponse(lines.draw(found, in_view=in_view))


@inside
@require_GET
def views(request: FencedRequest) -> HttpResponseBase:
    """The lists above the queue with how much waits in each, fresh."""
    wanted = filter_of(request)
    counted = queries.counts(request.user, queries.desk_channels(request.sight), wanted)
    return render(request, "inbox/lists.html", {"views": presentation.view_list(wanted, counted)})


@inside
@require_GET
def posts(request: FencedRequest, pk: int) -> HttpResponseBase:
    """What is new or changed in an open thread, with the state of every answer in it."""
    found = find_conversation(request, pk)
    channels = channels_with(request, found)
    everything = thread(found.organisation_id, found.root_uri)
    may_write = found.channel_id in request.sight.desk_channels
    written = composer_context(request, found, may_write)
    draft = written["draft"]
    newer = number(request.GET.get("after", "")) or 0
    return render(
        request,
        "inbox/posts.html",
        written
        | {
            "posts": shown_posts(
                [post for post in everything if post.pk > newer or post.edited_at or post.deleted_at], may_write
            ),
            "deliveries": [
                presentation.delivery(post.delivery, may_write)
                for post in everything
                if post.delivery and post.pk <= newer
            ],
            "conversation": presentation.head(
                found,
                channels[found.channel_id],
                request.user,
                request.sight,
                queries.assignees(found.channel_id) if may_write else [],
                everything,
                draft.answers if draft else None,
                draft.visibility if draft else "",
            ),
            "everything": everything,
            "last": everything[-1].pk if everything else "",
        },
    )


@inside
@require_GET
def resident(request: FencedRequest, pk: int) -> HttpResponseBase:
    """An exercise as the resident sees it: proof that the answer arrived."""
    found = get_object_or_404(Conversation.objects.select_related("channel__organisation"), pk=pk)
    connector = connector_for_view(found.channel)
    if connector is None or found.channel_id not in request.sight.desk_channels:
        raise Http404
    heard = [one for one in connector.residents_side(timezone.now()) if one.root_uri == found.root_uri]
    return render(request, "inbox/resident.html", {"heard": heard, "conversation": found, "channel": found.channel})


def connector_for_view(channel: Channel) -> Connector | None:
    kind = connector_class(channel.kind)
    return kind(channel.settings, {}) if kind.shows_other_side else None


@inside
@require_GET
def file(request: FencedRequest, pk: int) -> HttpResponseBase:
    """A file of a post one may see. Only real pictures are shown; everything else is a download."""
    attachment = get_object_or_404(Attachment, pk=pk, state=Attachment.State.KEPT)
    try:
        content = read_file(attachment.organisation_id, attachment.sha256)
    except FileNotFoundError:
        raise Http404 from None
    shown = showable_type(content[:16])
    return HttpResponse(
        content,
        content_type=shown or "application/octet-stream",
        headers={
            "Content-Disposition": "inline"
            if shown
            else f"attachment; filename*=UTF-8''{quote(attachment.filename, safe='')}",
            "Content-Security-Policy": "default-src 'none'; sandbox",
            "X-Content-Type-Options": "nosniff",
            # a mandate ends at once, and a browser's own copy would not
            "Cache-Control": "private, no-store",
        },
    )
