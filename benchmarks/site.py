"""The addresses of the house with two more, for floors: an empty page inside the fence, and a list by primary key."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import path

from klankbord.inbox import presentation, queries
from klankbord.inbox.models import Conversation
from klankbord.inbox.queries import Filter
from klankbord.project.urls import urlpatterns as house
from klankbord.tenancy.fence import FencedRequest, inside


@inside
def empty(request: FencedRequest) -> HttpResponseBase:
    """What every page pays: web server, middleware, session, log-in, the fence."""
    return HttpResponse("")


@inside
def by_key(request: FencedRequest) -> HttpResponseBase:
    """The desk's own page over rows that are fetched by primary key: what no list can beat."""
    keys = [int(key) for key in request.GET["keys"].split(",")]
    channels = queries.desk_channels(request.sight)
    wanted = Filter()
    rows = list(Conversation.objects.filter(pk__in=keys))
    lines = presentation.lines(channels, request.user, wanted)
    return render(
        request,
        "inbox/desk.html",
        {
            "views": presentation.view_list(wanted, {}),
            "organisations": presentation.organisation_list(channels, wanted),
            "rows": rows,
            "lines": [lines.draw(one) for one in rows],
        },
    )


urlpatterns = [path("floor/empty", empty), path("floor/keys", by_key), *house]
