"""A lost second step: an administrator wipes it, the log knows, and the colleague hears of it."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Installation, Membership, User
from tests.cast import Cast
from tests.pages import acts_of, says


@pytest.fixture
def noor(cast: Cast) -> Membership:
    """A real colleague with an app, a passkey and recovery codes."""
    user = User.objects.create(email="noor@echt.example", name="Noor")
    for kind in Authenticator.Type.values:
        Authenticator.objects.create(user=user, type=kind, data={})
    with acting_for(cast.klankendam.pk):
        return Membership.objects.create(organisation=cast.klankendam, user=user, roles=["webcare"])


def test_the_administrator_wipes_it_and_everybody_who_should_know_does(
    client: Client, cast: Cast, noor: Membership
) -> None:
    Installation.objects.create(pk=1, mail_host="mail.klankendam.example", mail_from="klankbord@klankendam.example")
    hers = Client()
    hers.force_login(noor.user)
    client.force_login(cast.chantal)
    assert says(client.get(f"/people/{noor.pk}"), "Lost the second step")
    answer = client.post(f"/people/{noor.pk}/second-step", follow=True)
    assert says(answer, "We mailed %(email)s about it.", email="noor@echt.example")
    assert not Authenticator.objects.filter(user=noor.user).exists()
    assert hers.get("/desk/")["Location"].startswith("/accounts/login/")
    assert acts_of(cast.klankendam.pk)[-1] == "tweede stap wissen"
    (letter,) = mail.outbox
    assert letter.to == ["noor@echt.example"]
    assert "Chantal" in letter.body
    assert not says(client.get(f"/people/{noor.pk}"), "Lost the second step")


def test_without_a_mail_server_the_administrator_is_told_to_pass_it_on(
    client: Client, cast: Cast, noor: Membership
) -> None:
    client.force_login(cast.chantal)
    answer = client.post(f"/people/{noor.pk}/second-step", follow=True)
    assert says(answer, "No mail could be sent: tell your colleague yourself.")
    assert not Authenticator.objects.filter(user=noor.user).exists()


@pytest.mark.parametrize("who", ["amal", "gijs", "fatma", "daan", "eva"])
def test_nobody_else_can(client: Client, cast: Cast, noor: Membership, who: str) -> None:
    client.force_login(cast.everybody[who])
    assert client.post(f"/people/{noor.pk}/second-step").status_code == 404
    assert Authenticator.objects.filter(user=noor.user).count() == 3
    assert "tweede stap wissen" not in acts_of(cast.klankendam.pk)


def test_not_for_oneself_and_not_for_who_has_none(client: Client, cast: Cast, noor: Membership) -> None:
    client.force_login(cast.chantal)
    Authenticator.objects.create(user=cast.chantal, type="totp", data={})
    with acting_for(cast.klankendam.pk):
        mine = Membership.objects.get(user=cast.chantal)
        amals = Membership.objects.get(user=cast.amal)
    answer = client.post(f"/people/{mine.pk}/second-step")
    assert says(answer, "You cannot do this for yourself. Ask another administrator.")
    assert says(client.post(f"/people/{amals.pk}/second-step"), "%(name)s has no second step.", name="Amal")
    assert Authenticator.objects.filter(user=cast.chantal).exists()
    assert "tweede stap wissen" not in acts_of(cast.klankendam.pk)
