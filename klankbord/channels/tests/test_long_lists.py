"""Long lists of people, teams and mandates, given and still to give: a page at a time, found by name, at one price."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Mandate, Membership, Organisation, Team, TeamMember, User
from klankbord.tenancy.views.listed import PAGE
from tests.cast import Cast
from tests.pages import says

PEOPLE, TEAMS, GIVE, MANDATES = "/people/", "/people/teams", "/people/mandates/give", "/people/mandates"
BUDGET = {PEOPLE: 11, TEAMS: 10, GIVE: 8, MANDATES: 15}


@pytest.fixture
def towns(clean_database: None, request: pytest.FixtureRequest) -> list[Organisation]:
    """Founded as the owner of the tables, before the cast makes this the application."""
    names = [f"Gemeente Súdkant-aan-Zee {number:03}" for number in range(PAGE + 10)]
    made = Organisation.objects.bulk_create(Organisation(name=name, is_demo=True) for name in names)
    request.getfixturevalue("cast")
    return made


@pytest.fixture
def chantal(towns: list[Organisation], cast: Cast) -> Client:
    client = Client(SERVER_NAME="localhost")  # a name that is known without asking the database
    client.force_login(cast.chantal)
    return client


def fill(cast: Cast, towns: list[Organisation], first: int, last: int) -> None:
    """Towns with a team, that gave the desk a mandate and got one; colleagues, each with a team of their own."""
    numbers = range(first, last)
    theirs: dict[int, Team] = {}
    for number in numbers:
        with acting_for(towns[number].pk):
            theirs[number] = Team.objects.create(organisation=towns[number], name=f"Kustploeg {number:03}")
            give(towns[number], cast.desk, number)
    house = cast.klankendam
    people = [
        User.objects.create(email=f"collega{number}@vol.example", name=f"Désirée {number:03}", is_demo=True)
        for number in numbers
    ]
    with acting_for(house.pk):
        for number in numbers:
            give(house, theirs[number], number)
        members = Membership.objects.bulk_create(
            Membership(organisation=house, user=person, roles=["webcare"]) for person in people
        )
        teams = Team.objects.bulk_create(Team(organisation=house, name=f"Ploeg {number:03}") for number in numbers)
        TeamMember.objects.bulk_create(
            TeamMember(organisation=house, team=team, membership=member)
            for team, member in zip(teams, members, strict=True)
        )


def give(principal: Organisation, team: Team, number: int) -> None:
    Mandate.objects.create(
        organisation=principal,
        desk_organisation_id=team.organisation_id,
        desk_team=team,
        decision="Mandaatbesluit (oefening)",
        processor_agreement="Verwerkersovereenkomst (oefening)",
        valid_from=timezone.now() - timedelta(days=1),
        valid_until=timezone.now() + timedelta(days=1, minutes=number),
    )


def queries_of(client: Client, address: str) -> int:
    client.get(address)  # what is asked once and remembered is not the page's own
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


@pytest.mark.parametrize("address", list(BUDGET))
def test_a_list_costs_the_same_whatever_its_length(
    towns: list[Organisation], cast: Cast, chantal: Client, address: str
) -> None:
    fill(cast, towns, 0, 2)
    few = queries_of(chantal, address)
    fill(cast, towns, 2, 12)
    assert queries_of(chantal, address) == few == BUDGET[address]


def test_a_short_list_has_no_search_box_and_no_pages(towns: list[Organisation], cast: Cast, chantal: Client) -> None:
    fill(cast, towns, 0, 3)
    for address in BUDGET:
        shown = chantal.get(address).content.decode()
        assert 'name="q"' not in shown
        assert 'rel="next"' not in shown


def test_a_long_list_is_found_through_a_page_at_a_time(towns: list[Organisation], cast: Cast, chantal: Client) -> None:
    fill(cast, towns, 0, PAGE + 10)
    for address, ours in ((PEOPLE, 5), (TEAMS, 1), (GIVE, 0)):
        found = chantal.get(address).context["found"]
        met = list(found.rows)
        assert len(met) == PAGE
        assert not found.previous_url
        more = chantal.get(found.next_url).context["found"]
        assert not more.next_url
        met += more.rows
        assert len(met) == len(set(met)) == PAGE + 10 + ours
        assert chantal.get(more.previous_url).context["found"].rows == found.rows
        for nonsense in ("0", "-1", "x", "9" * 5000, "2\0"):
            assert chantal.get(address, {"page": nonsense}).status_code == 200


def test_given_and_received_mandates_turn_their_own_pages(
    towns: list[Organisation], cast: Cast, chantal: Client
) -> None:
    fill(cast, towns, 0, PAGE + 10)
    page = chantal.get(MANDATES)
    given, received = page.context["given"], page.context["received"]
    assert (len(given.rows), len(received.rows)) == (PAGE, PAGE)
    turned = chantal.get(received.next_url).context
    assert turned["given"].rows == given.rows
    assert len(turned["received"].rows) == 11  # with that of Luisterveen
    both = chantal.get(turned["given"].next_url).context
    assert len(both["given"].rows) == 10
    assert both["received"].rows == turned["received"].rows


@pytest.mark.parametrize(
    ("address", "q", "there"),
    [
        (PEOPLE, "desiree 007", "Désirée 007"),
        (PEOPLE, "COLLEGA7@vol", "Désirée 007"),
        (TEAMS, "ploeg 007", "Ploeg 007"),
        (GIVE, "sudkant aan zee 007", "Gemeente Súdkant-aan-Zee 007"),
        (GIVE, "kustploeg 007", "Gemeente Súdkant-aan-Zee 007"),
        (MANDATES, "sudkant aan zee 007", "Gemeente Súdkant-aan-Zee 007"),
    ],
)
def test_a_name_is_found_as_people_type_it(
    towns: list[Organisation], cast: Cast, chantal: Client, address: str, q: str, there: str
) -> None:
    fill(cast, towns, 0, PAGE + 10)
    shown = chantal.get(address, {"q": q}).content.decode()
    assert there in shown
    assert there.replace("007", "008") not in shown


def test_what_is_not_there_is_said(towns: list[Organisation], cast: Cast, chantal: Client) -> None:
    fill(cast, towns, 0, PAGE + 10)
    for address in BUDGET:
        page = chantal.get(address, {"q": "eenhoorn"})
        assert says(page, "Nothing here is called “%(q)s”. Look at the spelling, or try fewer letters.", q="eenhoorn")
    assert chantal.get(PEOPLE, {"q": "\0!?"}).context["found"].page.paginator.count == PAGE + 15


def test_a_page_after_a_refused_invitation_leads_back_to_the_list(
    towns: list[Organisation], cast: Cast, chantal: Client
) -> None:
    fill(cast, towns, 0, PAGE + 10)
    answer = chantal.post("/people/invite", {"email": "geen adres", "roles": "webcare"})
    assert answer.status_code == 422
    assert answer.context["found"].next_url == "/people/?page=2"


def test_the_list_of_another_organisation_stays_closed(towns: list[Organisation], cast: Cast, client: Client) -> None:
    fill(cast, towns, 0, 3)
    for stranger in (cast.eva, cast.daan, cast.amal):
        client.force_login(stranger)
        for address in BUDGET:
            assert client.get(address, {"q": "desiree"}).status_code == 403
