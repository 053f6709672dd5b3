"""Who has which conversation open: said by each browser, shown to colleagues."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.loader import render_to_string
from django.utils import timezone
from django.views.decorators.http import require_GET, require_POST

from klankbord.inbox import presence, presentation, queries
from klankbord.inbox.models import Conversation
from klankbord.inbox.views.page import number
from klankbord.tenancy.fence import FencedRequest, inside


@inside
@require_GET
def who(request: FencedRequest) -> HttpResponseBase:
    """Everybody who is in a conversation that one may see, by conversation. One query."""
    others = queries.present(request.user, timezone.now())
    # without the request: what stands in the head of a page costs a query and is not shown here
    return HttpResponse(render_to_string("inbox/presence.html", {"conversations": presentation.present(others)}))


@inside
@require_POST
def here(request: FencedRequest, pk: int) -> HttpResponseBase:
    """Somebody has this conversation open and perhaps writes in it; ``left`` is the one that was open before."""
    now = timezone.now()
    left = number(request.POST.get("left", ""))
    if left and left != pk:
        before = _writable(request).filter(pk=left).first()
        if before is not None:
            presence.leave(before, by=request.user, now=now)
    conversation = get_object_or_404(_writable(request), pk=pk)
    presence.arrive(conversation, writing=request.POST.get("writing") == "yes", by=request.user, now=now)
    return HttpResponse(status=204)


@inside
@require_POST
def away(request: FencedRequest, pk: int) -> HttpResponseBase:
    """The page is closed or out of sight."""
    presence.leave(get_object_or_404(_writable(request), pk=pk), by=request.user, now=timezone.now())
    return HttpResponse(status=204)


def _writable(request: FencedRequest) -> QuerySet[Conversation]:
    # not locked: a sign of life must not wait for somebody who is sending
    return Conversation.objects.filter(channel__in=request.sight.desk_channels)
