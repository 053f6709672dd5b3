"""The public register, the register of processing and the draft of the DPIA."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.listening.models import Dossier, Signature
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import User
from tests.cast import Cast


@pytest.fixture
def followed(cast: Cast) -> dict[str, int]:
    """One of each: running, draft, public order that runs, public order that is over."""
    today, made = timezone.localdate(), {}
    with acting_for(cast.klankendam.pk):
        for name, state, purpose in (
            ("Bruggen", "active", "service"),
            ("Geheimplan", "draft", "service"),
            ("Marktonrust", "active", "public_order"),
            ("Oudonrust", "ended", "public_order"),
        ):
            dossier = Dossier.objects.create(
                organisation=cast.klankendam,
                name=name,
                query=f"zoek{name.lower()}",
                reason=f"Reden {name}",
                legal_basis="AVG 6 lid 1 onder e",
                purpose=purpose,
                ends_on=today + timedelta(days=3),
                review_on=today,
                state=state,
                started_at=timezone.now(),
                ended_at=timezone.now() if state == "ended" else None,
                owner=cast.bram,
            )
            made[name] = dossier.pk
            Signature.objects.create(
                organisation=cast.klankendam,
                dossier=dossier,
                name="Fatma",
                query=dossier.query,
                at=timezone.now(),
                until=today + timedelta(days=3),
            )
    return made


def test_everybody_reads_what_is_followed_and_no_persons(cast: Cast, followed: dict[str, int]) -> None:
    answer = Client().get(f"/register/{cast.klankendam.pk}")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "Bruggen" in page
    assert "zoekbruggen" in page
    assert "Oudonrust" in page
    for hidden in ("Geheimplan", "Marktonrust", "zoekmarktonrust", "Reden Marktonrust", "Bram", "Fatma"):
        assert hidden not in page
    assert "Klankendam" not in Client().get(f"/register/{cast.zwijgerswaard.pk}").content.decode()
    assert Client().get("/register/999999").status_code == 404


def test_the_privacy_officer_takes_both_documents_along(
    cast: Cast, followed: dict[str, int], client_of: Callable[[User], Client]
) -> None:
    fatma = client_of(cast.fatma)
    table = fatma.get("/dossiers/processing").content.decode()
    assert all(name in table for name in followed)
    assert "90 dagen" in table or "90 days" in table
    draft = fatma.get("/dossiers/dpia")
    assert draft["Content-Type"].startswith("text/markdown")
    assert "Bruggen" in draft.content.decode()
    assert "Geheimplan" not in draft.content.decode()


@pytest.mark.parametrize("who", ["bram", "amal", "chantal", "daan", "eva", "gijs"])
def test_nobody_else_does(cast: Cast, client_of: Callable[[User], Client], who: str) -> None:
    client = client_of(cast.everybody[who])
    for page in ("/dossiers/processing", "/dossiers/dpia", "/dossiers/privacy"):
        assert client.get(page).status_code == 403
