"""The log on the screen, by the role table."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import TeamMember
from klankbord.tenancy.views import journal
from tests.cast import Cast


@pytest.fixture
def acts(cast: Cast) -> None:
    with acting_for(cast.klankendam.pk):
        record(cast.klankendam.pk, "daad van amal", "gesprek:1", by=cast.amal)
        record(cast.klankendam.pk, "daad van bram", "gesprek:2", by=cast.bram, details={"rollen": ["admin", "editor"]})
        record(cast.klankendam.pk, "daad van gijs", "gesprek:3", by=cast.gijs)
    with acting_for(cast.zwijgerswaard.pk):
        record(cast.zwijgerswaard.pk, "daad van eva", "gesprek:4", by=cast.eva)


@pytest.mark.parametrize(
    ("who", "seen"),
    [
        ("chantal", {"amal", "bram", "gijs"}),
        ("fatma", {"amal", "bram", "gijs"}),
        ("gijs", {"gijs"}),
        ("amal", {"amal"}),
        ("bram", {"bram"}),
        ("daan", set()),
        ("eva", {"eva"}),
    ],
)
def test_everybody_sees_the_part_of_the_log_that_is_theirs(
    client: Client, cast: Cast, acts: None, who: str, seen: set[str]
) -> None:
    client.force_login(cast.everybody[who])
    page = client.get("/audit/").content.decode()
    assert {name for name in cast.everybody if f"daad van {name}" in page} == seen


def test_a_coordinator_sees_the_own_team(client: Client, cast: Cast, acts: None) -> None:
    with acting_for(cast.klankendam.pk):
        gijs = cast.gijs.memberships.get()
        TeamMember.objects.create(organisation=cast.klankendam, team=cast.desk, membership=gijs)
    client.force_login(cast.gijs)
    page = client.get("/audit/").content.decode()
    assert "daad van amal" in page
    assert "daad van bram" not in page


def test_the_log_is_narrowed_by_act_and_by_day(client: Client, cast: Cast, acts: None) -> None:
    client.force_login(cast.chantal)
    rows = client.get("/audit/", {"act": "daad van amal"}).context["entries"]
    assert [row["act"] for row in rows] == ["daad van amal"]
    yesterday = timezone.localdate() - timedelta(days=1)
    assert client.get("/audit/", {"until": yesterday.isoformat()}).context["entries"] == []


def test_the_log_goes_on_on_the_next_page(
    client: Client, cast: Cast, acts: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "PAGE", 2)
    client.force_login(cast.chantal)
    first = client.get("/audit/")
    second = client.get(first.context["older_url"])
    seen = [row["act"] for page in (first, second) for row in page.context["entries"]]
    assert seen[:3] == ["daad van gijs", "daad van bram", "daad van amal"]


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({"since": "gisteren"}, 422),
        ({"since": "0001-01-01"}, 422),
        ({"until": "9999-12-31"}, 422),
        ({"act": "\0"}, 200),
        ({"act": "x" * 9000}, 200),
        ({"before": "onzin"}, 200),
        ({"before": f"2026-01-01T00:00:00+00:00_{'9' * 40}"}, 200),
        ({"before": "2026-13-45T00:00:00+00:00_1"}, 200),
    ],
)
def test_nonsense_in_the_address_is_told_or_ignored(
    client: Client, cast: Cast, acts: None, asked: dict[str, str], status: int
) -> None:
    client.force_login(cast.chantal)
    assert client.get("/audit/", asked).status_code == status


def test_the_page_asks_few_questions(
    client: Client, cast: Cast, acts: None, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client.force_login(cast.chantal)
    client.get("/audit/")  # what a session asks once and remembers is not the page's own
    with django_assert_max_num_queries(12):
        client.get("/audit/")
