"""The channels of an organisation on the screen: how they are, what they missed, what nobody could understand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from klankbord.channels import actions, queries, registry
from klankbord.channels.contract import Permanent
from klankbord.channels.models import Channel
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import whose

GAPS_OF = timedelta(days=30)


def channel_of(request: FencedRequest, pk: int, right: Right) -> Channel:
    """The one gate to a channel's settings: what one may not do gives the same answer as what is not there."""
    found = get_object_or_404(Channel.objects.select_related("source", "organisation"), pk=pk)
    if not request.sight.may(right, found.organisation_id):
        raise Http404
    return found


def kind_label(kind: str) -> str:
    try:
        return _(registry.connector_class(kind).label)
    except Permanent:
        return kind


def resident_page(channel: Channel) -> str:
    """Where residents write on this channel, when that is a page of our own."""
    try:
        name = registry.connector_class(channel.kind).resident_page
    except Permanent:
        return ""
    return reverse(name, args=[slugify(channel.organisation.name) or "contact", channel.pk]) if name else ""


def connectable() -> list[tuple[str, str]]:
    """The kinds that an administrator can connect by filling in a form, by name."""
    return sorted(
        ((kind, _(one.label)) for kind, one in registry.connectors().items() if registry.settings_form(kind)),
        key=lambda k: k[1],
    )


@inside
@require_GET
def channels(request: FencedRequest) -> HttpResponseBase:
    house = whose(request, Right.READ_CHANNELS)
    now = timezone.now()
    found = list(Channel.objects.filter(organisation=house.organisation).select_related("source"))
    counts = queries.quarantine_counts()
    gaps = queries.gaps_of(found, now - GAPS_OF)
    rows: list[dict[str, Any]] = []
    for channel in found:
        quarantined, waiting = counts.get(channel.pk, (0, 0))
        rows.append(
            {
                "channel": channel,
                "label": kind_label(channel.kind),
                "health": queries.health(channel, now),
                "quarantined": quarantined,
                "waiting": waiting,
                "gaps": sum(gap.source_id == channel.source_id for gap in gaps),
            }
        )
    context = {
        "house": house,
        "rows": rows,
        "kinds": connectable(),
        "may_write": request.sight.may(Right.WRITE_CHANNELS, house.organisation.pk),
    }
    return render(request, "channels/channels.html", context)


@inside
@require_GET
def channel(request: FencedRequest, pk: int) -> HttpResponseBase:
    """One channel: its health, its gaps, and its quarantine without anything that was said."""
    found = channel_of(request, pk, Right.READ_CHANNELS)
    now = timezone.now()
    context = {
        "channel": found,
        "resident_page": resident_page(found),
        "label": kind_label(found.kind),
        "health": queries.health(found, now),
        "quarantine": queries.quarantine_list(found),
        "quarantined": queries.quarantine_counts().get(found.pk, (0, 0))[0],
        "gaps": queries.gaps_of([found], now - GAPS_OF),
        "may_write": request.sight.may(Right.WRITE_CHANNELS, found.organisation_id),
        "changeable": any(kind == found.kind for kind, _label in connectable()),
    }
    return render(request, "channels/channel.html", context)


@inside
@require_POST
def switch(request: FencedRequest, pk: int) -> HttpResponseBase:
    found = channel_of(request, pk, Right.WRITE_CHANNELS)
    wanted = request.POST.get("enabled") == "yes"
    if found.enabled != wanted:
        actions.switch_channel(found, wanted, by=request.user)
    said = _("%(name)s is switched on.") if wanted else _("%(name)s is switched off.")
    messages.success(request, said % {"name": found.name})
    return redirect("channel", found.pk)


@inside
@require_POST
def replay(request: FencedRequest, pk: int) -> HttpResponseBase:
    """Try everything in quarantine again."""
    found = channel_of(request, pk, Right.WRITE_CHANNELS)
    number = actions.replay_quarantine(found, by=request.user)
    messages.success(
        request,
        ngettext(
            "%(number)d message is tried again. Look here in a minute.",
            "%(number)d messages are tried again. Look here in a minute.",
            number,
        )
        % {"number": number},
    )
    return redirect("channel", found.pk)
