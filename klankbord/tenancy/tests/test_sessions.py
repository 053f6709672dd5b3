"""Where somebody is logged in: seen by its owner alone, and ended by its owner alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.tenancy.devices import device_of
from klankbord.tenancy.models import Session, User
from klankbord.tenancy.sessions import mark_of, places
from tests.cast import Cast
from tests.pages import acts_of, says


def logged_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def key_of(client: Client) -> str:
    key = client.session.session_key
    assert key
    return key


def works(client: Client) -> bool:
    return client.get("/me/logged-in").status_code == 200


def test_a_session_knows_whose_it_is_and_an_anonymous_one_is_nobodys(cast: Cast) -> None:
    client = logged_in(cast.amal)
    assert Session.objects.get(pk=key_of(client)).user == cast.amal
    visitor = Client()
    session = visitor.session
    session["x"] = 1
    session.save()
    assert Session.objects.get(pk=session.session_key).user is None


def test_one_sees_ones_own_places_and_no_others(cast: Cast) -> None:
    here, there, _eva = logged_in(cast.amal), logged_in(cast.amal), logged_in(cast.eva)
    page = here.get("/me/logged-in").content.decode()
    assert page.count('class="kb-row"') == 2
    assert mark_of(key_of(there)) in page
    assert key_of(there) not in page
    assert [place.is_this_one for place in places(cast.amal, key_of(here))] == [True, False]


def test_one_place_is_ended_and_the_next_request_there_is_logged_out(cast: Cast) -> None:
    here, there = logged_in(cast.amal), logged_in(cast.amal)
    answer = here.post("/me/logged-in/end", {"mark": mark_of(key_of(there))}, follow=True)
    assert says(answer, "You are logged out on %(device)s.", device="Onbekend apparaat") or answer.status_code == 200
    assert not works(there)
    assert works(here)
    assert acts_of(cast.klankendam.pk)[-1] == "elders uitloggen"


def test_all_other_places_are_ended(cast: Cast) -> None:
    here, *others = (logged_in(cast.amal) for _ in range(3))
    eva = logged_in(cast.eva)
    here.post("/me/logged-in/end-others")
    assert [works(client) for client in (here, eva, *others)] == [True, True, False, False]


@pytest.mark.parametrize("mark", ["", "x", "f" * 24])
def test_what_is_not_ones_own_cannot_be_ended(cast: Cast, mark: str) -> None:
    amal, eva = logged_in(cast.amal), logged_in(cast.eva)
    for wanted in (mark, mark_of(key_of(amal))):
        eva.post("/me/logged-in/end", {"mark": wanted})
    assert works(amal)
    assert works(eva)
    assert "elders uitloggen" not in acts_of(cast.zwijgerswaard.pk)


def test_the_last_use_is_noted_now_and_then(cast: Cast) -> None:
    client = logged_in(cast.amal)
    client.get("/me/logged-in")  # the first page remembers something in the session, which is a use of it too
    mine = Session.objects.filter(pk=key_of(client))
    recent = timezone.now() - timedelta(minutes=2)
    mine.update(used_at=recent)
    client.get("/me/logged-in")
    assert mine.get().used_at == recent
    mine.update(used_at=timezone.now() - timedelta(minutes=6))
    client.get("/me/logged-in")
    assert timezone.now() - mine.get().used_at < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("said", "device"),
    [
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, Windows",
        ),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox, Linux"),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Mobile/15E148 Safari/604.1",
            "Safari, iPhone",
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
            "Chrome, Android",
        ),
        ("curl/8.5.0", ""),
        ("", ""),
        ("Windows " * 10_000, "Windows"),
    ],
)
def test_a_device_gets_the_name_its_owner_knows(said: str, device: str) -> None:
    assert device_of(said) == device
