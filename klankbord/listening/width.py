"""What can be said of how much a query finds from its words alone: no message is looked at.

For every purpose, so also for public order, where no message that was kept for something else may serve as a sample.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from django.utils.translation import gettext as _

from klankbord.base.text.folding import fold
from klankbord.listening.matching.clauses import BEGIN, END, Clause, normal_form
from klankbord.listening.query import Query
from klankbord.listening.query.tree import And, Field, Filter
from klankbord.listening.words import word_list

SHORTEST_STEM = 3
"""Letters that the beginning or end of a word needs to leave most messages out."""
_COMMON = frozenset(map(fold, word_list("stopwoorden")))


def too_wide(query: Query) -> list[str]:
    """Why it finds nearly everything: in some alternative all that must be there stands in nearly every message."""
    clauses = normal_form(query.plain, _cost).clauses
    common = [sorted(filter(_is_common, clause)) for clause in clauses]
    if not all(common):
        return []
    words = dict.fromkeys(_written(key) for keys in common for key in keys)
    said = _("Nearly every message holds %(words)s: this finds nearly everything. Add a word that must be there too.")
    return [said % {"words": ", ".join(f"“{word}”" for word in words)}]


def impossible(query: Query, kinds: Collection[str]) -> list[str]:
    """Why it can find nothing; ``kinds``: the channels that are connected."""
    normal = normal_form(query.plain, _cost)
    reasons = []
    for clause in normal.clauses:
        if all(any(_holds(key, unwanted) for unwanted in normal.forbidden) for key in clause):
            said = _("This can find nothing: %(words)s must be there, and is left out as well.")
            reasons.append(said % {"words": ", ".join(f"“{_written(key)}”" for key in sorted(clause))})
    asked = dict.fromkeys(one.value for one in _filters(query) if one.field is Field.CHANNEL)
    if len(asked) > 1:
        reasons.append(_("This can find nothing: a message is on one channel only."))
    missing = [kind for kind in asked if kind not in map(fold, kinds)]
    said = _("This finds nothing: there is no channel of the kind “%(kind)s”.")
    return reasons + [said % {"kind": kind} for kind in missing]


def _filters(query: Query) -> Iterator[Filter]:
    """The demands on the post itself that hold for all of the query."""
    for node in query.plain.children if isinstance(query.plain, And) else (query.plain,):
        if isinstance(node, Filter):
            yield node


def _cost(clause: Clause) -> float:
    """A clause with a common word in it says little."""
    return float(any(map(_is_common, clause)))


def _is_common(key: str) -> bool:
    if key[:1] in (BEGIN, END):
        return len(key) - 1 < SHORTEST_STEM
    return key in _COMMON


def _holds(key: str, unwanted: str) -> bool:
    """Whether every text with one key holds the other too."""
    if unwanted[:1] == BEGIN:
        return key.removeprefix(BEGIN).startswith(unwanted[1:]) and key[:1] != END
    if unwanted[:1] == END:
        return key.removeprefix(END).endswith(unwanted[1:]) and key[:1] != BEGIN
    return key == unwanted


def _written(key: str) -> str:
    if key[:1] == BEGIN:
        return f"{key[1:]}*"
    return f"*{key[1:]}" if key[:1] == END else key
