"""The log on the screen: the whole of it, that of the own team, or only one's own acts, as the role table says."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from klankbord.tenancy import queries
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.forms import JournalForm
from klankbord.tenancy.models import AuditEntry
from klankbord.tenancy.roles import Right, Role
from klankbord.tenancy.views.people import labels
from klankbord.tenancy.views.whose import House, number, whose

PAGE = 50
ROLE_NAMES = frozenset(role.value for role in Role)
BACK = timedelta(days=30)


@inside
@require_GET
def audit(request: FencedRequest) -> HttpResponseBase:
    house = whose(request, Right.READ_AUDIT, Right.READ_TEAM_AUDIT, Right.READ_OWN_AUDIT)
    scope, actors = _scope(request, house)
    form = JournalForm(request.GET or None)
    form.is_valid()
    chosen = form.cleaned_data if form.is_bound else {}
    today = timezone.localdate()
    since, until = chosen.get("since") or today - BACK, chosen.get("until") or today
    act = request.GET.get("act", "").replace("\0", "")[:60]
    wanted = queries.JournalFilter(actors, act, _start(since), _start(until + timedelta(days=1)), _before(request))
    acts = queries.acts(house.organisation, wanted)
    page = queries.journal(house.organisation, wanted, PAGE + 1)
    entries, more = page[:PAGE], page[PAGE:]
    asked = {"organisation": house.organisation.pk, "act": act, "since": since.isoformat(), "until": until.isoformat()}
    context = {
        "house": house,
        "scope": scope,
        "entries": [shown(entry, may_open=_may_open(request, house)) for entry in entries],
        "act": act,
        "acts": acts,
        "since": since,
        "until": until,
        "date_errors": [error for name in ("since", "until") for error in form.errors.get(name, [])],
        "older_url": f"{reverse('audit')}?{urlencode(asked | {'before': _mark(entries[-1])})}" if more else "",
        "first_url": f"{reverse('audit')}?{urlencode(asked)}" if wanted.before else "",
    }
    return render(request, "tenancy/audit.html", context, status=422 if context["date_errors"] else 200)


def _scope(request: FencedRequest, house: House) -> tuple[str, tuple[int, ...] | None]:
    organisation = house.organisation
    if request.sight.may(Right.READ_AUDIT, organisation.pk):
        return "whole", None
    if request.sight.may(Right.READ_TEAM_AUDIT, organisation.pk):
        return "team", queries.colleagues_in_teams(request.user, organisation)
    return "own", (request.user.pk,)


def _may_open(request: FencedRequest, house: House) -> bool:
    """Whether the conversations in this log are behind a door that opens for this reader."""
    return any(request.sight.may(right, house.organisation.pk) for right in (Right.READ_PUBLIC, Right.OPEN_WITH_REASON))


def shown(entry: AuditEntry, *, may_open: bool = False) -> dict[str, Any]:
    """One entry in words; with the way to the conversation it is about, for who ``may_open`` it."""
    kind, _colon, pk = entry.object.partition(":")
    return {
        "url": reverse("conversation", args=[pk]) if may_open and kind == "gesprek" and pk.isdigit() else "",
        "at": entry.tijdstempel,
        "actor": entry.actor,
        "act": entry.actie,
        "object": entry.object,
        "result": entry.resultaat,
        "details": [(name, _words(value)) for name, value in entry.details.items() if value not in ("", [], None)],
        "erased": entry.erased_at is not None,
    }


def _words(value: Any) -> str:
    """A detail as people read it; roles by their name on the screen."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        known = [role for role in value if role in ROLE_NAMES]
        return ", ".join(labels(value) if known and len(known) == len(value) else map(str, value))
    return str(value)


def _start(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _mark(entry: AuditEntry) -> str:
    return f"{entry.tijdstempel.isoformat()}_{entry.pk}"


def _before(request: FencedRequest) -> tuple[datetime, int] | None:
    moment, _underscore, pk = request.GET.get("before", "").partition("_")
    try:
        at = parse_datetime(moment)
    except ValueError:
        return None
    row = number(pk)
    return (at, row) if at and at.tzinfo and row is not None else None
