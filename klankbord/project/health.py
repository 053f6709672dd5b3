"""Are all parts up? Asked by ``klankbord start``, by ``klankbord doctor`` and by whoever watches the machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from klankbord.base.language import gettext as _
from klankbord.base.models import Heartbeat

SIGN_OF_LIFE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check found; ``detail`` is for colleagues and holds no secrets."""

    ok: bool
    detail: str = ""


def database(_now: datetime) -> Finding:
    """The database answers."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Finding(True)


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).disk_migrations)


def migrations(_now: datetime) -> Finding:
    """Every migration of this version has been applied."""
    missing = _known_migrations() - set(MigrationRecorder(connection).applied_migrations())
    return Finding(not missing, ", ".join(sorted(f"{app}.{name}" for app, name in missing)))


def _alive(part: str) -> Callable[[datetime], Finding]:
    def check(now: datetime) -> Finding:
        last = Heartbeat.objects.filter(part=part).values_list("at", flat=True).first()
        if last is None:
            return Finding(False, _("never seen"))
        moment = last.isoformat(timespec="seconds")
        return Finding(now - last < SIGN_OF_LIFE, _("last seen {moment}").format(moment=moment))

    return check


CHECKS: list[tuple[str, Callable[[datetime], Finding]]] = [
    ("database", database),
    ("migrations", migrations),
    ("work", _alive("work")),
    ("listen", _alive("listen")),
]


def findings(now: datetime) -> dict[str, Finding]:
    """The outcome of every check by name; a check that cannot be made counts as failed."""
    found = {}
    for name, check in CHECKS:
        try:
            found[name] = check(now)
        except DatabaseError as error:
            # The first line only: the rest may quote values.
            found[name] = Finding(False, str(error).partition("\n")[0])
    return found


@require_safe
def health(request: HttpRequest) -> JsonResponse:
    """200 when all parts are up, 503 otherwise, with every check as JSON."""
    found = findings(timezone.now())
    well = all(finding.ok for finding in found.values())
    checks = {
        name: {"ok": finding.ok} | ({"detail": finding.detail} if finding.detail else {})
        for name, finding in found.items()
    }
    response = JsonResponse({"ok": well, "checks": checks}, status=200 if well else 503)
    # Whoever asks is told; a line in the log for each question would bury the rest.
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django reads it, the stubs do not know it
    return response
