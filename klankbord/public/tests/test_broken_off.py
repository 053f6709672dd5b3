"""Handing in may be broken off at any statement: who presses again has one message, and a thank-you is a promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress

import pytest
from django.db import DatabaseError, InterfaceError
from procrastinate.exceptions import ConnectorException

from klankbord.channels.models import Delivery
from klankbord.inbox.models import Conversation
from klankbord.posts.models import Post
from klankbord.public import actions
from klankbord.public.tests.conftest import Resident
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.failpoints import Killed, an_hour_later, at_every_statement, kill, lose_the_database

LOST = (Killed, DatabaseError, InterfaceError, ConnectorException)


@pytest.mark.parametrize("happens", [kill, lose_the_database])
def test_a_form_is_one_message_wherever_it_was_broken_off(
    cast: Cast, resident: Resident, happens: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "PER_VISITOR", 10**6)

    def scenario(number: int) -> Iterator[None]:
        text, ticket, thanked = f"Bericht {number} over de lantaarn", resident.ticket(), False
        yield
        with suppress(*LOST):
            thanked = resident.send(text, ticket=ticket, email=f"bea{number}@bewoner.example").status_code == 302
        yield
        if not thanked:
            assert resident.send(text, ticket=ticket, email=f"bea{number}@bewoner.example").status_code == 302
        an_hour_later(cast.klankendam.pk)
        with acting_for(cast.klankendam.pk):
            (post,) = Post.objects.filter(direction="in", text__startswith=text)
            assert Conversation.objects.filter(root_uri=post.root_uri).count() == 1
            assert Delivery.objects.filter(outgoing__parent_uri=post.uri).count() == 1

    assert at_every_statement(happens, scenario) > 4
