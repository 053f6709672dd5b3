"""Logging in: rate limits, the second step, and what every answer carries."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils.translation import gettext, override

from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Membership, User
from tests.cast import Cast

PASSWORD = "vier losse woorden samen"


@pytest.fixture(autouse=True)
def fresh_limits(clean_database: None) -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def noor(cast: Cast) -> User:
    """A real colleague without a second step yet."""
    user = User(email="noor@echt.example", name="Noor")
    user.set_password(PASSWORD)
    user.save()
    with acting_for(cast.klankendam.pk):
        Membership.objects.create(organisation=cast.klankendam, user=user, roles=["webcare"])
    return user


def log_in(client: Client, password: str, login: str = "noor@echt.example") -> Any:
    return client.post("/accounts/login/", {"login": login, "password": password})


def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(client: Client, noor: User) -> None:
    wrong, unknown = log_in(client, "niet dit"), log_in(client, "niet dit", "nobody@echt.example")
    assert wrong.status_code == unknown.status_code == 200
    assert wrong.context["form"].non_field_errors() == unknown.context["form"].non_field_errors()
    assert wrong.context["form"].non_field_errors()


def test_after_five_wrong_passwords_the_right_one_has_to_wait(client: Client, noor: User) -> None:
    for _ in range(5):
        log_in(client, "niet dit")
    answer = log_in(client, PASSWORD)
    assert "_auth_user_id" not in client.session
    with override("nl"):
        sentence = gettext("Too many failed login attempts. Try again later.")
    assert sentence in str(answer.context["form"].errors)


def test_who_has_no_second_step_is_led_to_it_first(client: Client, noor: User) -> None:
    assert log_in(client, PASSWORD).status_code == 302
    for page in ("/", "/desk/", "/people/", "/audit/", "/first-day/"):
        answer = client.get(page)
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/totp/activate/")
    assert client.get("/accounts/2fa/totp/activate/").status_code == 200


def test_the_made_up_people_of_the_demo_need_no_second_step(client: Client, cast: Cast) -> None:
    client.force_login(cast.amal)
    assert client.get("/desk/").status_code == 200


def test_nobody_signs_up_alone(client: Client, cast: Cast) -> None:
    wish = {"email": "ik@echt.example", "password1": PASSWORD, "password2": PASSWORD}
    client.post("/accounts/signup/", wish)
    assert not User.objects.filter(email="ik@echt.example").exists()


def test_a_forgotten_password_answers_the_same_for_everybody_also_without_a_mail_server(
    client: Client, noor: User
) -> None:
    known = client.post("/accounts/password/reset/", {"email": noor.email})
    unknown = client.post("/accounts/password/reset/", {"email": "nobody@echt.example"})
    assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])


@pytest.mark.parametrize("page", ["/", "/accounts/login/", "/first-day/", "/join/x", "/niets"])
def test_no_page_allows_anything_inline_or_from_elsewhere(client: Client, cast: Cast, page: str) -> None:
    policy = client.get(page, follow=True)["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "http" not in policy


def test_pages_of_who_is_logged_in_stay_out_of_caches(client: Client, cast: Cast) -> None:
    client.force_login(cast.chantal)
    for page in ("/people/", "/channels/", "/audit/"):
        assert client.get(page)["Cache-Control"] == "private, no-store"


def test_the_password_changes_nothing_for_who_may_not_log_in(client: Client, noor: User) -> None:
    User.objects.filter(pk=noor.pk).update(is_active=False)
    log_in(client, PASSWORD)
    assert "_auth_user_id" not in client.session
