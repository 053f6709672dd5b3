"""The wider view: what other organisations share about the same topic, as figures without persons."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from klankbord.base.text.clean import safe_text
from klankbord.listening import queries
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import whose

DAYS = 28


@inside
@require_GET
def wider(request: FencedRequest) -> HttpResponseBase:
    house = whose(request, Right.READ_DOSSIERS)
    since = timezone.localdate() - timedelta(days=DAYS - 1)
    topics = queries.shared_topics(since)
    asked = safe_text(request.GET.get("topic", ""))[:80] or (topics[0][0] if topics else "")
    shared = queries.neighbours(asked, since) if asked else []
    days = [since + timedelta(days=at) for at in range(DAYS)]
    most = max((number for one in shared for number in one.days.values()), default=0)
    context = {
        "house": house,
        "topics": topics,
        "topic": asked,
        "days": days,
        "rows": [
            {
                "shared": one,
                "bars": [
                    {"x": 6 * at, "height": round(30 * number / most), "number": number, "day": day}
                    for at, day in enumerate(days)
                    if (number := one.days.get(day, 0))
                ],
            }
            for one in shared
        ],
    }
    return render(request, "listening/wider.html", context)
