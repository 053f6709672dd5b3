"""Writes to dossiers: make, change, state, sign, start, end. A dossier cannot run without its grounds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from klankbord.listening.models import LONGEST_KEPT, SHORTEST_KEPT, Dossier, ListeningRules, Signature
from klankbord.listening.persons import suspects, unstated
from klankbord.listening.queries import own_accounts
from klankbord.listening.query import Refused as QueryRefused
from klankbord.listening.query import parse
from klankbord.listening.special import special_in
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import Organisation, User

LONGEST_PUBLIC_ORDER = timedelta(days=14)
LONGEST = timedelta(days=366)
REVIEW_AFTER = timedelta(days=182)


class CannotStart(Exception):
    """It does not run like this; the sentences say what is missing."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


@dataclass(frozen=True, slots=True)
class Wording:
    """What an editor fills in about a dossier."""

    name: str
    query: str
    purpose: str
    legal_basis: str
    reason: str
    topic: str
    phase: str
    ends_on: date | None
    review_on: date
    retention_days: int = LONGEST_KEPT
    shared: str = ""
    special_ground: str = ""
    owner: User | None = None
    """None: who makes it, and on a change who it was."""


def make_dossier(organisation: Organisation, wording: Wording, declared: list[dict[str, str]], *, by: User) -> Dossier:
    """A draft: it finds nothing until it is started."""
    dossier = Dossier(organisation=organisation, owner=by, state=Dossier.State.DRAFT, declared=declared)
    _fill(dossier, wording)
    dossier.save()
    record(organisation.pk, "dossier maken", f"dossier:{dossier.pk}", by=by, details=_told(dossier))
    return dossier


def change_dossier(dossier: Dossier, wording: Wording, declared: list[dict[str, str]], *, by: User) -> None:
    """Other words from now on; what was found stays. A public order dossier needs a new signature for other words.

    Raises CannotStart when it runs and would no longer be allowed to.
    """
    before = _told(dossier)
    _fill(dossier, wording)
    dossier.declared = declared
    if dossier.state == Dossier.State.ACTIVE and (reasons := why_not(dossier, timezone.localdate())):
        raise CannotStart(reasons)
    dossier.save()
    record(
        dossier.organisation_id,
        "dossier wijzigen",
        f"dossier:{dossier.pk}",
        by=by,
        details={"van": before, "naar": _told(dossier)},
    )


def _fill(dossier: Dossier, wording: Wording) -> None:
    for name in Wording.__slots__:
        if name != "owner" or wording.owner:
            setattr(dossier, name, getattr(wording, name))
    dossier.special = special_of(dossier.query)
    dossier.flagged_at = None


def special_of(query: str) -> list[str]:
    """The special categories of personal data that a query touches; none of one that cannot be read."""
    try:
        return [one.category for one in special_in(parse(query))]
    except QueryRefused:
        return []


def _told(dossier: Dossier) -> dict[str, Any]:
    """What the log remembers of a dossier."""
    with override(settings.LANGUAGE_CODE):
        purpose, reach = str(dossier.get_purpose_display()), str(dossier.get_shared_display())
    return {
        "naam": dossier.name,
        "eigenaar": dossier.owner.name if dossier.owner else "",
        "vraag": dossier.query,
        "doel": purpose,
        "grondslag": dossier.legal_basis,
        "reden": dossier.reason,
        "einde": dossier.ends_on.isoformat() if dossier.ends_on else "",
        "bewaren": dossier.retention_days,
        "verklaard": dossier.declared,
        "bijzonder": dossier.special,
        "extra grond": dossier.special_ground,
        "delen": reach if dossier.shared else "",
    }


def start_dossier(dossier: Dossier, *, by: User, now: datetime | None = None) -> None:
    """From now on it finds. Raises CannotStart, which says what is missing."""
    # the word lists may have grown since it was written
    dossier.special = special_of(dossier.query)
    if reasons := why_not(dossier, timezone.localdate(now)):
        raise CannotStart(reasons)
    dossier.state = Dossier.State.ACTIVE
    dossier.started_at = now or timezone.now()
    dossier.ended_at = dossier.flagged_at = None
    dossier.save(update_fields=["state", "started_at", "ended_at", "special", "flagged_at"])
    record(dossier.organisation_id, "dossier starten", f"dossier:{dossier.pk}", by=by, details=_told(dossier))


def end_dossier(dossier: Dossier, *, by: User | None, now: datetime | None = None) -> None:
    """It finds nothing more; what it found goes on its own day."""
    dossier.state = Dossier.State.ENDED
    dossier.ended_at = now or timezone.now()
    dossier.save(update_fields=["state", "ended_at"])
    record(dossier.organisation_id, "dossier beëindigen", f"dossier:{dossier.pk}", by=by)


def wording_mark(dossier: Dossier) -> str:
    """Changes with everything that a privacy officer reads before signing."""
    grounds = [dossier.purpose, dossier.reason, dossier.legal_basis, dossier.special, dossier.special_ground]
    words = [dossier.query, dossier.declared, *grounds]
    return hashlib.sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def sign_dossier(dossier: Dossier, until: date, *, by: User, now: datetime | None = None) -> Signature:
    """The privacy officer agrees with this wording until a day, for public order at most fourteen days on."""
    now = now or timezone.now()
    if dossier.is_public_order:
        until = min(until, timezone.localdate(now) + LONGEST_PUBLIC_ORDER)
    signature = Signature.objects.create(
        organisation_id=dossier.organisation_id,
        dossier=dossier,
        by=by,
        name=by.name,
        query=dossier.query,
        special_ground=dossier.special_ground,
        at=now,
        until=until,
    )
    details = {
        "tot en met": until.isoformat(),
        "vraag": dossier.query,
        "verklaard": dossier.declared,
        "bijzonder": dossier.special,
        "extra grond": dossier.special_ground,
    }
    record(dossier.organisation_id, "dossier ondertekenen", f"dossier:{dossier.pk}", by=by, details=details)
    return signature


def allow_public_order(organisation: Organisation, allowed: bool, *, by: User) -> None:
    """Whether public order dossiers are possible here at all; what runs stops when they are not."""
    ListeningRules.objects.update_or_create(organisation=organisation, defaults={"public_order": allowed})
    act = "openbare orde toestaan" if allowed else "openbare orde verbieden"
    record(organisation.pk, act, f"organisatie:{organisation.pk}", by=by)
    if not allowed:
        for dossier in Dossier.objects.filter(
            organisation=organisation, purpose=Dossier.Purpose.PUBLIC_ORDER, state=Dossier.State.ACTIVE
        ):
            end_dossier(dossier, by=by)


def public_order_allowed(organisation_id: int) -> bool:
    return ListeningRules.objects.filter(organisation_id=organisation_id, public_order=True).exists()


def valid_signature(dossier: Dossier, today: date) -> Signature | None:
    """The newest signature under the present wording that still holds."""
    wording = {"query": dossier.query, "special_ground": dossier.special_ground}
    return Signature.objects.filter(dossier=dossier, until__gte=today, **wording).order_by("-at").first()


def why_not(dossier: Dossier, today: date) -> list[str]:
    """What stands in the way of running, in sentences; empty: it may."""
    reasons = [sentence for missing, sentence in _missing(dossier, today) if missing]
    try:
        parse(dossier.query)
    except QueryRefused as refused:
        reasons.append(refused.message)
    found = suspects(dossier.query, own_accounts(dossier.organisation_id))
    reasons += [suspect.reason for suspect in unstated(found, dossier.declared)]
    if dossier.is_public_order:
        reasons += _public_order(dossier, today)
    if dossier.special:
        reasons += _special(dossier)
    if dossier.is_closed and valid_signature(dossier, today) is None:
        reasons.append(_("The privacy officer has not signed this wording."))
    return reasons


def _special(dossier: Dossier) -> list[str]:
    """What article 9 and 10 ask beside the ordinary grounds."""
    reasons = []
    if not dossier.special_ground.strip():
        said = _("These words touch special personal data (%(what)s). Say on which extra ground you may follow this.")
        reasons.append(said % {"what": dossier.special_names})
    if dossier.retention_days > SHORTEST_KEPT:
        said = _("Special personal data is kept shorter: choose %(days)d days.")
        reasons.append(said % {"days": SHORTEST_KEPT})
    return reasons


def _missing(dossier: Dossier, today: date) -> list[tuple[bool, str]]:
    ends = dossier.ends_on
    return [
        (dossier.owner_id is None, _("Nobody owns this dossier.")),
        (dossier.purpose not in Dossier.Purpose.values, _("Choose a purpose.")),
        (not dossier.legal_basis.strip(), _("Say on which legal basis you follow this.")),
        (not dossier.reason.strip(), _("Say why you follow this.")),
        (ends is None, _("Say on which day this ends.")),
        (ends is not None and ends < today, _("The last day has passed. Choose another.")),
        (
            ends is not None and ends > today + LONGEST,
            _("A dossier runs for a year at most; you can make it longer then."),
        ),
    ]


def _public_order(dossier: Dossier, today: date) -> list[str]:
    if not public_order_allowed(dossier.organisation_id):
        return [_("Public order dossiers are off in this organisation. The privacy officer can switch them on.")]
    reasons = []
    if dossier.ends_on and dossier.ends_on > today + LONGEST_PUBLIC_ORDER:
        reasons.append(_("A public order dossier ends within fourteen days."))
    return reasons
