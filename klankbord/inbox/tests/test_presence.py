"""Who has a conversation open: said by the browser, seen by colleagues, gone by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from klankbord.inbox import presence
from klankbord.inbox.models import Conversation, Presence
from klankbord.inbox.tests.test_desk import only_conversation
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Mandate, User
from tests.cast import Cast
from tests.pages import acts_of, says

Say = Callable[..., None]
ClientOf = Callable[[User], Client]


def announced(queries: CaptureQueriesContext) -> int:
    return sum("pg_notify" in query["sql"] for query in queries)


def test_a_colleague_sees_who_is_there_and_who_writes(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, amal, gijs = only_conversation(cast), client_of(cast.amal), client_of(cast.gijs)
    amal.post(f"/desk/{conversation.pk}/here")
    page = gijs.get("/desk/presence")
    assert f'data-id="{conversation.pk}"' in page.content.decode()
    assert says(page, "%(name)s is reading along", name="Amal")
    amal.post(f"/desk/{conversation.pk}/here", {"writing": "yes"})
    assert says(gijs.get("/desk/presence"), "%(name)s is writing", name="Amal")
    assert "Amal" not in amal.get("/desk/presence").content.decode()
    amal.post(f"/desk/{conversation.pk}/away")
    assert "Amal" not in gijs.get("/desk/presence").content.decode()


def test_only_a_change_is_told_to_others(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, amal = only_conversation(cast), client_of(cast.amal)
    heard = []
    for form in ({}, {}, {"writing": "yes"}, {"writing": "yes"}, {}, {}):
        with CaptureQueriesContext(connection) as queries:
            assert amal.post(f"/desk/{conversation.pk}/here", form).status_code == 204
        heard.append(announced(queries))
    assert heard == [1, 0, 1, 0, 1, 0]


def test_who_opens_another_conversation_leaves_the_one_before(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    first = only_conversation(cast)
    say(cast.mail, "u2", "De brug ook.")
    with acting_for(cast.klankendam.pk):
        second = type(first).objects.exclude(pk=first.pk).get()
    amal = client_of(cast.amal)
    amal.post(f"/desk/{first.pk}/here")
    amal.post(f"/desk/{second.pk}/here", {"left": first.pk})
    with acting_for(cast.klankendam.pk):
        assert [one.conversation_id for one in Presence.objects.all()] == [second.pk]


def test_who_is_not_heard_of_any_more_is_gone_and_leaves_nothing_behind(
    cast: Cast, say: Say, client_of: ClientOf
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, amal = only_conversation(cast), client_of(cast.amal)
    with acting_for(cast.klankendam.pk):
        long_ago = timezone.now() - presence.LASTS - timedelta(seconds=1)
        presence.arrive(conversation, writing=True, by=cast.amal, now=long_ago)
    assert "Amal" not in client_of(cast.gijs).get("/desk/presence").content.decode()
    with CaptureQueriesContext(connection) as queries:
        amal.post(f"/desk/{conversation.pk}/here", {"writing": "yes"})
    assert announced(queries) == 1
    amal.post(f"/desk/{conversation.pk}/away")
    with acting_for(cast.klankendam.pk):
        assert not Presence.objects.exists()
    assert acts_of(cast.klankendam.pk) == []


@pytest.mark.parametrize(("visibility", "seen_by"), [("public", {"gijs", "bram"}), ("direct", {"gijs"})])
def test_who_is_there_is_for_who_may_see_the_conversation(
    cast: Cast, say: Say, client_of: ClientOf, visibility: str, seen_by: set[str]
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.", visibility=visibility)
    conversation = only_conversation(cast)
    client_of(cast.amal).post(f"/desk/{conversation.pk}/here")
    saw = {
        name
        for name, user in cast.everybody.items()
        if "Amal" in client_of(user).get("/desk/presence").content.decode()
    }
    assert saw == seen_by


@pytest.mark.parametrize("who", ["bram", "eva", "daan", "chantal", "fatma"])
@pytest.mark.parametrize("act", ["here", "away"])
def test_only_who_may_write_is_there(cast: Cast, say: Say, client_of: ClientOf, who: str, act: str) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation = only_conversation(cast)
    assert client_of(cast.everybody[who]).post(f"/desk/{conversation.pk}/{act}").status_code == 404
    with acting_for(cast.klankendam.pk):
        assert not Presence.objects.exists()


def test_at_the_end_of_a_mandate_the_desk_is_neither_seen_nor_sees(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.luisterveen_mail, "u1", "Wanneer wordt er gemaaid?")
    conversation, amal = only_conversation(cast), client_of(cast.amal)
    with acting_for(cast.luisterveen.pk):
        presence.arrive(conversation, writing=False, by=cast.daan, now=timezone.now())
    assert "Daan" in amal.get("/desk/presence").content.decode()
    with acting_for(cast.luisterveen.pk):
        Mandate.objects.update(valid_from="2020-01-01T00:00Z", valid_until="2020-01-02T00:00Z")
    assert "Daan" not in amal.get("/desk/presence").content.decode()
    assert amal.post(f"/desk/{conversation.pk}/here").status_code == 404


def test_the_list_of_who_is_there_costs_the_same_for_any_number(cast: Cast, say: Say, client_of: ClientOf) -> None:
    gijs, costs = client_of(cast.gijs), []
    gijs.get("/desk/presence")
    for number in range(4):
        say(cast.square, f"u{number}", "Nog een lantaarn.")
        with acting_for(cast.klankendam.pk):
            for conversation in Conversation.objects.all():
                presence.arrive(conversation, writing=False, by=cast.amal, now=timezone.now())
        with CaptureQueriesContext(connection) as queries:
            gijs.get("/desk/presence")
        costs.append(len(queries))
    assert len(set(costs)) == 1
