"""Words about health, religion, politics and the like: flagged while typing, and not followed without more grounds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from klankbord.inbox.models import Conversation
from klankbord.intake.forgetting import forget_what_is_due
from klankbord.listening.models import Dossier, Match
from klankbord.listening.query import parse
from klankbord.listening.special import special_in, special_in_words
from klankbord.listening.tests.test_dossiers import as_analyst, dossier, filled, found_by, make
from klankbord.listening.tests.test_dossiers import sign as sign_as_read
from klankbord.listening.words import word_list
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import User
from klankbord.tenancy.municipalities import rows
from tests.cast import Cast
from tests.pages import acts_of, says

Say = Callable[..., None]
GROUND = "AVG 9 lid 2 onder g, oefening"


def categories(query: str) -> list[str]:
    return [one.category for one in special_in(parse(query))]


@pytest.mark.parametrize(
    ("query", "category"),
    [
        ("kanker AND ziekenhuis", "gezondheid"),
        ("Suïcidepreventie", "gezondheid"),
        ('"de nieuwe moskee"', "geloof"),
        ("mosli*", "geloof"),
        ("#vvd", "politiek"),
        ("staking OF vakbondsleden", "vakbond"),
        ("homo's", "geaardheid"),
        ("overlast BIJ/5 Marokkaanse", "afkomst"),
        ("gezichtsherkenning", "lichaam"),
        ("inbrekers NIET film", "strafbaar"),
        ("=Islam", "geloof"),
    ],
)
def test_a_word_of_a_special_category_is_recognised(query: str, category: str) -> None:
    assert categories(query) == [category]


@pytest.mark.parametrize(
    "query",
    [
        "brug AND dicht",
        "ziekenhuis",
        "Kerkrade OF kerkstraat",
        "Islamstraat",
        "markt NIET moskee",
        "afval* OF grofvuil",
        "plaats:Haren zorg",
        "diefstal",
        "verd*",
        "denk AND volt",
        "Polenweg",
    ],
)
def test_ordinary_words_are_not(query: str) -> None:
    assert categories(query) == []


def test_no_name_of_a_place_is_special() -> None:
    assert special_in_words(row["woonplaats"] for row in rows("woonplaatsen.csv")) == []


@pytest.mark.parametrize("category", Dossier.Special.values)
def test_every_word_of_a_list_is_found_by_it(category: str) -> None:
    words = word_list(f"bijzonder-{category}")
    assert len(words) >= 4
    for word in words:
        assert category in [one.category for one in special_in_words([word.removesuffix("*")])], word


def special(client: Client, **more: Any) -> int:
    return make(client, **{"query": "moskee AND geluid", "retention_days": "30", "special_ground": GROUND} | more)


def sign(client: Client, pk: int, days: int = 60) -> None:
    assert sign_as_read(client, pk, timezone.localdate() + timedelta(days=days)) == []


def started(bram: Client, fatma: Client) -> int:
    pk = special(bram)
    sign(fatma, pk)
    bram.post(f"/dossiers/{pk}/start")
    return pk


def test_the_editor_warns_while_typing_and_shows_nobody(cast: Cast, bram: Client, say: Say) -> None:
    say(cast.square, "u1", "Herrie bij de moskee op het Marktplein", addressed=False)
    page = bram.post("/dossiers/explain", {"query": "moskee", "purpose": "service"})
    assert says(page, "This touches special personal data:")
    assert (page.context["special"][0]["words"], page.context["examples"]) == (["moskee"], [])
    assert "Herrie" not in page.content.decode()


@pytest.mark.parametrize(
    "missing",
    [{"special_ground": ""}, {"retention_days": "31"}, {"special_ground": "   "}, {"reason": "zonder tekening"}],
)
def test_it_does_not_start_without_ground_short_keeping_and_signature(
    cast: Cast, bram: Client, fatma: Client, missing: dict[str, str]
) -> None:
    pk = special(bram, **missing)
    if "reason" not in missing:
        sign(fatma, pk)
    bram.post(f"/dossiers/{pk}/start")
    assert dossier(cast, pk).state == "draft"
    assert len(bram.get(f"/dossiers/{pk}/").context["reasons"]) == 1


def test_signed_it_runs_and_shows_figures_until_a_reason_is_given(
    cast: Cast, bram: Client, fatma: Client, client_of: Callable[[User], Client], say: Say
) -> None:
    pk = started(bram, fatma)
    assert dossier(cast, pk).state == "active"
    say(cast.square, "u1", "Veel geluid bij de moskee, zegt men", addressed=False)
    assert found_by(cast, pk) == 1
    page = bram.get(f"/dossiers/{pk}/")
    assert page.context["total"] == 1
    assert "zegt men" not in page.content.decode()
    assert bram.get(f"/dossiers/{pk}/finds").status_code == 403
    assert bram.get(f"/dossiers/{pk}/archive").status_code == 404
    assert bram.post(f"/dossiers/{pk}/export", {"with": "messages"}).status_code == 403
    # who reads dossiers only, opens nothing
    amal = client_of(cast.amal)
    assert amal.post(f"/dossiers/{pk}/open", {"reason": "Zomaar eens kijken"}).status_code == 403
    assert bram.post(f"/dossiers/{pk}/open", {"reason": "Klacht van omwonenden"}).status_code == 302
    assert "zegt men" in bram.get(f"/dossiers/{pk}/finds").content.decode()
    assert amal.get(f"/dossiers/{pk}/finds").status_code == 403
    assert "berichten bijzondere gegevens inzien" in acts_of(cast.klankendam.pk)
    assert "Klacht van omwonenden" in fatma.get("/dossiers/privacy").content.decode()


def test_what_only_such_a_dossier_found_is_no_sample_for_others(
    cast: Cast, bram: Client, fatma: Client, say: Say
) -> None:
    started(bram, fatma)
    say(cast.square, "u1", "Veel geluid bij de moskee", addressed=False)
    page = bram.post("/dossiers/explain", {"query": "geluid", "purpose": "service"})
    assert page.context["preview"].tried == 0
    assert page.context["examples"] == []


def test_a_conversation_does_not_show_that_it_was_found_so(cast: Cast, bram: Client, fatma: Client, say: Say) -> None:
    pk = started(bram, fatma)
    say(cast.square, "u1", "Gemeente, veel geluid bij de moskee")
    assert found_by(cast, pk) == 1
    with entered(cast.amal):
        conversation = Conversation.objects.get()
    amal = Client()
    amal.force_login(cast.amal)
    assert "Klankbrug" not in amal.get(f"/desk/{conversation.pk}").content.decode()


def test_it_stops_with_its_signature_and_its_finds_go_sooner(cast: Cast, bram: Client, fatma: Client, say: Say) -> None:
    pk = started(bram, fatma)
    say(cast.square, "u1", "Veel geluid bij de moskee", addressed=False)
    with acting_for(cast.klankendam.pk):
        Match.objects.update(found_at=timezone.now() - timedelta(days=31))
        dossier(cast, pk).signatures.update(until=timezone.localdate() - timedelta(days=1))
    forget_what_is_due()
    assert found_by(cast, pk) == 0
    assert dossier(cast, pk).state == "ended"


def test_another_ground_or_wording_needs_another_signature(cast: Cast, bram: Client, fatma: Client) -> None:
    pk = special(bram)
    sign(fatma, pk)
    for other in ({"special_ground": "Een andere grond"}, {"query": "synagoge AND geluid"}):
        more = {"query": "moskee AND geluid", "retention_days": "30", "special_ground": GROUND} | other
        assert bram.post(f"/dossiers/{pk}/change", filled(**more)).status_code == 302
        bram.post(f"/dossiers/{pk}/start")
        assert dossier(cast, pk).state == "draft"


def test_a_running_dossier_does_not_become_one_in_silence(cast: Cast, bram: Client) -> None:
    pk = make(bram)
    bram.post(f"/dossiers/{pk}/start")
    assert bram.post(f"/dossiers/{pk}/change", filled(query="moskee")).status_code == 422
    assert dossier(cast, pk).special == []


def test_the_database_refuses_what_no_action_would_do(cast: Cast, bram: Client) -> None:
    pk = special(bram, special_ground="")
    with acting_for(cast.klankendam.pk), pytest.raises(IntegrityError), transaction.atomic():
        Dossier.objects.filter(pk=pk).update(state="active")


def test_everything_the_privacy_officer_takes_along_tells_of_it(cast: Cast, bram: Client, fatma: Client) -> None:
    pk = started(bram, fatma)
    for address in ("/dossiers/privacy", "/dossiers/processing", "/dossiers/dpia", f"/register/{cast.klankendam.pk}"):
        assert GROUND in fatma.get(address).content.decode(), address
    as_analyst(cast)
    assert says(bram.get(f"/dossiers/{pk}/"), "Special personal data")


def test_the_place_dossier_does_not_take_such_words(cast: Cast, bram: Client) -> None:
    answer = bram.post("/place/", {"words": "Echolaan\nmoskee"})
    assert answer.status_code == 422
    assert "moskee" in str(answer.context["form"].errors)
