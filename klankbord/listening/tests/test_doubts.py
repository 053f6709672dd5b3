"""Lists of words grow while dossiers run: what could not start any more is flagged, for owner and privacy officer."""

from __future__ import annotations

import pytest
from django.test import Client

from klankbord.intake.forgetting import forget_what_is_due
from klankbord.listening import special
from klankbord.listening.models import Dossier
from klankbord.listening.tests.test_dossiers import dossier, filled, make
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.pages import acts_of, says

FLAG = "This dossier runs, but with these words it could not start any more. Change it, or end it:"
OFFICER = "To look at again"


@pytest.fixture
def running(bram: Client) -> int:
    pk = make(bram)
    assert bram.post(f"/dossiers/{pk}/start").status_code == 302
    return pk


def grow(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    """From now on these words stand in the list about health."""
    before = special._words
    longer = {"gezondheid": (frozenset(words), ())}
    monkeypatch.setattr(special, "_words", lambda category: longer.get(category) or before(category))


def test_what_is_well_is_not_flagged(cast: Cast, bram: Client, fatma: Client, running: int) -> None:
    forget_what_is_due()
    assert dossier(cast, running).flagged_at is None
    assert "dossier aanmerken" not in acts_of(cast.klankendam.pk)
    assert not says(bram.get(f"/dossiers/{running}/"), FLAG)
    assert not says(fatma.get("/dossiers/privacy"), OFFICER)
    assert not says(bram.get("/dossiers/"), "look again")


def test_a_running_dossier_is_flagged_once_when_the_list_grows(
    cast: Cast, bram: Client, fatma: Client, running: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(monkeypatch, "klankbrug")
    forget_what_is_due()
    flagged_at = dossier(cast, running).flagged_at
    assert flagged_at is not None
    forget_what_is_due()
    assert dossier(cast, running).flagged_at == flagged_at
    assert acts_of(cast.klankendam.pk).count("dossier aanmerken") == 1
    page = bram.get(f"/dossiers/{running}/")
    assert says(page, FLAG)
    assert [reason for reason in page.context["doubts"] if "klankbrug" in reason]
    assert says(bram.get("/dossiers/"), "look again")
    [(named, reasons)] = fatma.get("/dossiers/privacy").context["doubtful"]
    assert (named.pk, reasons) == (running, page.context["doubts"])
    assert dossier(cast, running).state == "active"


def test_other_words_take_the_flag_away(
    cast: Cast, bram: Client, running: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(monkeypatch, "klankbrug")
    forget_what_is_due()
    assert bram.post(f"/dossiers/{running}/change", filled(query="sluis AND dicht")).status_code == 302
    assert dossier(cast, running).flagged_at is None
    forget_what_is_due()
    assert dossier(cast, running).flagged_at is None


def test_a_list_that_becomes_shorter_takes_the_flag_away(cast: Cast, running: int) -> None:
    with pytest.MonkeyPatch.context() as patched:
        grow(patched, "klankbrug")
        forget_what_is_due()
    forget_what_is_due()
    assert dossier(cast, running).flagged_at is None


@pytest.mark.parametrize("query", ['"Wrenzela Quistorp"', "@wrenzel", "klankbrug AND ("])
def test_what_looks_like_a_person_or_cannot_be_read_any_more_is_flagged(
    cast: Cast, bram: Client, running: int, query: str
) -> None:
    with acting_for(cast.klankendam.pk):
        # as if it was started under older rules
        Dossier.objects.filter(pk=running).update(query=query)
    forget_what_is_due()
    assert says(bram.get(f"/dossiers/{running}/"), FLAG)


def test_drafts_and_what_ended_are_left_alone(
    cast: Cast, bram: Client, fatma: Client, running: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    grow(monkeypatch, "klankbrug", "open")
    draft = make(bram, query="klankbrug")
    forget_what_is_due()
    bram.post(f"/dossiers/{running}/end")
    assert dossier(cast, draft).flagged_at is None
    assert not says(bram.get(f"/dossiers/{running}/"), FLAG)
    assert not says(fatma.get("/dossiers/privacy"), OFFICER)


def test_the_place_dossier_is_looked_at_too(
    cast: Cast, bram: Client, fatma: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    with acting_for(cast.klankendam.pk):
        Dossier.objects.filter(is_place=True).update(words=["Echolaan", "de bron"])
    grow(monkeypatch, "bron")
    forget_what_is_due()
    assert says(bram.get("/place/"), FLAG)
    assert says(fatma.get("/dossiers/privacy"), OFFICER)
    assert bram.post("/place/", {"words": "Echolaan"}).status_code == 302
    assert not says(bram.get("/place/"), FLAG)
