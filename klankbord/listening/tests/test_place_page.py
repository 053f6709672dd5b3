"""The place dossier on the screen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.listening.actions.place import open_place_dossier
from klankbord.listening.models import Dossier
from klankbord.listening.persons import suspects_in_words, unstated
from klankbord.tenancy.actions import finish_first_day
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import AuditEntry, Municipality, Organisation
from klankbord.tenancy.municipalities import rows, words_of
from tests.cast import Cast
from tests.pages import acts_of


def words(cast: Cast) -> list[str]:
    with acting_for(cast.klankendam.pk):
        return list(Dossier.objects.get(is_place=True).words)


def test_the_page_counts_what_was_said_without_persons(client: Client, cast: Cast, say: Callable[..., None]) -> None:
    for number in range(3):
        say(cast.square, f"p:{number}", "Er ligt glas op het Marktplein in Klankendam")
    client.force_login(cast.bram)
    answer = client.get("/place/")
    assert [(one.word, one.total, one.days[-1]) for one in answer.context["loud"]] == [
        ("klankendam", 3, 3),
        ("marktplein", 3, 3),
    ]
    assert "Bea Bewoner" not in answer.content.decode()
    with acting_for(cast.klankendam.pk):
        pk = Dossier.objects.get(is_place=True).pk
    today = timezone.localdate().isoformat()
    assert f"/dossiers/{pk}/finds?word=marktplein&amp;day={today}" in answer.content.decode()
    assert len(client.get(f"/dossiers/{pk}/finds?word=marktplein&day={today}").context["finds"]) == 3
    assert client.get(f"/dossiers/{pk}/")["Location"].startswith("/place/")


def test_private_messages_are_not_counted(client: Client, cast: Cast, say: Callable[..., None]) -> None:
    say(cast.mail, "p:1", "Klankendam", visibility="direct")
    client.force_login(cast.bram)
    assert client.get("/place/").context["loud"] == []


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [("bram", 200, True), ("gijs", 200, True), ("amal", 200, False), ("fatma", 200, False), ("daan", 403, False)],
)
def test_who_reads_and_who_writes(client: Client, cast: Cast, who: str, reads: int, writes: bool) -> None:
    client.force_login(cast.everybody[who])
    assert client.get("/place/").status_code == reads
    before = words(cast)
    client.post("/place/", {"words": "Klankendam\nEcholaan"})
    assert (words(cast) == ["Klankendam", "Echolaan"]) is writes
    assert ("dossier wijzigen" in acts_of(cast.klankendam.pk)) is writes
    assert writes or words(cast) == before


def test_eva_changes_her_own_place_only(client: Client, cast: Cast) -> None:
    client.force_login(cast.eva)
    assert client.get(f"/place/?organisation={cast.klankendam.pk}").status_code == 404


def test_the_administrator_looks_at_the_words_on_the_first_day_only(client: Client, cast: Cast) -> None:
    client.force_login(cast.chantal)
    assert client.get("/place/").status_code == 200
    with entered(cast.chantal):
        finish_first_day(Organisation.objects.get(pk=cast.klankendam.pk), by=cast.chantal)
    assert client.get("/place/").status_code == 403


@pytest.mark.parametrize(
    "typed", ["", "   \n  ", "a\0b", "...", "x" * 81, "\n".join(f"woord{n}" for n in range(201)), "y" * 100_000]
)
def test_words_that_find_nothing_are_refused(client: Client, cast: Cast, typed: str) -> None:
    before = words(cast)
    client.force_login(cast.bram)
    assert client.post("/place/", {"words": typed}).status_code == 422
    assert words(cast) == before


def test_words_are_tidied(client: Client, cast: Cast) -> None:
    client.force_login(cast.bram)
    client.post("/place/", {"words": "  Echolaan \r\n\r\necholaan\r\n Grote   Markt "})
    assert words(cast) == ["echolaan", "Grote Markt"]


def test_a_dossier_that_must_be_reviewed_says_so(client: Client, cast: Cast) -> None:
    with acting_for(cast.klankendam.pk):
        Dossier.objects.update(review_on=timezone.localdate())
    client.force_login(cast.bram)
    assert client.get("/place/").context["review_due"] is True


def test_a_word_that_looks_like_a_person_stops_until_it_is_stated(client: Client, cast: Cast) -> None:
    before = words(cast)
    client.force_login(cast.bram)
    typed = {"words": "Echolaan\nKees Dekker\n@kees@plein.example"}
    answer = client.post("/place/", typed)
    assert answer.status_code == 422
    assert [one["suspect"].term for one in answer.context["suspects"]] == ["Kees Dekker", "@kees@plein.example"]
    assert words(cast) == before
    half = client.post("/place/", typed | {"stated-kees dekker": "nobody"})
    assert half.status_code == 422
    assert [one["stated"] for one in half.context["suspects"]] == ["nobody", ""]
    done = client.post("/place/", {"words": "Echolaan\nKees Dekker", "stated-kees dekker": "nobody"})
    assert done.status_code == 302
    assert words(cast) == ["Echolaan", "Kees Dekker"]
    with acting_for(cast.klankendam.pk):
        assert AuditEntry.objects.latest("pk").details["verklaard"][0]["as"] == "nobody"
    client.force_login(cast.fatma)
    assert "Kees Dekker" in client.get("/dossiers/privacy").content.decode()


def test_the_own_account_is_no_person(client: Client, cast: Cast) -> None:
    client.force_login(cast.bram)
    assert client.post("/place/", {"words": cast.square.name}).status_code == 302


def test_the_first_words_of_every_municipality_are_places(cast: Cast) -> None:
    found = {}
    for row in rows("gemeenten.csv"):
        first = words_of(Municipality(code=row["cbs_code"], name=row["naam"]))
        if suspected := suspects_in_words(first):
            found[row["naam"]] = [one.term for one in suspected]
    assert found == {}


def test_the_name_an_organisation_gives_itself_is_stated_not_to_be_a_person(cast: Cast) -> None:
    with acting_for(cast.klankendam.pk):
        Dossier.objects.filter(is_place=True).delete()
        made = open_place_dossier(cast.klankendam, ["Anna Bijns Genootschap", "Echolaan"], by=cast.chantal)
    assert {one["as"] for one in made.declared} == {"nobody"}
    assert unstated(suspects_in_words(made.words), made.declared) == []
