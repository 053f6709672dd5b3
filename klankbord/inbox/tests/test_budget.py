"""How many queries a page may cost: a small number, whatever the number of rows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from klankbord.inbox.models import Conversation
from klankbord.tenancy.fence import entered
from tests.cast import Cast

Say = Callable[..., None]
QUEUE, MINE, SEARCH, CONVERSATION, FRAGMENT = 10, 9, 10, 18, 14


@pytest.fixture
def amal(cast: Cast) -> Client:
    client = Client(SERVER_NAME="localhost")  # a name that is known without asking the database
    client.force_login(cast.amal)
    return client


def queries_of(client: Client, address: str, **headers: str) -> int:
    client.get(address, headers=headers)  # what is asked once and remembered is not the page's own
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address, headers=headers).status_code == 200
    return len(captured)


def fill(cast: Cast, say: Say, first: int, last: int) -> None:
    for number in range(first, last):
        channel = (cast.mail, cast.square, cast.luisterveen_mail)[number % 3]
        say(channel, f"uri:{number}", f"Bericht {number} over de brug.", author=resident(number))
        say(channel, f"uri:{number}:more", "En nog iets.", parent_uri=f"uri:{number}", author=resident(number))


def resident(number: int) -> dict[str, str]:
    return {"network_id": f"bewoner-{number % 4}", "handle": f"@bewoner{number % 4}", "name": f"Bewoner {number % 4}"}


@pytest.mark.parametrize(
    ("address", "budget"),
    [
        ("/desk/", QUEUE),
        ("/desk/?view=all", QUEUE),
        ("/desk/?view=closed", QUEUE),
        ("/desk/?view=mine", MINE),
        ("/desk/?q=brug", SEARCH),
    ],
)
def test_a_list_costs_the_same_whatever_its_length(
    cast: Cast, say: Say, amal: Client, address: str, budget: int
) -> None:
    fill(cast, say, 0, 3)
    hand_out(cast)
    few = queries_of(amal, address)
    fill(cast, say, 3, 24)
    hand_out(cast)
    assert queries_of(amal, address) == few == budget


def hand_out(cast: Cast) -> None:
    """Something for each list: Amal has what came by mail, what came on the square is done."""
    with entered(cast.amal):
        Conversation.objects.filter(channel=cast.mail).update(assignee=cast.amal)
        Conversation.objects.filter(channel=cast.square).update(status="closed")


def test_a_conversation_costs_the_same_whatever_its_length(cast: Cast, say: Say, amal: Client) -> None:
    fill(cast, say, 0, 6)
    with entered(cast.amal):
        pk = Conversation.objects.filter(channel=cast.mail).values_list("pk", flat=True)[0]
        root = Conversation.objects.get(pk=pk).root_uri
    counted = queries_of(amal, f"/desk/{pk}"), queries_of(amal, f"/desk/{pk}", **{"HX-Request": "true"})
    for number in range(20):
        say(cast.mail, f"reply:{number}", "Nog een bericht.", parent_uri=root, author=resident(number))
    fill(cast, say, 6, 12)
    assert queries_of(amal, f"/desk/{pk}") == counted[0] == CONVERSATION
    assert queries_of(amal, f"/desk/{pk}", **{"HX-Request": "true"}) == counted[1] == FRAGMENT
