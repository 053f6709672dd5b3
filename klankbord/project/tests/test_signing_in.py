"""Logging in with a real identity provider: roles follow from groups, and nobody gets in without one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.core import mail
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from django.utils import timezone
from requests.adapters import HTTPAdapter

from klankbord.project.provider import configured, for_allauth
from klankbord.project.signing_in import SigningIn
from klankbord.tenancy import following
from klankbord.tenancy.actions import found_organisation
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import Membership, Organisation, ProviderGroup, User
from tests.cast import Cast
from tests.pages import acts_of, says
from tests.servers.oidc import CLIENT, IdentityProvider

pytestmark = pytest.mark.real
HOUSE = "http://127.0.0.1"
START = "/accounts/oidc/sso/login/"


def person(name: str, *groups: str, **more: Any) -> dict[str, Any]:
    said = {"name": name, "email": f"{name.lower()}@waterdam.example", "email_verified": True, "groups": list(groups)}
    return said | more


PEOPLE = {
    "noor": person("Noor", "webcare-w", "iets-anders"),
    "sem": person("Sem", "beheer-w", "webcare-w", amr=["pwd", "mfa"]),
    "tess": person("Tess", "onbekende-groep"),
    "ugo": person("Ugo", "webcare-w", email_verified=False),
    "vera": person("Vera", "webcare-w", email="amal@klankendam.example"),
    "chef": person("Chef", "beheer-w", amr=["mfa"]),
    "xan": person("Xan", hasgroups=True),
    "wim": {"name": "Wim", "groups": "webcare-w"},
}


@pytest.fixture(scope="module")
def provider() -> Iterator[IdentityProvider]:
    with IdentityProvider(PEOPLE, HOUSE) as running:
        yield running


@pytest.fixture
def house(cast: Cast, provider: IdentityProvider, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Organisation:
    """A real organisation whose colleagues log in there; no request leaves but through base.outside."""
    told = provider.environment()
    settings.OIDC = configured(told | {"KLANKBORD_OIDC_SECOND_STEP": "amr=mfa"})
    settings.SOCIALACCOUNT_PROVIDERS = for_allauth(settings.OIDC)
    settings.OUTSIDE_ALLOWED_HOSTS = told["KLANKBORD_ALLOWED_HOSTS"].split(",")
    monkeypatch.setattr(HTTPAdapter, "send", lambda *args, **kwargs: pytest.fail("a way out beside base.outside"))
    cache.clear()
    chief = User.objects.create(email="chef@waterdam.example", name="Chef")
    with transaction.atomic():
        made = found_organisation("Gemeente Waterdam (oefening)", None, [], by=chief)
        following.map_group(made, "webcare-w", ["webcare"], by=chief)
        following.map_group(made, "beheer-w", ["admin", "editor"], by=chief)
    return made


def come(client: Client, provider: IdentityProvider, who: str) -> Any:
    """The answer of the house to somebody who logged in there."""
    there = client.get(START, headers={"host": "127.0.0.1"})
    assert there.status_code == 302, there.content.decode()[-600:]
    back = urlsplit(provider.log_in(there["Location"], who))
    return client.get(f"{back.path}?{back.query}", headers={"host": "127.0.0.1"})


def place_of(house: Organisation, email: str) -> Membership | None:
    with acting_for(house.pk):
        return Membership.objects.filter(organisation=house, user__email=email).first()


def logged_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_the_way_there_is_guarded(client: Client, house: Organisation) -> None:
    asked = parse_qs(urlsplit(client.get(f"{START}?process=connect&scope=admin&next=//evil.example")["Location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert sorted(asked["scope"][0].split()) == ["email", "openid", "profile"]
    (state,) = client.session["socialaccount_states"].values()
    assert (state[0]["process"], state[0].get("next")) == ("login", None)


def test_somebody_with_a_mapped_group_gets_an_account_and_its_roles(
    client: Client, provider: IdentityProvider, house: Organisation
) -> None:
    assert come(client, provider, "noor").status_code == 302
    assert logged_in(client)
    place = place_of(house, "noor@waterdam.example")
    assert place is not None
    assert (place.roles, place.follows_provider) == (["webcare"], True)
    user = User.objects.get(email="noor@waterdam.example")
    assert (user.name, user.has_usable_password()) == ("Noor", False)
    assert acts_of(house.pk)[-1] == "lid worden door groep"
    # nothing of what the provider told is kept but who she is there
    kept = SocialAccount.objects.get()
    assert (kept.uid, kept.extra_data, kept.user) == ("noor", {}, user)
    # a password there alone is one step
    assert client.get("/desk/")["Location"] == "/accounts/2fa/totp/activate/"


def test_who_had_an_account_already_keeps_it_and_hears_of_it_by_mail(
    client: Client, provider: IdentityProvider, house: Organisation
) -> None:
    come(Client(), provider, "noor")
    assert mail.outbox == []
    User.objects.filter(name="Chef").update(last_login=timezone.now())
    come(client, provider, "chef")
    assert logged_in(client)
    assert User.objects.filter(email="chef@waterdam.example").count() == 1
    (letter,) = mail.outbox
    assert letter.to == ["chef@waterdam.example"]
    assert "Inlogdienst Klankendam" in letter.body
    place = place_of(house, "chef@waterdam.example")
    assert place is not None
    assert (place.roles, place.follows_provider) == (["admin", "editor"], True)


def test_a_second_step_at_the_provider_counts_when_that_is_configured(
    client: Client, provider: IdentityProvider, house: Organisation, settings: Any
) -> None:
    come(client, provider, "sem")
    assert client.get("/people/").status_code == 200
    other = Client()
    settings.OIDC = configured(provider.environment())
    come(other, provider, "sem")
    assert other.get("/people/")["Location"] == "/accounts/2fa/totp/activate/"


def test_who_has_a_second_step_here_is_asked_for_it_unless_the_provider_did(
    client: Client, provider: IdentityProvider, house: Organisation
) -> None:
    for who in ("noor", "sem"):
        come(Client(), provider, who)
        Authenticator.objects.create(user=User.objects.get(email=f"{who}@waterdam.example"), type="totp", data={})
    assert come(client, provider, "noor")["Location"].startswith("/accounts/2fa/authenticate/")
    assert not logged_in(client)
    come(client, provider, "sem")
    assert logged_in(client)


@pytest.mark.parametrize(
    ("who", "sentence"),
    [
        (
            "tess",
            "%(provider)s knows you, but you are in no group that gives access to Klankbord. Ask the administrator"
            " of your organisation to put you in the right group.",
        ),
        ("ugo", "Your e-mail address is missing or not confirmed there. Ask the administrator to put that right."),
        ("wim", "Your e-mail address is missing or not confirmed there. Ask the administrator to put that right."),
        ("vera", "Made-up people stay in the demo."),
        (
            "xan",
            "You are in more groups than can be sent along. Nothing has changed. Ask the administrator to send along"
            " only the groups of Klankbord.",
        ),
    ],
)
def test_others_hear_why_they_do_not_get_in(
    client: Client, provider: IdentityProvider, house: Organisation, who: str, sentence: str
) -> None:
    answer = come(client, provider, who)
    assert answer.status_code == 403
    assert says(answer, sentence, provider="Inlogdienst Klankendam")
    assert not logged_in(client)
    assert not SocialAccount.objects.exists()
    # who gets no place leaves nothing behind
    assert not User.objects.filter(email__startswith=f"{who}@waterdam").exists()
    with acting_for(house.pk):
        assert Membership.objects.filter(organisation=house).count() == 1


def test_roles_follow_at_each_log_in(client: Client, provider: IdentityProvider, house: Organisation) -> None:
    come(client, provider, "noor")
    chief = User.objects.get(name="Chef")
    with entered(chief):
        following.map_group(house, "iets-anders", ["analyst"], by=chief)
    come(Client(), provider, "noor")
    place = place_of(house, "noor@waterdam.example")
    assert place is not None
    assert place.roles == ["analyst", "webcare"]
    assert acts_of(house.pk)[-1] == "lid wijzigen"
    before = len(acts_of(house.pk))
    come(Client(), provider, "noor")
    assert len(acts_of(house.pk)) == before
    with entered(chief):
        for mapped in ProviderGroup.objects.filter(group__in=["webcare-w", "iets-anders"]):
            following.unmap_group(mapped, by=chief)
    assert come(Client(), provider, "noor").status_code == 403
    ended = place_of(house, "noor@waterdam.example")
    assert ended is not None
    assert ended.ended_at is not None
    # the earlier log-in ended with it
    assert client.get("/desk/")["Location"].startswith("/accounts/login/")


def test_who_comes_by_a_group_has_no_other_way_in(
    client: Client, provider: IdentityProvider, house: Organisation, settings: Any
) -> None:
    come(client, provider, "sem")
    user = User.objects.get(name="Sem")
    user.set_password("vier losse woorden samen")
    user.save()
    wish = {"login": user.email, "password": "vier losse woorden samen"}
    alone = Client()
    answer = alone.post("/accounts/login/", wish)
    sentence = "Your access comes from %(provider)s. Log in there: choose that button on the log-in page."
    assert answer.status_code == 403
    assert says(answer, sentence, provider="Inlogdienst Klankendam")
    assert not logged_in(alone)
    # the way out when the provider is gone for good: whoever runs the machine takes it away
    settings.OIDC = None
    alone.post("/accounts/login/", wish)
    assert logged_in(alone)


def test_an_answer_about_somebody_else_is_not_used(
    client: Client, provider: IdentityProvider, house: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = {"sub": "sem", "groups": ["beheer-w"], "email": "sem@waterdam.example"}
    monkeypatch.setattr(OpenIDConnectOAuth2Adapter, "_fetch_user_info", lambda *args: about)
    assert come(client, provider, "noor").status_code == 403
    assert not logged_in(client)


def test_an_invited_colleague_keeps_a_place_that_no_group_gave(
    client: Client, provider: IdentityProvider, house: Organisation
) -> None:
    user = User.objects.create(email="tess@waterdam.example", name="Tess")
    with acting_for(house.pk):
        Membership.objects.create(organisation=house, user=user, roles=["editor"])
    assert come(client, provider, "tess").status_code == 403
    place = place_of(house, "tess@waterdam.example")
    assert place is not None
    assert (place.roles, place.ended_at) == (["editor"], None)


def test_the_only_administrator_stays_one(client: Client, provider: IdentityProvider, house: Organisation) -> None:
    come(client, provider, "sem")
    with acting_for(house.pk):
        Membership.objects.filter(user__name="Chef").update(roles=["editor"])
        ProviderGroup.objects.filter(group="beheer-w").delete()
    come(Client(), provider, "sem")
    place = place_of(house, "sem@waterdam.example")
    assert place is not None
    assert place.roles == ["admin", "webcare"]


def test_logging_out_leads_to_the_log_out_of_the_provider(
    client: Client, provider: IdentityProvider, house: Organisation
) -> None:
    come(client, provider, "sem")
    assert client.post("/accounts/logout/", headers={"host": "127.0.0.1"})["Location"] == "/accounts/oidc/leave/"
    assert not logged_in(client)
    page = client.get("/accounts/oidc/leave/", headers={"host": "127.0.0.1"})
    url = urlsplit(page.context["url"])
    assert f"{url.scheme}://{url.netloc}" == provider.address
    asked = parse_qs(url.query)
    assert asked == {"client_id": [CLIENT], "post_logout_redirect_uri": [f"{HOUSE}/accounts/login/"]}


def test_who_logged_in_with_a_password_stays_here_when_logging_out(
    client: Client, house: Organisation, cast: Cast
) -> None:
    client.force_login(cast.amal)
    assert client.post("/accounts/logout/")["Location"] == "/accounts/login/"


def test_a_code_of_somebody_else_and_a_made_up_one_let_nobody_in(
    client: Client, provider: IdentityProvider, house: Organisation
) -> None:
    there = client.get(START, headers={"host": "127.0.0.1"})
    back = urlsplit(provider.log_in(there["Location"], "noor"))
    stranger = Client()
    for address in (f"{back.path}?{back.query}", f"{back.path}?code=x&state=y", back.path):
        assert stranger.get(address, headers={"host": "127.0.0.1"}).status_code == 403
        assert not logged_in(stranger)
    # and once is once
    assert client.get(f"{back.path}?{back.query}", headers={"host": "127.0.0.1"}).status_code == 302
    again = Client()
    assert again.get(f"{back.path}?{back.query}", headers={"host": "127.0.0.1"}).status_code == 403


def test_who_stops_there_is_back_at_the_log_in_page(
    client: Client, provider: IdentityProvider, house: Organisation
) -> None:
    assert come(client, provider, "")["Location"] == "/accounts/oidc/cancelled/"


def test_a_provider_that_is_away_is_said_and_a_private_one_is_refused(
    client: Client, house: Organisation, settings: Any
) -> None:
    settings.OUTSIDE_ALLOWED_HOSTS = []
    answer = client.get(START)
    assert answer.status_code == 503
    sentence = "%(provider)s does not answer. Try again in a moment, or log in with your password."
    assert says(answer, sentence, provider="Inlogdienst Klankendam")


def test_the_adapter_of_allauth_has_no_way_out_of_its_own(house: Organisation) -> None:
    session = SigningIn(None).get_requests_session()
    assert not [name for name, adapter in session.adapters.items() if isinstance(adapter, HTTPAdapter)]
