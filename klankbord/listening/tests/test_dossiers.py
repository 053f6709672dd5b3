"""Dossiers on the screen: made, refused, started, signed, ended; who may and who may not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.inbox.models import Conversation
from klankbord.listening.models import Dossier, Match, Signature
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Membership, User
from tests.cast import Cast
from tests.pages import acts_of, says

Say = Callable[..., None]


def filled(**more: Any) -> dict[str, Any]:
    today = timezone.localdate()
    return {
        "name": "Klankbrug",
        "query": "klankbrug AND (dicht OR open)",
        "purpose": "communication",
        "legal_basis": "AVG 6 lid 1 onder e",
        "reason": "De brug is in onderhoud (oefening).",
        "ends_on": (today + timedelta(days=100)).isoformat(),
        "review_on": (today + timedelta(days=50)).isoformat(),
        "retention_days": "60",
        "topic": "Verkeer",
        "phase": "implementation",
        "shared": "",
    } | more


def make(client: Client, **more: Any) -> int:
    answer = client.post("/dossiers/new", filled(**more))
    assert answer.status_code == 302, answer.context["form"].errors
    return int(answer.headers["Location"].strip("/").split("/")[-1])


def dossier(cast: Cast, pk: int) -> Dossier:
    with acting_for(cast.klankendam.pk):
        return Dossier.objects.get(pk=pk)


def as_analyst(cast: Cast) -> None:
    with acting_for(cast.klankendam.pk):
        Membership.objects.filter(user=cast.bram).update(roles=["editor", "analyst"])


def found_by(cast: Cast, pk: int) -> int:
    with acting_for(cast.klankendam.pk):
        return Match.objects.filter(dossier=pk).count()


def test_a_draft_finds_nothing_and_a_started_dossier_finds(cast: Cast, bram: Client, say: Say) -> None:
    pk = make(bram)
    say(cast.square, "u1", "De Klankbrug is dicht!", addressed=False)
    assert found_by(cast, pk) == 0
    assert bram.post(f"/dossiers/{pk}/start").status_code == 302
    say(cast.square, "u2", "Staat de Klankbrug nu nog open?", addressed=False)
    say(cast.square, "u3", "De brug is dicht.", addressed=False)
    assert found_by(cast, pk) == 1
    bram.post(f"/dossiers/{pk}/end")
    say(cast.square, "u4", "De Klankbrug is weer dicht.", addressed=False)
    assert found_by(cast, pk) == 1
    assert acts_of(cast.klankendam.pk)[-3:] == ["dossier maken", "dossier starten", "dossier beëindigen"]


def test_a_changed_query_holds_from_the_next_message(cast: Cast, bram: Client, say: Say) -> None:
    pk = make(bram)
    bram.post(f"/dossiers/{pk}/start")
    assert bram.post(f"/dossiers/{pk}/change", filled(query="galmstraat")).status_code == 302
    say(cast.square, "u1", "De Klankbrug is dicht!", addressed=False)
    say(cast.square, "u2", "Vuil in de Galmstraat.", addressed=False)
    assert found_by(cast, pk) == 1


@pytest.mark.parametrize(
    "missing", ["name", "query", "purpose", "legal_basis", "reason", "ends_on", "review_on", "retention_days"]
)
def test_a_dossier_needs_its_grounds(cast: Cast, bram: Client, missing: str) -> None:
    answer = bram.post("/dossiers/new", filled(**{missing: ""}))
    assert answer.status_code == 422
    assert missing in answer.context["form"].errors


@pytest.mark.parametrize(
    "wrong",
    [
        {"retention_days": "29"},
        {"retention_days": "91"},
        {"purpose": "nieuwsgierigheid"},
        {"purpose": "public_order"},
        {"query": "NOT brug"},
        {"query": "(brug"},
        {"query": "a" * 20_001},
        {"phase": "later"},
        {"shared": "everybody"},
        {"name": "a\0b"},
    ],
)
def test_what_cannot_be_is_refused(cast: Cast, bram: Client, wrong: dict[str, str]) -> None:
    assert bram.post("/dossiers/new", filled(**wrong)).status_code == 422
    with acting_for(cast.klankendam.pk):
        assert Dossier.objects.filter(is_place=False).count() == 0


def test_a_dossier_that_is_over_or_too_long_does_not_start(cast: Cast, bram: Client) -> None:
    today = timezone.localdate()
    for days in (-1, 400):
        pk = make(bram, ends_on=(today + timedelta(days=days)).isoformat())
        bram.post(f"/dossiers/{pk}/start")
        assert dossier(cast, pk).state == "draft"


def test_a_person_stops_the_start_until_the_owner_states_otherwise(cast: Cast, bram: Client) -> None:
    pk = make(bram, query='"Kees Dekker" AND brug')
    bram.post(f"/dossiers/{pk}/start")
    assert dossier(cast, pk).state == "draft"
    assert "Kees Dekker" in bram.get(f"/dossiers/{pk}/").content.decode()
    bram.post(f"/dossiers/{pk}/change", filled(query='"Kees Dekker" AND brug') | {"stated-kees dekker": "official"})
    bram.post(f"/dossiers/{pk}/start")
    assert dossier(cast, pk).state == "active"
    assert dossier(cast, pk).declared == [{"term": "Kees Dekker", "key": "kees dekker", "as": "official"}]


def test_the_privacy_officer_sees_what_was_stated(cast: Cast, bram: Client, client_of: Callable[..., Client]) -> None:
    make(bram, query='"Albert Heijn"', **{"stated-albert heijn": "nobody"})
    page = client_of(cast.fatma).get("/dossiers/privacy")
    assert says(page, "not a person")
    assert "Albert Heijn" in page.content.decode()


def test_a_running_dossier_is_not_changed_into_an_unlawful_one(cast: Cast, bram: Client) -> None:
    pk = make(bram)
    bram.post(f"/dossiers/{pk}/start")
    answer = bram.post(f"/dossiers/{pk}/change", filled(query='"Kees Dekker"'))
    assert answer.status_code == 422
    assert dossier(cast, pk).query == "klankbrug AND (dicht OR open)"


# ---- public order ----------------------------------------------------------------------------------------


def public_order(**more: Any) -> dict[str, Any]:
    ends = timezone.localdate() + timedelta(days=10)
    return {"purpose": "public_order", "query": "vuurwerk AND marktplein", "ends_on": ends.isoformat()} | more


@pytest.fixture
def signed(cast: Cast, bram: Client, client_of: Callable[[User], Client]) -> int:
    """A public order dossier that runs."""
    as_analyst(cast)
    fatma = client_of(cast.fatma)
    fatma.post("/dossiers/privacy", {"act": "public_order", "allowed": "yes"})
    pk = make(bram, **public_order())
    until = timezone.localdate() + timedelta(days=40)
    assert sign(fatma, pk, until) == []
    bram.post(f"/dossiers/{pk}/start")
    assert dossier(cast, pk).state == "active"
    return pk


def sign(privacy_officer: Client, pk: int, until: date, *, meanwhile: Callable[[], object] = lambda: None) -> list[str]:
    """Sign what the page shows; what was said against it."""
    form = privacy_officer.get(f"/dossiers/{pk}/").context["sign_form"]
    meanwhile()
    data = {"until": until.isoformat(), "read": form["read"].value()}
    page = privacy_officer.post(f"/dossiers/{pk}/sign", data, follow=True)
    return [str(one) for one in page.context["messages"] if one.level_tag == "error"]


@pytest.mark.parametrize("change", [{"query": "vuurwerk OR demonstratie"}, {"reason": "Iets heel anders (oefening)."}])
def test_what_was_changed_while_the_privacy_officer_read_it_is_not_signed(
    cast: Cast, bram: Client, client_of: Callable[[User], Client], change: dict[str, str]
) -> None:
    as_analyst(cast)
    fatma, today = client_of(cast.fatma), timezone.localdate()
    fatma.post("/dossiers/privacy", {"act": "public_order", "allowed": "yes"})
    pk = make(bram, **public_order())
    others = filled(**public_order(**change))
    (refused,) = sign(fatma, pk, today, meanwhile=lambda: bram.post(f"/dossiers/{pk}/change", others))
    assert refused
    bram.post(f"/dossiers/{pk}/start")
    assert dossier(cast, pk).state == "draft"
    assert sign(fatma, pk, today) == []
    bram.post(f"/dossiers/{pk}/start")
    assert dossier(cast, pk).state == "active"


def test_public_order_is_off_until_the_privacy_officer_switches_it_on(cast: Cast, bram: Client) -> None:
    as_analyst(cast)
    assert bram.post("/dossiers/new", filled(**public_order())).status_code == 422


def test_public_order_does_not_start_without_a_signature(
    cast: Cast, bram: Client, client_of: Callable[[User], Client]
) -> None:
    as_analyst(cast)
    client_of(cast.fatma).post("/dossiers/privacy", {"act": "public_order", "allowed": "yes"})
    pk = make(bram, **public_order())
    bram.post(f"/dossiers/{pk}/start")
    assert dossier(cast, pk).state == "draft"


def test_a_signature_lasts_fourteen_days_at_most(cast: Cast, signed: int) -> None:
    with acting_for(cast.klankendam.pk):
        assert Signature.objects.get().until == timezone.localdate() + timedelta(days=14)


def test_another_query_finds_nothing_before_it_is_signed_again(cast: Cast, signed: int, bram: Client, say: Say) -> None:
    say(cast.square, "u1", "Vuurwerk op het Marktplein", addressed=False)
    assert found_by(cast, signed) == 1
    with acting_for(cast.klankendam.pk):
        Dossier.objects.filter(pk=signed).update(query="marktplein")
    say(cast.square, "u2", "Meer vuurwerk op het Marktplein", addressed=False)
    assert found_by(cast, signed) == 1


def test_when_the_signature_is_over_it_finds_nothing(cast: Cast, signed: int, say: Say) -> None:
    with acting_for(cast.klankendam.pk):
        Signature.objects.update(until=timezone.localdate() - timedelta(days=1))
    say(cast.square, "u1", "Vuurwerk op het Marktplein", addressed=False)
    assert found_by(cast, signed) == 0


def test_switching_public_order_off_ends_what_runs(
    cast: Cast, signed: int, client_of: Callable[[User], Client]
) -> None:
    client_of(cast.fatma).post("/dossiers/privacy", {"act": "public_order", "allowed": "no"})
    assert dossier(cast, signed).state == "ended"


def test_figures_come_first_and_messages_with_a_reason_in_the_log(
    cast: Cast, signed: int, bram: Client, say: Say
) -> None:
    say(cast.square, "u1", "Veel vuurwerk op het Marktplein", addressed=False)
    page = bram.get(f"/dossiers/{signed}/")
    assert page.context["total"] == 1
    assert "Veel vuurwerk" not in page.content.decode()
    assert bram.get(f"/dossiers/{signed}/finds").status_code == 403
    assert bram.get(f"/dossiers/{signed}/sharper").status_code == 403
    assert bram.post(f"/dossiers/{signed}/export", {"with": "messages"}).status_code == 403
    assert bram.post(f"/dossiers/{signed}/open", {"reason": "kort"}).status_code == 422
    bram.post(f"/dossiers/{signed}/open", {"reason": "Er is een melding van gewonden."})
    assert "vuurwerk" in bram.get(f"/dossiers/{signed}/finds").content.decode()
    assert acts_of(cast.klankendam.pk)[-1] == "berichten openbare orde inzien"


@pytest.mark.parametrize(
    ("who", "page", "finds"),
    [("amal", 404, 404), ("gijs", 200, 403), ("fatma", 200, 403), ("chantal", 404, 404), ("daan", 404, 404)],
)
def test_who_sees_public_order(
    cast: Cast, signed: int, client_of: Callable[[User], Client], who: str, page: int, finds: int
) -> None:
    client = client_of(cast.everybody[who])
    assert client.get(f"/dossiers/{signed}/").status_code == page
    assert client.get(f"/dossiers/{signed}/finds").status_code == finds
    assert client.post(f"/dossiers/{signed}/open", {"reason": "Zo maar eens kijken."}).status_code in (403, 404)
    name = "Klankbrug"
    listed = client.get("/dossiers/")
    assert (name in listed.content.decode()) is (page == 200)


def test_the_desk_links_to_dossiers_and_knows_nothing_of_public_order(
    cast: Cast, signed: int, bram: Client, client_of: Callable[[User], Client], say: Say
) -> None:
    ordinary = make(bram, name="Gewoon", query="vuurwerk")
    bram.post(f"/dossiers/{ordinary}/start")
    say(cast.square, "u1", "Gemeente, er is vuurwerk op het Marktplein")
    amal = client_of(cast.amal)
    with acting_for(cast.klankendam.pk):
        pk = Conversation.objects.get().pk
    page = amal.get(f"/desk/{pk}").content.decode()
    assert f'href="/dossiers/{ordinary}/"' in page
    assert f"/dossiers/{signed}/" not in page
    assert "Klankbrug" not in page


def test_what_was_found_for_public_order_is_no_sample_for_anything_else(
    cast: Cast, signed: int, bram: Client, say: Say
) -> None:
    with acting_for(cast.klankendam.pk):
        Dossier.objects.filter(is_place=True).update(words=["niets"])
    say(cast.square, "u1", "Vuurwerk op het Marktplein", addressed=False)
    answer = bram.post("/dossiers/explain", {"query": "vuurwerk", "purpose": "communication"})
    assert answer.context["preview"].tried == 0
    answer = bram.post("/dossiers/explain", {"query": "vuurwerk", "purpose": "public_order"})
    assert answer.context["preview"] is None


# ---- who may ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "reads", "writes"),
    [
        ("bram", 200, True),
        ("gijs", 200, True),
        ("amal", 200, False),
        ("fatma", 200, False),
        ("chantal", 404, False),
        ("daan", 404, False),
        ("eva", 404, False),
    ],
)
def test_who_reads_and_writes(
    cast: Cast, bram: Client, client_of: Callable[[User], Client], who: str, reads: int, writes: bool
) -> None:
    pk = make(bram)
    client = client_of(cast.everybody[who])
    assert client.get(f"/dossiers/{pk}/").status_code == reads
    assert client.get(f"/dossiers/{pk}/finds").status_code == reads
    client.post(f"/dossiers/{pk}/change", filled(name="Anders"))
    client.post(f"/dossiers/{pk}/note", {"text": "Een notitie"})
    client.post(f"/dossiers/{pk}/start")
    changed = dossier(cast, pk)
    assert (changed.name == "Anders") is (changed.state == "active") is writes
    assert client.post(f"/dossiers/{pk}/sign", {"until": "2099-01-01"}).status_code == (
        302 if who == "fatma" else 403 if reads == 200 else 404
    )


def test_the_privacy_officer_reads_finds_but_no_conversations(
    cast: Cast, bram: Client, client_of: Callable[[User], Client], say: Say
) -> None:
    pk = make(bram, query="klankbrug")
    bram.post(f"/dossiers/{pk}/start")
    say(cast.square, "u1", "De Klankbrug piept", addressed=False)
    say(cast.square, "u2", "Gemeente, de Klankbrug kraakt", addressed=True)
    page = client_of(cast.fatma).get(f"/dossiers/{pk}/finds").content.decode()
    assert "piept" in page
    assert "kraakt" not in page
    page = bram.get(f"/dossiers/{pk}/finds").content.decode()
    assert "piept" in page
    assert "kraakt" in page


def test_the_database_lets_nobody_else_open_finds_so(cast: Cast, say: Say) -> None:
    from django.db import connection

    from klankbord.posts.models import Post
    from klankbord.tenancy.fence import entered

    say(cast.square, "u1", "Marktplein", addressed=False)
    for name, seen in (("fatma", 1), ("chantal", 0), ("daan", 0), ("eva", 0)):
        with entered(cast.everybody[name]), connection.cursor() as cursor:
            cursor.execute("SELECT fence_open_finds()")
            assert Post.objects.count() == seen, name
    with entered(cast.fatma):
        assert Post.objects.count() == 0
