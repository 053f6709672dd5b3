"""Taking a dossier along: figures without persons for everybody who reads it, messages for who may."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from django.views.decorators.http import require_POST

from klankbord.listening.actions.finds import note_export
from klankbord.listening.finds import Wanted, finds_of
from klankbord.listening.models import Count, Dossier
from klankbord.listening.views.gate import dossier_for
from klankbord.listening.views.page import may_export_persons
from klankbord.tenancy.fence import FencedRequest, inside

MOST = 10_000


@inside
@require_POST
def export(request: FencedRequest, pk: int) -> HttpResponseBase:
    """A CSV file. Messages go without names and addresses in either case: those we do not have."""
    dossier = dossier_for(request, pk)
    with_messages = request.POST.get("with") == "messages"
    if with_messages and not may_export_persons(request, dossier):
        raise PermissionDenied
    rows = list(_messages(dossier) if with_messages else _figures(dossier))
    note_export(dossier, with_messages, len(rows), by=request.user)
    header = (
        ["moment", "kanaal", "taal", "tekst", "woorden"] if with_messages else ["moment", "soort", "sleutel", "aantal"]
    )
    return as_csv(f"dossier-{dossier.pk}-{'berichten' if with_messages else 'cijfers'}.csv", header, rows)


def _figures(dossier: Dossier) -> Iterable[list[Any]]:
    counts = Count.objects.filter(dossier=dossier).order_by("at", "aspect", "key")
    for count in counts[: MOST * 10]:
        yield [timezone.localtime(count.at).isoformat(), count.aspect, count.key, count.number]


def _messages(dossier: Dossier) -> Iterable[list[Any]]:
    for match in finds_of(dossier, Wanted())[:MOST]:
        post = match.post
        at = timezone.localtime(post.published_at).isoformat()
        yield [at, post.channel.kind, post.language, post.text, "; ".join(match.words)]


def as_csv(name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """A file for a spreadsheet; what a cell begins with is never a formula there."""
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";")
    writer.writerow(header)
    writer.writerows([[_harmless(cell) for cell in row] for row in rows])
    # the mark tells Excel that this is UTF-8
    response = HttpResponse("\ufeff" + file.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _harmless(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in "=+-@\t\r" and cell else cell
