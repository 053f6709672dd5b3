"""Writes to the standing dossier that each organisation has about its own place: plain words, without a language."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from klankbord.listening.actions.dossiers import CannotStart
from klankbord.listening.models import Dossier
from klankbord.listening.persons import Stated, suspects_in_words, unstated
from klankbord.listening.queries import own_accounts
from klankbord.listening.special import special_in_words
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import Organisation, User


def open_place_dossier(organisation: Organisation, words: Sequence[str], *, by: User | None) -> Dossier:
    """The one standing dossier each organisation has: about its own place, for communication, reviewed every year.

    Its first words are names of the organisation and of places: where one looks like a person that is stated.
    """
    dossier = Dossier.objects.create(
        organisation=organisation,
        name=organisation.name,
        is_place=True,
        words=list(words),
        legal_basis="AVG artikel 6, eerste lid, onder e (taak van algemeen belang)",
        reason="Weten wat er in het openbaar over de eigen plaats wordt gezegd.",
        review_on=timezone.localdate() + timedelta(days=365),
        owner=by,
        declared=[{"term": one.term, "key": one.key, "as": Stated.NOBODY.value} for one in suspects_in_words(words)],
        state=Dossier.State.ACTIVE,
        started_at=timezone.now(),
    )
    record(organisation.pk, "dossier openen", f"dossier:{dossier.pk}", by=by, details={"woorden": list(words)})
    return dossier


def change_words(dossier: Dossier, words: Sequence[str], declared: list[dict[str, str]], *, by: User) -> None:
    """Follow other words from now on; what was found stays. Raises CannotStart where a word looks like a person."""
    found = suspects_in_words(words, own_accounts(dossier.organisation_id))
    reasons = [suspect.reason for suspect in unstated(found, declared)]
    if touched := special_in_words(words):
        said = _("“%(words)s” touches special personal data. Make a dossier of its own for this, with its own grounds.")
        reasons += [said % {"words": ", ".join(one.words)} for one in touched]
    if reasons:
        raise CannotStart(reasons)
    before, dossier.words, dossier.declared = dossier.words, list(words), declared
    dossier.flagged_at = None
    dossier.save(update_fields=["words", "declared", "flagged_at"])
    record(
        dossier.organisation_id,
        "dossier wijzigen",
        f"dossier:{dossier.pk}",
        by=by,
        details={"van": before, "naar": list(words), "verklaard": declared},
    )
