"""Drafts over HTTP: kept while somebody types, taken over, thrown away."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from klankbord.channels.contract import Visibility
from klankbord.inbox import drafts
from klankbord.inbox.models import Draft
from klankbord.inbox.views.acts import client_id_of, done, writable
from klankbord.inbox.views.page import number
from klankbord.tenancy.fence import FencedRequest, inside


@inside
@require_POST
def keep(request: FencedRequest, pk: int, kind: str) -> HttpResponseBase:
    """Keep what somebody is writing; the page asks this a moment after the last key."""
    conversation = writable(request, pk)
    visibility = request.POST.get("visibility", "")
    kept = drafts.keep_draft(
        conversation,
        kind,
        request.POST.get("text", ""),
        by=request.user,
        form=client_id_of(request) or uuid.uuid4(),
        answers=number(request.POST.get("to", "")),
        visibility=visibility if visibility in list(Visibility) else "",
    )
    # without scripts this was a press on a button, and somebody waits for a page
    return redirect("conversation", pk) if request.POST.get("stay") else HttpResponse(status=204 if kept else 409)


@inside
@require_POST
def take(request: FencedRequest, pk: int) -> HttpResponseBase:
    draft = _of_a_colleague(request, pk)
    drafts.take_draft(draft, by=request.user)
    return done(request, draft.conversation)


@inside
@require_POST
def drop(request: FencedRequest, pk: int) -> HttpResponseBase:
    draft = _of_a_colleague(request, pk)
    drafts.drop_draft(draft, by=request.user)
    return done(request, draft.conversation)


def _of_a_colleague(request: FencedRequest, pk: int) -> Draft:
    """What somebody else wrote in a conversation one may write in; one's own is in the field already."""
    found = get_object_or_404(Draft, pk=pk, channel__in=request.sight.desk_channels)
    # first the conversation, like everybody: two who take over each other's draft do not wait for each other
    conversation = writable(request, found.conversation_id)
    draft = get_object_or_404(Draft.objects.select_for_update(), pk=pk, conversation=conversation)
    if draft.user_id == request.user.pk:
        raise Http404
    return draft
