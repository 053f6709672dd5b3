"""What we already have that a dossier asks for: also from before it began, and on channels it did not listen to."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from django.http import Http404, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from klankbord.channels.models import Channel
from klankbord.listening.archive import search_archive
from klankbord.listening.asking import read
from klankbord.listening.finds import PREVIEWED, marked
from klankbord.listening.models import Dossier
from klankbord.listening.query import Refused
from klankbord.listening.views.gate import dossier_for, finds_are_open
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.views.whose import number


@inside
@require_GET
def archive(request: FencedRequest, pk: int) -> HttpResponseBase:
    """The newest messages in the archive that this query finds; not for a purpose that may not look at those."""
    dossier = dossier_for(request, pk)
    if not may_search(dossier) or not finds_are_open(request, dossier):
        raise Http404
    try:
        query = read(dossier.query)
    except Refused:
        raise Http404 from None
    channels = Channel.objects.filter(organisation=dossier.organisation_id).values_list("pk", flat=True)
    page = search_archive(query, list(channels), after=place_of(request))
    older = ""
    if page.further is not None:
        moment, below = page.further
        older = "?" + urlencode({"before": moment.isoformat(), "below": below})
    context = {
        "dossier": dossier,
        "explanation": query.explain(),
        "finds": [
            {
                "post": find.post,
                "text": marked(find.post.text, query.highlights(find.post.text)),
                "words": find.found.why,
            }
            for find in page.finds
        ],
        "reached": page.further[0] if page.further else None,
        "older_url": reverse("dossier-archive", args=[pk]) + older if older else "",
    }
    return render(request, "listening/archive.html", context)


def may_search(dossier: Dossier) -> bool:
    """Whether a dossier has a query whose purpose and words may look at what was kept for others."""
    return bool(dossier.query) and not dossier.special and PREVIEWED.get(Dossier.Purpose(dossier.purpose), False)


def place_of(request: FencedRequest) -> tuple[datetime, int] | None:
    """Where the page before stopped."""
    try:
        moment = parse_datetime(request.GET.get("before", ""))
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None:
        return None
    return moment, number(request.GET.get("below", "")) or 0
