"""Figures for a collector such as Prometheus: are the parts alive, and does work pile up. Never about people.

Text in the exposition format 0.0.4, written here: seven figures need no library that keeps state in the process.
"""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound
from django.utils import timezone
from django.views.decorators.http import require_safe
from procrastinate.contrib.django.models import ProcrastinateJob

from klankbord.base.models import Heartbeat
from klankbord.channels.models import Landing, Source
from klankbord.project.health import findings

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
PASSED_ON_BY = ("Forwarded", "Via", "X-Forwarded-For", "X-Real-IP")


@dataclass(frozen=True, slots=True)
class Figure:
    """One gauge with a number for each value of its label; ``label`` empty for a single number."""

    name: str
    meaning: str
    label: str
    numbers: dict[str, float]


def figures(now: datetime) -> Iterator[Figure]:
    """Every figure as it is now; sources are counted, their addresses stay inside."""
    well = {name: float(finding.ok) for name, finding in findings(now).items()}
    yield Figure("check_ok", "Whether a check of /health is good (1) or not (0).", "check", well)
    beats = dict(Heartbeat.objects.values_list("part", "at"))
    ages = {part: (now - at).total_seconds() for part, at in sorted(beats.items())}
    yield Figure("part_last_seen_seconds", "Seconds since a part gave a sign of life.", "part", ages)
    jobs = dict(ProcrastinateJob.objects.values_list("status").annotate(number=Count("id")).order_by("status"))
    yield Figure("jobs", "Jobs by their state.", "state", {state: float(number) for state, number in jobs.items()})
    failing = Source.objects.filter(failing_since__isnull=False).count()
    yield Figure("sources_failing", "Addresses that cannot be heard at this moment.", "", {"": float(failing)})
    yield Figure("landings", "Raw things that wait to be routed.", "", {"": float(Landing.objects.count())})
    counted: dict[str, dict[str, float]] = {"deliveries": {}, "arrivals": {}}
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, label, number FROM metrics_of_the_house() ORDER BY name, label")
        for name, state, number in cursor.fetchall():
            counted[name][state] = number
    yield Figure("deliveries", "Answers that are not certainly sent yet.", "state", counted["deliveries"])
    yield Figure("arrivals", "Messages that are not understood yet.", "state", counted["arrivals"])


def written(figure: Figure) -> str:
    """The lines of one figure."""
    lines = [f"# HELP klankbord_{figure.name} {figure.meaning}", f"# TYPE klankbord_{figure.name} gauge"]
    for value, number in figure.numbers.items():
        label = f'{{{figure.label}="{_escaped(value)}"}}' if figure.label else ""
        lines.append(f"klankbord_{figure.name}{label} {number:g}")
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def may_read(request: HttpRequest) -> bool:
    """Whoever shows the token; without a token only this very machine, and nobody who comes through a proxy."""
    if settings.METRICS_TOKEN:
        shown = request.headers.get("Authorization", "")
        return secrets.compare_digest(shown.encode(), f"Bearer {settings.METRICS_TOKEN}".encode())
    if any(name in request.headers for name in PASSED_ON_BY):
        return False
    try:
        near = ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    return near and request.get_host().rpartition(":")[0] in ("localhost", "127.0.0.1", "[::1]")


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures, or nothing that says there are any."""
    if not may_read(request):
        return HttpResponseNotFound()
    return HttpResponse("".join(map(written, figures(timezone.now()))), content_type=CONTENT_TYPE)
