"""Mandates on the screen: given, received, ended; the desk opens and closes with them."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.channels.models import MandatedChannel
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import Mandate, Membership, Organisation, Team, TeamMember
from tests.cast import Cast
from tests.pages import acts_of, says


@pytest.fixture
def press(cast: Cast) -> Team:
    """A team in Zwijgerswaard with Eva in it, and an administrator who is Daan in Luisterveen."""
    with acting_for(cast.zwijgerswaard.pk):
        team = Team.objects.create(organisation=cast.zwijgerswaard, name="Nachtploeg")
        eva = Membership.objects.get(user=cast.eva)
        TeamMember.objects.create(organisation=cast.zwijgerswaard, team=team, membership=eva)
    with acting_for(cast.luisterveen.pk):
        Membership.objects.filter(user=cast.daan).update(roles=["admin"])
    return team


def wish(to: Team, /, **more: object) -> dict[str, object]:
    today = timezone.localdate()
    return {
        "team": str(to.pk),
        "decision": "Mandaatbesluit (oefening)",
        "processor_agreement": "Verwerkersovereenkomst 12 (oefening)",
        "valid_from": today.isoformat(),
        "valid_until": (today + timedelta(days=30)).isoformat(),
    } | more


def test_both_sides_read_the_mandate(client: Client, cast: Cast, press: Team) -> None:
    client.force_login(cast.daan)
    given = client.get("/people/mandates").context["given_seen"]
    assert [(one["seen"].team, one["seen"].state) for one in given] == [("Webcareteam Klankendam", "now")]
    client.force_login(cast.chantal)
    received = client.get("/people/mandates").context["received_seen"]
    assert [one["seen"].mandate.organisation.name for one in received] == ["Gemeente Luisterveen"]


def test_a_mandate_opens_the_chosen_channel_and_its_end_closes_it(client: Client, cast: Cast, press: Team) -> None:
    client.force_login(cast.daan)
    choices = client.get("/people/mandates/give").content.decode()
    assert f"team={press.pk}" in choices
    form = client.get("/people/mandates/give", {"team": press.pk}).content.decode()
    assert "Nachtploeg" in form
    assert client.post("/people/mandates/give", wish(press, channels=[cast.luisterveen_mail.pk])).status_code == 302
    assert acts_of(cast.luisterveen.pk)[-1] == "mandaat geven"
    with entered(cast.daan):
        mandate = Mandate.objects.get(desk_team=press.pk)
        assert MandatedChannel.objects.get(mandate=mandate).channel_id == cast.luisterveen_mail.pk
    with entered(cast.eva) as sight:
        assert cast.luisterveen_mail.pk in sight.desk_channels
    assert client.post(f"/people/mandates/{mandate.pk}/end").status_code == 302
    assert acts_of(cast.luisterveen.pk)[-1] == "mandaat beëindigen"
    with entered(cast.eva) as sight:
        assert cast.luisterveen_mail.pk not in sight.desk_channels
    assert client.post(f"/people/mandates/{mandate.pk}/end").status_code == 404


def test_a_mandate_that_never_began_ends_too(client: Client, cast: Cast, press: Team) -> None:
    client.force_login(cast.daan)
    later = (timezone.localdate() + timedelta(days=3)).isoformat()
    client.post("/people/mandates/give", wish(press, valid_from=later))
    with entered(cast.daan):
        mandate = Mandate.objects.get(desk_team=press.pk)
        assert mandate.all_channels
    assert client.post(f"/people/mandates/{mandate.pk}/end").status_code == 302
    with entered(cast.eva) as sight:
        assert cast.luisterveen_mail.pk not in sight.desk_channels


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"team": "999999"}, None),
        ({"team": "a\0"}, None),
        ({"decision": ""}, None),
        ({"decision": "x" * 9000}, None),
        ({"roles": ["admin"]}, None),
        ({"channels": ["99999999999999999999"]}, None),
        ({"valid_until": "2020-01-01", "valid_from": "2019-01-01"}, "This day is already over."),
        ({"valid_from": "2020-01-01"}, "A mandate cannot begin in the past."),
        ({"valid_until": "9999-12-31"}, "Choose at most four years."),
        ({"valid_from": "2060-01-02", "valid_until": "2060-01-01"}, "The last day comes before the first day."),
    ],
)
def test_a_bad_mandate_is_refused_with_a_reason(
    client: Client, cast: Cast, press: Team, wrong: dict[str, object], sentence: str | None
) -> None:
    client.force_login(cast.daan)
    answer = client.post("/people/mandates/give", wish(press, **wrong))
    assert answer.status_code == 422
    assert sentence is None or says(answer, sentence)
    with entered(cast.daan):
        assert not Mandate.objects.filter(desk_team=press.pk).exists()


def test_a_channel_of_another_organisation_cannot_be_opened(client: Client, cast: Cast, press: Team) -> None:
    client.force_login(cast.daan)
    answer = client.post("/people/mandates/give", wish(press, channels=[cast.mail.pk]))
    assert answer.status_code == 422


def test_only_the_giver_with_the_right_ends_a_mandate(client: Client, cast: Cast, press: Team) -> None:
    for stranger in (cast.chantal, cast.amal, cast.eva, cast.gijs, cast.fatma):
        client.force_login(stranger)
        assert client.post(f"/people/mandates/{cast.mandate.pk}/end").status_code == 404
    client.force_login(cast.gijs)
    assert client.post("/people/mandates/give", wish(press)).status_code == 403


def test_real_and_made_up_organisations_do_not_mix(client: Client, cast: Cast, press: Team) -> None:
    with acting_for(cast.zwijgerswaard.pk):
        Organisation.objects.filter(pk=cast.zwijgerswaard.pk).update(is_demo=False)
    client.force_login(cast.daan)
    assert client.post("/people/mandates/give", wish(press)).status_code == 422
