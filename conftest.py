"""Fixtures that every test may use: the cast, behind the fence, with paper as its network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from hypothesis import settings as hypothesis

from klankbord.channels import registry
from klankbord.channels.models import Channel
from klankbord.tenancy.grants import grants
from klankbord.tenancy.models import User
from tests.cast import Cast, make_cast
from tests.paper import Paper, sheet

pytest_plugins = ["tests.servers.browser", "tests.servers.fixtures", "tests.servers.fixtures_snac"]


# no deadline for a single example: a busy machine must not fail a right answer
hypothesis.register_profile("house", deadline=None)
hypothesis.load_profile("house")


def pytest_configure() -> None:
    """Settings for tests. The names this house answers by: Django copies them before there is a database to ask."""
    settings.ALLOWED_HOSTS = settings.ALLOWED_HOSTS[:]
    # an answer goes out at once, but where a test is about holding it back
    settings.UNDO_SECONDS = 0


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """A test database, migrated as the owner; the application gets its rights as ``klankbord migrate`` gives them."""
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
        with connection.cursor() as cursor:
            for statement in grants("klankbord_app"):
                cursor.execute(statement)
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture
def cast(clean_database: None, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Cast:
    """The cast, made as the owner; the test itself then runs as the application."""
    monkeypatch.setattr(registry, "connectors", lambda: {"paper": Paper})
    Paper.reset()
    made = make_cast()
    request.getfixturevalue("as_app")
    return made


@pytest.fixture
def client_of(cast: Cast) -> Callable[[User], Client]:
    """A browser in which somebody is logged in."""

    def client(user: User) -> Client:
        made = Client()
        made.force_login(user)
        return made

    return client


@pytest.fixture
def say(cast: Cast) -> Callable[..., None]:
    """Somebody says something on a channel, and the house takes it in."""
    from klankbord.channels.actions import bring_in
    from klankbord.channels.models import Landing
    from klankbord.intake.flow import take_in
    from klankbord.tenancy.fence import acting_for

    def speak(channel: Channel, uri: str, text: str, **more: Any) -> None:
        from django.utils import timezone

        key = more.pop("key", uri)
        body = more.pop("body", None) or sheet(uri, text, **more)
        with acting_for(channel.organisation_id):
            bring_in(channel, [Landing(key=key, body=body, received_at=timezone.now())])
        take_in(channel.organisation_id, channel.pk)

    return speak
