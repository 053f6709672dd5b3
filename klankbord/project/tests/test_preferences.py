"""What somebody chose goes along with the account, and no page pays for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from klankbord.tenancy.fence import entered
from klankbord.tenancy.models import Preference, User
from tests.cast import Cast

ClientOf = Callable[[User], Client]


def test_a_choice_is_there_on_the_next_device(cast: Cast, client_of: ClientOf) -> None:
    client_of(cast.amal).post("/preferences", {"language": "en"})
    client_of(cast.amal).post("/preferences", {"theme": "dark"})
    client_of(cast.amal).post("/preferences", {"single_keys": "no"})
    page = client_of(cast.amal).get("/desk/").content.decode()
    assert '<html lang="en" data-theme="dark"' in page
    assert 'data-single-keys="no"' in page
    other = client_of(cast.gijs).get("/desk/").content.decode()
    assert '<html lang="nl">' in other
    assert 'data-single-keys="yes"' in other


def test_a_stranger_keeps_the_choice_in_the_browser(cast: Cast) -> None:
    client = Client()
    client.post("/preferences", {"language": "en", "theme": "light"})
    assert '<html lang="en" data-theme="light"' in client.get("/accounts/login/").content.decode()


@pytest.mark.parametrize("form", [{"theme": "pink"}, {"language": "xx"}, {"single_keys": "maybe"}, {}])
def test_nonsense_changes_nothing(cast: Cast, client_of: ClientOf, form: dict[str, str]) -> None:
    assert client_of(cast.amal).post("/preferences", form).status_code == 204
    with entered(cast.amal):
        assert not Preference.objects.exists()


@pytest.mark.parametrize(
    ("back", "to"),
    [("/desk/?view=mine", "/desk/?view=mine"), ("https://elders.example/", "/"), ("//elders.example", "/")],
)
def test_one_goes_back_to_the_page_and_nowhere_else(cast: Cast, client_of: ClientOf, back: str, to: str) -> None:
    assert client_of(cast.amal).post("/preferences", {"theme": "dark", "next": back})["Location"] == to


def test_the_choice_of_another_is_out_of_sight(cast: Cast, client_of: ClientOf) -> None:
    client_of(cast.amal).post("/preferences", {"theme": "dark"})
    for user in (cast.gijs, cast.chantal, cast.eva, cast.daan):
        with entered(user):
            assert not Preference.objects.exists()


def test_a_session_asks_once(cast: Cast, client_of: ClientOf) -> None:
    client = client_of(cast.amal)
    client.get("/desk/")
    with CaptureQueriesContext(connection) as queries:
        client.get("/desk/")
    assert not [query for query in queries if "tenancy_preference" in query["sql"]]
