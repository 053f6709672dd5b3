"""The log-in and the headers, through the outside."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.core import mail
from django.test import Client

from klankbord.project import asgi
from klankbord.tenancy.models import User
from tests.cast import Cast

PASSWORD = "een lange zin die niemand raadt"


@pytest.fixture
def newcomer(cast: Cast) -> User:
    """Somebody who is not part of a demo and has no second step yet."""
    user = User.objects.create(email="nieuw@klankendam.example", name="Nieuw (oefening)")
    user.set_password(PASSWORD)
    user.save()
    return user


def log_in(user: User) -> Client:
    client = Client()
    client.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return client


@pytest.mark.parametrize("address", ["/accounts/login/", "/nergens", "/health"])
def test_every_answer_forbids_what_is_not_ours(cast: Cast, address: str) -> None:
    headers = Client().get(address).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "data:" not in headers["Content-Security-Policy"]
    assert headers["X-Frame-Options"] == "DENY"


def test_a_page_of_who_is_logged_in_stays_out_of_caches(newcomer: User) -> None:
    assert log_in(newcomer).get("/accounts/2fa/totp/activate/").headers["Cache-Control"].endswith("no-store")


@pytest.mark.parametrize("address", ["/desk/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/"])
def test_without_a_second_step_every_page_leads_to_setting_it_up(newcomer: User, address: str) -> None:
    response = log_in(newcomer).get(address)
    assert response.status_code == 302
    assert response.headers["Location"] == "/accounts/2fa/totp/activate/"


def test_a_fragment_leads_the_whole_page_there(newcomer: User) -> None:
    response = log_in(newcomer).get("/desk/", headers={"HX-Request": "true"})
    assert response.headers["HX-Redirect"] == "/accounts/2fa/totp/activate/"


def test_with_the_code_of_the_app_the_desk_opens_and_the_second_step_stays(newcomer: User) -> None:
    client = log_in(newcomer)
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'id="secret">([A-Z2-7]+)<', page)
    assert found
    assert "<svg" in page
    secret = found[1]
    counter = next(iter(yield_hotp_counters_from_time()))
    client.post("/accounts/2fa/totp/activate/", {"code": format_hotp_value(hotp_value(secret, counter))})
    kept = Authenticator.objects.get(user=newcomer, type=Authenticator.Type.TOTP)
    assert secret not in str(kept.data)
    assert TOTP(kept).instance.user == newcomer
    assert client.get("/accounts/2fa/").status_code == 200
    client.post("/accounts/2fa/totp/deactivate/")
    assert Authenticator.objects.filter(user=newcomer, type=Authenticator.Type.TOTP).exists()


def test_made_up_people_of_the_demo_need_no_second_step(newcomer: User) -> None:
    newcomer.is_demo = True
    newcomer.save()
    assert log_in(newcomer).get("/accounts/email/").status_code == 200


def test_a_new_password_is_answered_alike_whether_or_not_the_address_is_known(newcomer: User) -> None:
    answers = []
    for address in (newcomer.email, "niemand@nergens.example"):
        page = Client().post("/accounts/password/reset/", {"email": address}, follow=True).content.decode()
        answers.append(re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", page))
    assert len(set(answers)) == 1
    assert [message.to for message in mail.outbox] == [[newcomer.email]]


def test_nobody_signs_up_alone(cast: Cast) -> None:
    Client().post("/accounts/signup/", {"email": "x@y.example", "password1": PASSWORD, "password2": PASSWORD})
    assert not User.objects.filter(email="x@y.example").exists()


def test_after_five_wrong_passwords_the_right_one_waits(newcomer: User) -> None:
    client = Client()
    for _ in range(5):
        client.post("/accounts/login/", {"login": newcomer.email, "password": "fout"})
    client.post("/accounts/login/", {"login": newcomer.email, "password": PASSWORD})
    assert settings.SESSION_COOKIE_NAME not in client.cookies


def test_the_demo_mails_nobody(cast: Cast) -> None:
    """Everybody knows its log-ins: with these anybody could have this installation write to anybody."""
    client = Client()
    client.post("/accounts/password/reset/", {"email": cast.amal.email})
    client.force_login(cast.amal)
    client.post("/accounts/email/", {"email": "iemand@elders.example", "action_add": ""})
    assert mail.outbox == []


def test_what_is_sent_without_end_is_refused_before_it_fills_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "LARGEST_BODY", 50_000)
    pieces, answer = iter(range(100)), []

    async def receive() -> dict[str, Any]:
        next(pieces)
        return {"type": "http.request", "body": b"x" * 10_000, "more_body": True}

    async def send(message: Mapping[str, Any]) -> None:
        answer.append(message)

    scope = {"type": "http", "method": "POST", "path": "/contact/klankendam-1/", "query_string": b"", "headers": []}
    asyncio.run(asgi.application(scope, receive, send))
    assert answer[0]["status"] == 413
    assert next(pieces) == 6
