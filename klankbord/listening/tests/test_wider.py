"""Figures that organisations share: to whom they chose, never a person, never fewer than five."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from klankbord.intake.forgetting import forget_what_is_due
from klankbord.listening.models import Count, Dossier, SharedDay
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import Municipality, Organisation, User
from tests.cast import Cast


def share(where: Organisation, reach: str, numbers: list[int], topic: str = "Verkeer", **more: str) -> int:
    """A dossier that found so many on each of the last days."""
    with acting_for(where.pk):
        dossier = Dossier.objects.create(
            **{
                "organisation": where,
                "name": f"Brug {where.name}",
                "query": "brug",
                "reason": "Oefening",
                "legal_basis": "AVG",
                "topic": topic,
                "shared": reach,
                "ends_on": timezone.localdate() + timedelta(days=9),
                "review_on": timezone.localdate(),
                "state": "active",
            }
            | more
        )
        for back, number in enumerate(numbers):
            at = timezone.now() - timedelta(days=back)
            Count.objects.create(organisation=where, dossier=dossier, aspect="total", key="", at=at, number=number)
        return dossier.pk


def seen_by(user: User) -> set[tuple[str, int]]:
    with entered(user):
        return set(SharedDay.objects.values_list("name", "number"))


def test_what_is_shared_reaches_others_and_days_below_five_do_not(
    cast: Cast, client_of: Callable[[User], Client]
) -> None:
    share(cast.klankendam, "country", [7, 4, 12])
    share(cast.klankendam, "", [50])
    share(cast.klankendam, "country", [60], topic="")
    share(cast.klankendam, "country", [70], purpose="public_order")
    forget_what_is_due()
    assert seen_by(cast.eva) == {("Brug Gemeente Klankendam", 7), ("Brug Gemeente Klankendam", 12)}
    page = client_of(cast.eva).get("/dossiers/wider")
    assert page.context["topic"] == "verkeer"
    assert [(row["shared"].organisation, row["shared"].total) for row in page.context["rows"]] == [
        ("Gemeente Klankendam", 19)
    ]
    assert client_of(cast.daan).get("/dossiers/wider").status_code == 403


def test_taking_it_back_takes_it_away(cast: Cast) -> None:
    pk = share(cast.klankendam, "country", [7])
    forget_what_is_due()
    with acting_for(cast.klankendam.pk):
        Dossier.objects.filter(pk=pk).update(shared="")
    forget_what_is_due()
    assert seen_by(cast.eva) == set()


@pytest.mark.parametrize(
    ("reach", "names"),
    [
        ("country", {"amal", "daan", "eva"}),
        ("province", {"amal", "daan"}),
        ("region", {"amal"}),
    ],
)
def test_the_database_itself_keeps_to_the_reach(cast: Cast, reach: str, names: set[str]) -> None:
    # three that exist: two in one province but not in one region, and one far away
    for town, code in ((cast.klankendam, "GM0202"), (cast.luisterveen, "GM0268"), (cast.zwijgerswaard, "GM0363")):
        with acting_for(town.pk):
            real = Municipality.objects.get(code=code)
            Organisation.objects.filter(pk=town.pk).update(is_demo=False, municipality=real)
    share(cast.klankendam, reach, [7])
    forget_what_is_due()
    assert {name for name in ("amal", "daan", "eva") if seen_by(cast.everybody[name])} == names


def test_nobody_shares_for_somebody_else_and_nobody_below_five(cast: Cast) -> None:
    pk = share(cast.klankendam, "country", [7])
    today = timezone.localdate()
    row = {"name": "x", "topic": "x", "reach": "country", "day": today}
    with pytest.raises(DatabaseError), entered(cast.eva):
        SharedDay.objects.create(organisation=cast.klankendam, dossier_id=pk, number=9, **row)
    with pytest.raises(DatabaseError), transaction.atomic(), acting_for(cast.klankendam.pk):
        SharedDay.objects.create(organisation=cast.klankendam, dossier_id=pk, number=4, **row)
