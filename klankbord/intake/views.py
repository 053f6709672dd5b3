"""A colleague brings in what no connector can see: a call, a tip, a file with rows, a mail that was saved."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from klankbord.channels.contract import Envelope, PostArrived, Unparseable
from klankbord.channels.models import Channel
from klankbord.channels.tip.message import mail_envelope, understand
from klankbord.channels.tip.table import Fault, Table, read_table
from klankbord.inbox.models import Conversation
from klankbord.intake import flow
from klankbord.intake.actions import bring_by_hand
from klankbord.intake.forms import LARGEST_FILE, FileForm, NoteForm
from klankbord.intake.queries import already_here, channels_by_hand
from klankbord.posts.models import Post
from klankbord.tenancy.fence import FencedRequest, in_steps, inside, step
from klankbord.tenancy.queries import signature
from klankbord.tenancy.views.whose import posted

SHOWN = 50
"""Rows of a file that stand on the page before it comes in."""


@in_steps
@require_http_methods(["GET", "POST"])
def take_in(request: HttpRequest) -> HttpResponseBase:
    """Take down a call or a tip, and go on in its conversation."""
    with step(request) as first:
        channels = channels_by_hand(first.sight)
        form = NoteForm(posted(request), channels=channels, initial={"mark": NoteForm.fresh_mark()})
        if request.method == "GET" or not channels or not form.is_valid():
            return _show(first, "intake/take_in.html", {"form": form, "channels": channels}, wrong=bool(form.errors))
        now, channel = timezone.now(), form.chosen
        note = form.note(signature(first.user, channel.organisation_id), now)
        bring_by_hand(channel, [note.envelope()], by=first.user, now=now)
    flow.take_in(channel.organisation_id, channel.pk)
    with step(request):
        post = Post.objects.filter(organisation_id=channel.organisation_id, uri=note.uri).first()
        found = Conversation.objects.filter(root_uri=post.root_uri, channel=channel).first() if post else None
    if found is None:
        # another process is taking it in at this moment
        messages.success(request, _("It is kept. In a moment it stands in the list."))
        return redirect("desk")
    messages.success(request, _("It is kept. This is its conversation."))
    return redirect("conversation", found.pk)


@dataclass
class Brought:
    """What a file holds, as it is shown before it comes in."""

    raw: bytes
    table: Table
    envelopes: list[Envelope]
    posts: list[PostArrived]

    @property
    def content(self) -> str:
        """The file itself, on its way to the second page and back."""
        return base64.b64encode(self.raw).decode()


@inside
@require_http_methods(["GET", "POST"])
def file(request: FencedRequest) -> HttpResponseBase:
    """Bring in a file: first it is shown, then all of it comes in, or nothing."""
    channels = channels_by_hand(request.sight)
    content = request.POST.get("content", "")
    form = FileForm(posted(request), request.FILES or None, channels=channels)
    if content:
        # the second page carries what the first one read
        del form.fields["file"]
    context: dict[str, Any] = {"form": form, "channels": channels}
    if request.method == "GET" or not channels or not form.is_valid():
        return _show(request, "intake/file.html", context, wrong=bool(form.errors))
    raw = _decoded(content) if content else form.cleaned_data["file"]
    now = timezone.now()
    brought = read(raw, now)
    if content and brought.envelopes:
        return _bring(request, form.chosen, brought, now)
    known = already_here(form.chosen, [one.key for one in brought.envelopes])
    keys = [one.key for one in brought.envelopes]
    context |= {
        "brought": brought,
        "channel": form.chosen,
        "shown": list(zip(brought.posts, (key in known for key in keys), strict=True))[:SHOWN],
        "fresh": len(set(keys) - known),
        "known": len(set(keys) & known),
        "doubles": len(keys) - len(set(keys)),
        "columns": brought.table.columns.items(),
    }
    return _show(request, "intake/preview.html", context, wrong=bool(brought.table.faults))


def _bring(request: FencedRequest, channel: Channel, brought: Brought, now: datetime) -> HttpResponse:
    added = bring_by_hand(channel, brought.envelopes, by=request.user, now=now)
    if added:
        said = ngettext(
            "%(count)d message is brought in. In a moment it stands in the list.",
            "%(count)d messages are brought in. In a moment they stand in the list.",
            added,
        )
        messages.success(request, said % {"count": added})
    else:
        messages.info(request, _("Everything in this file was here already. Nothing was brought in twice."))
    return redirect("desk")


def read(raw: bytes, now: datetime) -> Brought:
    """The messages in a file, as they would come in; none of them when something in it is wrong."""
    if _is_mail(raw):
        return _read([mail_envelope(raw)], Table(), raw)
    table = read_table(raw, now)
    return _read([] if table.faults else [note.envelope() for note in table.notes], table, raw)


def _read(envelopes: list[Envelope], table: Table, raw: bytes) -> Brought:
    posts: list[PostArrived] = []
    for one in envelopes:
        try:
            events = understand(one.body)
        except Unparseable as problem:
            table.faults.append(Fault(0, str(problem)))
            continue
        posts += [event for event in events if isinstance(event, PostArrived)]
    if len(posts) != len(envelopes) and not table.faults:
        table.faults.append(
            Fault(0, _("This mail was sent by a machine, for instance a bounce. There is no resident in it."))
        )
    return Brought(raw, table, [] if table.faults else envelopes, [] if table.faults else posts)


def _is_mail(raw: bytes) -> bool:
    """A saved mail begins with headers, a file with rows with the names of its columns."""
    head = raw[:65536].lower()
    names = [line.partition(b":")[0].strip() for line in head.splitlines()[:200] if b":" in line]
    return b"from" in names and bool({b"date", b"message-id", b"received", b"mime-version"} & set(names))


def _decoded(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)[:LARGEST_FILE]
    except binascii.Error:
        return b""


def _show(request: HttpRequest, template: str, context: dict[str, Any], *, wrong: bool) -> HttpResponse:
    return render(request, template, context, status=422 if wrong else 200)
