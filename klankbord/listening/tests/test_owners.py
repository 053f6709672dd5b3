"""Who owns a dossier reads its figures, whatever the role, and nothing more."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.listening.tests.test_dossiers import filled, make
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Membership
from tests.cast import Cast

Say = Callable[..., None]


@pytest.fixture
def owned(cast: Cast, bram: Client, say: Say) -> int:
    """A dossier of Chantal, who has the role of colleague here and no other."""
    with acting_for(cast.klankendam.pk):
        Membership.objects.filter(user=cast.chantal).update(roles=["colleague"])
    pk = make(bram, owner=str(cast.chantal.pk))
    bram.post(f"/dossiers/{pk}/start")
    say(cast.square, "u1", "De Klankbrug is dicht, zegt men", addressed=False)
    return pk


def test_an_owner_without_a_role_for_dossiers_reads_the_figures_of_the_own_one(
    cast: Cast, bram: Client, owned: int, client_of: Callable[..., Client]
) -> None:
    other = make(bram, name="Van een ander")
    owner = client_of(cast.chantal)
    listed = owner.get("/dossiers/")
    assert [row.dossier.pk for row in listed.context["running"]] == [owned]
    assert listed.context["drafts"] == []
    page = owner.get(f"/dossiers/{owned}/")
    assert page.context["total"] == 1
    text = page.content.decode() + listed.content.decode()
    assert "zegt men" not in text
    assert f"/dossiers/{owned}/finds" not in text
    assert owner.post(f"/dossiers/{owned}/follow", {"when": ""}).status_code == 302
    assert owner.post(f"/dossiers/{owned}/export").status_code == 200
    assert owner.get(f"/dossiers/{other}/").status_code == 404


@pytest.mark.parametrize(
    ("what", "data", "expected"),
    [
        ("finds", None, 403),
        ("archive", None, 404),
        ("sharper", None, 403),
        ("open", {"reason": "Zomaar eens kijken"}, 404),
        ("source", {"find": "1"}, 403),
        ("noise", {"find": "1"}, 403),
        ("export", {"with": "messages"}, 403),
        ("note", {"text": "x"}, 403),
        ("change", None, 403),
        ("end", {}, 403),
        ("sign", {"until": "2030-01-01"}, 403),
    ],
)
def test_and_nothing_else(
    cast: Cast, owned: int, client_of: Callable[..., Client], what: str, data: dict[str, str] | None, expected: int
) -> None:
    owner = client_of(cast.chantal)
    address = f"/dossiers/{owned}/{what}"
    answer = owner.get(address) if data is None else owner.post(address, data)
    assert answer.status_code == expected


def test_a_colleague_of_another_organisation_owns_nothing_here(cast: Cast, bram: Client) -> None:
    answer = bram.post("/dossiers/new", filled(owner=str(cast.daan.pk)))
    assert answer.status_code == 422
    assert "owner" in answer.context["form"].errors


def test_who_left_owns_nothing_any_more(cast: Cast, owned: int, client_of: Callable[..., Client]) -> None:
    with acting_for(cast.klankendam.pk):
        Membership.objects.filter(user=cast.chantal).update(ended_at=timezone.now())
    assert client_of(cast.chantal).get(f"/dossiers/{owned}/").status_code in (302, 403, 404)
