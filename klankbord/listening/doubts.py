"""What would keep a running dossier from starting today: lists of words grow, and the language becomes stricter."""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext as _

from klankbord.listening.asking import read
from klankbord.listening.models import Dossier
from klankbord.listening.persons import suspects, suspects_in_words, unstated
from klankbord.listening.query import Refused
from klankbord.listening.special import special_in, special_in_words


def doubts(dossier: Dossier, own_accounts: Collection[str]) -> list[str]:
    """Sentences on words that look like a person or touch special personal data; none: all is still well."""
    if dossier.query:
        try:
            touched = special_in(read(dossier.query))
        except Refused as refused:
            return [refused.message]
        found = suspects(dossier.query, own_accounts)
    else:
        touched, found = special_in_words(dossier.words), suspects_in_words(dossier.words, own_accounts)
    said = _("“%(words)s” touches special personal data (%(what)s): this asks for an extra ground and a signature.")
    return [suspect.reason for suspect in unstated(found, dossier.declared)] + [
        said % {"words": ", ".join(one.words), "what": one.name}
        for one in touched
        if one.category not in dossier.special
    ]
