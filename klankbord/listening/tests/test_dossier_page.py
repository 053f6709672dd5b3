"""The page of a dossier: its figures open their messages, noise becomes a proposal, and what one may take along."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime, timedelta
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from klankbord.channels.models import Gap
from klankbord.listening import figures
from klankbord.listening.models import Count, Dossier, Follower, Match, Noise
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import User
from tests.cast import Cast
from tests.pages import acts_of

Say = Callable[..., None]


@pytest.fixture
def bridge(cast: Cast) -> int:
    """A dossier that runs."""
    with acting_for(cast.klankendam.pk):
        return Dossier.objects.create(
            organisation=cast.klankendam,
            name="Klankbrug",
            query="klankbrug OR #brugdicht",
            reason="Oefening",
            legal_basis="AVG 6 lid 1 onder e",
            topic="Verkeer",
            ends_on=timezone.localdate() + timedelta(days=9),
            review_on=timezone.localdate() + timedelta(days=9),
            state="active",
            started_at=timezone.now() - timedelta(days=20),
            owner=cast.bram,
        ).pk


def person(number: int) -> dict[str, str]:
    return {"network_id": f"bewoner-{number}", "handle": f"@bewoner{number}", "name": f"Bewoner {number}"}


def hear(cast: Cast, say: Say, uri: str, text: str, days_ago: float = 0, number: int = 1, **more: str) -> None:
    at = (timezone.now() - timedelta(days=days_ago)).isoformat()
    say(cast.square, uri, text, addressed=False, at=at, author=person(number), **more)


def test_every_figure_opens_its_messages(cast: Cast, say: Say, bridge: int, bram: Client) -> None:
    hear(cast, say, "u1", "De Klankbrug piept", 0)
    hear(cast, say, "u2", "De Klankbrug kraakt", 3, language="nl")
    hear(cast, say, "u3", "Alweer #BrugDicht", 3, language="fy")
    page = bram.get(f"/dossiers/{bridge}/")
    assert page.context["total"] == 3
    day = timezone.localdate() - timedelta(days=3)
    assert {one.day: one.number for one in page.context["days"]}[day] == 2
    behind = bram.get(f"/dossiers/{bridge}/finds?day={day.isoformat()}")
    assert [find.post.text for find in behind.context["finds"]] == ["Alweer #BrugDicht", "De Klankbrug kraakt"]
    for part, question, most in (("word", "word", 2), ("language", "language", 1), ("source", "source", 3)):
        for one in page.context["parts"][part]:
            behind = bram.get(f"/dossiers/{bridge}/finds", {question: one.key})
            assert len(behind.context["finds"]) == one.number <= most, (part, one)
    assert "<mark>Klankbrug</mark>" in page.content.decode()


def links_of_the_chart(page: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'<a class="kb-chart__link" href="([^"]+)"', page)]


def test_every_bar_opens_the_messages_of_its_day_or_week(cast: Cast, say: Say, bridge: int, bram: Client) -> None:
    for uri, days_ago in (("u1", 0), ("u2", 3), ("u3", 3), ("u4", 40)):
        hear(cast, say, uri, f"De Klankbrug piept {uri}", days_ago)
    for span, bars in ((7, [2, 1]), (30, [2, 1]), (90, [1, 3])):
        links = links_of_the_chart(bram.get(f"/dossiers/{bridge}/?days={span}").content.decode())
        assert [len(bram.get(link).context["finds"]) for link in links] == bars


def test_figures_that_may_not_be_opened_are_no_links(cast: Cast, say: Say, bridge: int, bram: Client) -> None:
    hear(cast, say, "u1", "De Klankbrug piept")
    with acting_for(cast.klankendam.pk):
        Dossier.objects.filter(pk=bridge).update(special=["gezondheid"], special_ground="Oefening", retention_days=30)
    page = bram.get(f"/dossiers/{bridge}/").content.decode()
    assert links_of_the_chart(page) == []
    assert "/finds" not in page
    assert "1 vondst<" in page


@pytest.mark.parametrize(
    "question",
    ["day=gisteren", "day=", "day=0001-01-01", "day=9999-12-31", "before=x", "language=", "word=%00", "days=1000000"],
)
def test_nothing_that_is_asked_breaks_the_list(bridge: int, bram: Client, question: str) -> None:
    assert bram.get(f"/dossiers/{bridge}/finds?{question}").status_code == 200
    assert bram.get(f"/dossiers/{bridge}/?{question}").status_code == 200


def test_days_on_which_a_source_was_not_heard_are_marked(cast: Cast, bridge: int, bram: Client) -> None:
    with acting_for(cast.klankendam.pk):
        now = timezone.now()
        Gap.objects.create(
            source=cast.square.source, since=now - timedelta(days=5), until=now - timedelta(days=4), reason="Storing"
        )
    marked = [day.day for day in bram.get(f"/dossiers/{bridge}/").context["days"] if day.gap]
    assert marked == [timezone.localdate() - timedelta(days=back) for back in (5, 4)]
    assert "Storing" in bram.get(f"/dossiers/{bridge}/").content.decode()


def test_words_stand_out_when_several_people_say_them_now_and_not_before(
    cast: Cast, say: Say, bridge: int, bram: Client
) -> None:
    for number in range(8):
        hear(cast, say, f"old{number}", f"De Klankbrug is lelijk {number}", 12, number=number)
    for number in range(6):
        hear(cast, say, f"new{number}", "De Klankbrug heeft een scheur", 1, number=number)
    for number in range(6):
        hear(cast, say, f"one{number}", "Klankbrug spandoek", 1, number=1)
    found = {one.word: (one.now, one.before) for one in bram.get(f"/dossiers/{bridge}/").context["outstanding"]}
    assert found["scheur"] == (6, 0)
    assert "lelijk" not in found
    assert "spandoek" not in found


def test_likelihood_is_that_of_the_papers() -> None:
    """Rayson and Garside 2000: G² = 2 (a ln(a/E1) + b ln(b/E2))."""
    assert figures.likelihood(10, 100, 10, 100) == pytest.approx(0)
    assert figures.likelihood(20, 100, 5, 100) == pytest.approx(9.64, abs=0.01)
    assert figures.likelihood(0, 0, 5, 100) == 0


def test_noise_leaves_the_list_and_becomes_a_proposal_with_its_effect(
    cast: Cast, say: Say, bridge: int, bram: Client, client_of: Callable[[User], Client]
) -> None:
    for number in range(4):
        hear(cast, say, f"good{number}", f"De Klankbrug hapert {number}", number=number)
        hear(cast, say, f"bad{number}", f"Concert van band Klankbrug in de kroeg {number}", number=number)
    amal = client_of(cast.amal)
    listed = amal.get(f"/dossiers/{bridge}/finds").context["finds"]
    for find in listed:
        if "Concert" in find.post.text:
            amal.post(f"/dossiers/{bridge}/noise", {"find": find.match_id})
    assert all("hapert" in f.post.text for f in bram.get(f"/dossiers/{bridge}/finds").context["finds"])
    page = bram.get(f"/dossiers/{bridge}/sharper")
    proposed = {one.word: (one.noise_gone, one.finds_gone, one.query) for one in page.context["proposals"]}
    assert proposed["concert"] == (4, 0, "(klankbrug OR #brugdicht) NOT concert")
    assert "klankbrug" not in proposed
    assert bram.get(f"/dossiers/{bridge}/change", {"query": proposed["concert"][2]}).context["explanation"]
    marked = page.context["marked"][0]
    amal.post(f"/dossiers/{bridge}/noise", {"find": marked.match_id, "back": "1"})
    with acting_for(cast.klankendam.pk):
        assert Noise.objects.count() == 3


def test_the_source_is_shown_after_it_is_logged(cast: Cast, say: Say, bridge: int, bram: Client) -> None:
    hear(cast, say, "https://plein.example/@bea/7", "De Klankbrug piept")
    find = bram.get(f"/dossiers/{bridge}/finds").context["finds"][0]
    assert "@bea/7" not in bram.get(f"/dossiers/{bridge}/finds").content.decode()
    answer = bram.post(f"/dossiers/{bridge}/source", {"find": find.match_id})
    assert 'href="https://plein.example/@bea/7"' in answer.content.decode()
    assert acts_of(cast.klankendam.pk)[-1] == "bron openen"
    assert bram.post(f"/dossiers/{bridge}/source", {"find": "999"}).status_code == 404


def test_an_address_that_is_no_web_page_is_no_link(cast: Cast, say: Say, bridge: int, bram: Client) -> None:
    hear(cast, say, "javascript:alert(1)", "De Klankbrug piept")
    find = bram.get(f"/dossiers/{bridge}/finds").context["finds"][0]
    page = bram.post(f"/dossiers/{bridge}/source", {"find": find.match_id}).content.decode()
    assert 'href="javascript' not in page


def test_export_without_and_with_messages(
    cast: Cast, say: Say, bridge: int, bram: Client, client_of: Callable[[User], Client]
) -> None:
    hear(cast, say, "u1", "=HYPERLINK(1) Klankbrug, bel 06-12345678")
    figures_only = bram.post(f"/dossiers/{bridge}/export").content.decode()
    assert "total" in figures_only
    assert "HYPERLINK" not in figures_only
    whole = bram.post(f"/dossiers/{bridge}/export", {"with": "messages"}).content.decode()
    assert "'=HYPERLINK" in whole
    assert "12345678" not in whole
    assert acts_of(cast.klankendam.pk)[-2:] == ["dossier uitvoeren zonder personen", "dossier uitvoeren met berichten"]
    for name in ("amal", "fatma"):
        client = client_of(cast.everybody[name])
        assert client.post(f"/dossiers/{bridge}/export").status_code == 200
        assert client.post(f"/dossiers/{bridge}/export", {"with": "messages"}).status_code == 403


def test_who_follows_sees_what_is_new(cast: Cast, say: Say, bridge: int, client_of: Callable[[User], Client]) -> None:
    amal = client_of(cast.amal)
    amal.post(f"/dossiers/{bridge}/follow", {"when": "daily"})
    hear(cast, say, "u1", "De Klankbrug piept")

    def fresh() -> dict[str, int | None]:
        return {row.dossier.name: row.fresh for row in amal.get("/dossiers/").context["running"]}

    assert fresh() == {"Klankendam": None, "Klankbrug": 1}
    amal.get(f"/dossiers/{bridge}/")
    assert fresh()["Klankbrug"] == 0
    amal.post(f"/dossiers/{bridge}/follow", {"when": ""})
    assert amal.post(f"/dossiers/{bridge}/follow", {"when": "soms"}).status_code == 404
    with acting_for(cast.klankendam.pk):
        assert not Follower.objects.exists()


def test_the_list_costs_the_same_whatever_its_length(cast: Cast, say: Say, bridge: int, bram: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert bram.get("/dossiers/").status_code == 200
        return len(captured)

    queries()
    few = queries()
    with acting_for(cast.klankendam.pk):
        known = Dossier.objects.get(pk=bridge)
        for number in range(10):
            known.pk, known.name = None, f"Dossier {number}"
            known.save()
    assert queries() == few


def test_a_batch_costs_the_same_whatever_the_number_of_dossiers(cast: Cast, say: Say, bridge: int) -> None:
    def queries(uri: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            hear(cast, say, uri, "De Klankbrug piept")
        return len(captured)

    queries("u0")
    few = queries("u1")
    with acting_for(cast.klankendam.pk):
        known = Dossier.objects.get(pk=bridge)
        for number in range(10):
            known.pk, known.name = None, f"Dossier {number}"
            known.save()
    assert queries("u2") == few
    with acting_for(cast.klankendam.pk):
        assert Match.objects.count() == 2 + 11
        assert Count.objects.filter(aspect="total").count() <= 22


def test_days_are_days_in_the_netherlands() -> None:
    start, end = figures_day(2026, 3, 29)
    assert (end - start) == timedelta(hours=23)


def figures_day(year: int, month: int, day: int) -> tuple[datetime, datetime]:
    from klankbord.listening.finds import day_bounds

    return day_bounds(date(year, month, day))


def test_each_number_leads_to_as_many_messages(cast: Cast, bram: Client, bridge: int, say: Say) -> None:
    """Each number on the list and on the page of a dossier leads to as many messages."""
    pk, now = bridge, timezone.now()
    for number, days in enumerate((0, 1, 1, 8, 9, 10)):
        who = {"network_id": f"b{number}", "handle": f"@b{number}", "name": "Bewoner"}
        text = f"De Klankbrug is {'dicht' if days else 'open'} en {'verzakt' if days < 7 else 'heel'}"
        at = (now - timedelta(days=days)).isoformat()
        say(cast.square, f"u{number}", text, addressed=False, author=who, at=at, language="nl")

    def opened(address: str) -> int:
        return len(bram.get(address).context["finds"])

    listed = bram.get("/dossiers/")
    [row] = [row for row in listed.context["running"] if row.dossier.pk == pk]
    links = [unescape(one) for one in re.findall(rf'href="(/dossiers/{pk}/finds[^"]*)"', listed.content.decode())]
    assert [opened(link) for link in links] == [row.week, row.before] == [3, 3]
    page = bram.get(f"/dossiers/{pk}/?days=7")
    found = {
        unescape(link): opened(unescape(link))
        for link in re.findall(rf'href="(/dossiers/{pk}/finds\?[^"]*)"', page.content.decode())
    }
    parts = page.context["parts"]
    expected = {f"/dossiers/{pk}/finds?word={one.key}&last=7": one.number for one in parts["word"]}
    expected |= {f"/dossiers/{pk}/finds?source={one.key}&last=7": one.number for one in parts["source"]}
    expected |= {f"/dossiers/{pk}/finds?language={one.key}&last=7": one.number for one in parts["language"]}
    expected |= {
        f"/dossiers/{pk}/finds?day={day.day.isoformat()}": day.number for day in page.context["days"] if day.number
    }
    expected |= {f"/dossiers/{pk}/finds?said={one.word}&last=7": one.now for one in page.context["outstanding"]}
    assert found == expected
    assert len(expected) >= 6
    assert opened(f"/dossiers/{pk}/finds?said=verzakt&last=7") == 3
    assert opened(f"/dossiers/{pk}/finds?said=OPEN") == 1
    for odd in ("said='&last=x", "said=%00", "last=99999999", "last=-1&skip=3", "skip=7"):
        assert bram.get(f"/dossiers/{pk}/finds?{odd}").status_code == 200
