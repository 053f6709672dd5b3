"""Writes to the standing dossier that each organisation has about its own place: plain words, without a language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from klankbord.listening.models import Dossier
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import Organisation, User


def open_place_dossier(organisation: Organisation, words: Sequence[str], *, by: User | None) -> Dossier:
    """The one standing dossier each organisation has: about its own place, for communication, reviewed every year."""
    dossier = Dossier.objects.create(
        organisation=organisation,
        name=organisation.name,
        is_place=True,
        words=list(words),
        legal_basis="AVG artikel 6, eerste lid, onder e (taak van algemeen belang)",
        reason="Weten wat er in het openbaar over de eigen plaats wordt gezegd.",
        review_on=timezone.localdate() + timedelta(days=365),
        owner=by,
        state=Dossier.State.ACTIVE,
        started_at=timezone.now(),
    )
    record(organisation.pk, "dossier openen", f"dossier:{dossier.pk}", by=by, details={"woorden": list(words)})
    return dossier


def change_words(dossier: Dossier, words: Sequence[str], *, by: User) -> None:
    """Follow other words from now on; what was found stays."""
    before, dossier.words = dossier.words, list(words)
    dossier.save(update_fields=["words"])
    record(
        dossier.organisation_id,
        "dossier wijzigen",
        f"dossier:{dossier.pk}",
        by=by,
        details={"van": before, "naar": list(words)},
    )
