"""Passkeys beside the browser: whose they are, and that the last second step stays."""

from __future__ import annotations

import time
from functools import partial

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.test import Client

from klankbord.project.accounts import SecondStep
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Installation, Membership, User
from tests.at_once import Meeting, at_once
from tests.cast import Cast

KEY = {"name": "Laptop", "credential": {"clientExtensionResults": {"credProps": {"rk": True}}}}


@pytest.fixture
def noor(cast: Cast) -> User:
    """A real colleague, who must have a second step."""
    user = User.objects.create(email="noor@echt.example", name="Noor")
    with acting_for(cast.klankendam.pk):
        Membership.objects.create(organisation=cast.klankendam, user=user, roles=["webcare"])
    return user


def just_logged_in(client: Client, user: User) -> None:
    client.force_login(user)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()


def key_of(user: User) -> Authenticator:
    made: Authenticator = Authenticator.objects.create(user=user, type=Authenticator.Type.WEBAUTHN, data=KEY)
    return made


def test_a_passkey_is_a_second_step(client: Client, noor: User) -> None:
    just_logged_in(client, noor)
    assert client.get("/desk/")["Location"] == "/accounts/2fa/totp/activate/"
    assert client.get("/accounts/2fa/webauthn/add/").status_code == 200
    key_of(noor)
    assert client.get("/desk/").status_code == 200


def test_recovery_codes_alone_are_no_second_step(client: Client, noor: User) -> None:
    just_logged_in(client, noor)
    Authenticator.objects.create(user=noor, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert client.get("/desk/").status_code == 302


def test_the_last_second_step_stays(client: Client, noor: User) -> None:
    just_logged_in(client, noor)
    key = key_of(noor)
    for ask in (client.get, client.post):
        assert ask(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")["Location"] == "/accounts/2fa/webauthn/"
    assert Authenticator.objects.filter(pk=key.pk).exists()


def test_a_key_goes_when_another_remains(client: Client, noor: User) -> None:
    just_logged_in(client, noor)
    key, other = key_of(noor), key_of(noor)
    assert client.get(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/").status_code == 200
    assert client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/").status_code == 302
    assert list(Authenticator.objects.filter(user=noor)) == [other]


@pytest.mark.parametrize("other", ["webauthn", "totp"])
def test_of_two_that_are_taken_away_at_the_same_moment_one_stays(
    noor: User, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    """In two tabs: each is held up, after it saw that another one remains, until the other is there or has to wait."""
    pages = [f"webauthn/keys/{key_of(noor).pk}/remove"]
    if other == "totp":
        Authenticator.objects.create(user=noor, type="totp", data={"secret": ""})
        pages.append("totp/deactivate")
    else:
        pages.append(f"webauthn/keys/{key_of(noor).pk}/remove")
    real, looked, both = SecondStep.can_delete_authenticator, [], Meeting()

    def look(adapter: SecondStep, authenticator: Authenticator) -> bool:
        looked.append(real(adapter, authenticator))
        both.come()
        return looked[-1]

    monkeypatch.setattr(SecondStep, "can_delete_authenticator", look)

    def take_away(page: str) -> int:
        client = Client()
        just_logged_in(client, noor)
        return client.post(f"/accounts/2fa/{page}/").status_code

    assert set(at_once(*[partial(take_away, page) for page in pages])) <= {200, 302}
    assert sorted(looked) == [False, True]
    assert Authenticator.objects.filter(user=noor).count() == 1


def test_who_takes_one_away_hears_of_it_by_mail(client: Client, noor: User) -> None:
    Installation.objects.create(pk=1, mail_host="mail.klankendam.example", mail_from="klankbord@klankendam.example")
    just_logged_in(client, noor)
    key, _other = key_of(noor), key_of(noor)
    client.post(f"/accounts/2fa/webauthn/keys/{key.pk}/remove/")
    (letter,) = mail.outbox
    assert letter.to == [noor.email]


def test_the_key_of_somebody_else_is_not_there(client: Client, noor: User, cast: Cast) -> None:
    key = key_of(noor)
    just_logged_in(client, cast.amal)
    for act in ("remove", "edit"):
        for ask in (client.get, client.post):
            assert ask(f"/accounts/2fa/webauthn/keys/{key.pk}/{act}/", {"name": "gekaapt"}).status_code == 404
    assert Authenticator.objects.get(pk=key.pk).data == KEY


def test_a_made_up_answer_of_a_device_lets_nobody_in(client: Client, noor: User) -> None:
    key_of(noor)
    client.get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    for credential in ("", "null", "{}", "[]", '{"id": "x", "rawId": "eA", "type": "public-key", "response": {}}'):
        answer = client.post("/accounts/2fa/webauthn/login/", {"credential": credential})
        assert answer.status_code == 302
        assert answer["Location"] == "/accounts/login/"
    assert "_auth_user_id" not in client.session
