"""Who sees what at the desk: lists, notes, files, and to whom work can be given."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.channels.actions import bring_in
from klankbord.channels.models import Landing
from klankbord.inbox.models import Conversation
from klankbord.inbox.queries import PAGE
from klankbord.inbox.tests.test_desk import only_conversation
from klankbord.intake.flow import take_in
from klankbord.posts.files import keep_file
from klankbord.posts.models import Attachment, Post
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import User
from tests.cast import Cast
from tests.paper import sheet

Say = Callable[..., None]
ClientOf = Callable[[User], Client]


def take_in_together(cast: Cast, *sheets: tuple[str, bytes]) -> None:
    """Several messages that come in as one batch."""
    now = timezone.now()
    with acting_for(cast.klankendam.pk):
        bring_in(cast.square, [Landing(key=key, body=body, received_at=now) for key, body in sheets])
    take_in(cast.klankendam.pk, cast.square.pk)


@pytest.mark.parametrize("order", [("u1", "u2", "u3"), ("u2", "u1", "u3"), ("u1", "u3", "u2")])
def test_what_was_said_in_private_is_not_in_the_list_of_a_public_conversation(
    cast: Cast, client_of: ClientOf, order: tuple[str, ...]
) -> None:
    said = {
        "u1": sheet("u1", "De lantaarn is stuk.", root_uri="u1", subject="Lantaarn"),
        "u2": sheet("u2", "Mijn BSN is geheim.", root_uri="u1", visibility="direct", subject="Heel geheim"),
        "u3": sheet("u3", "Nog steeds stuk.", root_uri="u1"),
    }
    take_in_together(cast, *((uri, said[uri]) for uri in order))
    bram, conversation = client_of(cast.bram), only_conversation(cast)
    for address in ("/desk/", f"/desk/{conversation.pk}", f"/desk/{conversation.pk}/row"):
        assert "geheim" not in bram.get(address).content.decode()
    assert bram.get("/desk/?q=geheim").context["rows"] == []
    first, last = [said[uri] for uri in order if uri != "u2"]
    assert conversation.subject == json.loads(first).get("subject", "")
    assert conversation.preview == json.loads(last)["text"]


def test_a_note_about_a_private_message_is_read_by_who_reads_that(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    say(cast.square, "u2", "Ik durf er niet langs.", parent_uri="u1", visibility="direct")
    conversation = only_conversation(cast)
    client_of(cast.amal).post(f"/desk/{conversation.pk}/note", {"text": "Zij is bang voor haar ex."})
    assert "bang voor haar ex" in client_of(cast.gijs).get(f"/desk/{conversation.pk}").content.decode()
    assert "bang voor haar ex" not in client_of(cast.bram).get(f"/desk/{conversation.pk}").content.decode()


def test_every_page_of_mine_goes_on_where_the_last_one_ended(cast: Cast, client_of: ClientOf) -> None:
    """Also when many came in at the same moment, as after an outage."""
    at = timezone.now().isoformat()
    take_in_together(cast, *((f"u{n}", sheet(f"u{n}", f"Vraag {n}", at=at)) for n in range(PAGE + 5)))
    with entered(cast.amal):
        Conversation.objects.update(assignee=cast.amal)
    address, seen = "/desk/?view=mine", set()
    while address:
        page = client_of(cast.amal).get(address)
        seen |= {row.pk for row in page.context["rows"]}
        address = page.context["next_url"]
    assert len(seen) == PAGE + 5


def test_a_conversation_goes_only_to_who_can_open_it(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.luisterveen_mail, "u1", "Wanneer wordt er gemaaid?", visibility="direct")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    offered = client.get(f"/desk/{conversation.pk}").context["conversation"]["assignees"]
    assert [person["name"] for person in offered] == ["Amal"]
    assert client.post(f"/desk/{conversation.pk}/assign", {"assignee": cast.gijs.pk}).status_code == 404
    assert client.post(f"/desk/{conversation.pk}/assign", {"assignee": cast.amal.pk}).status_code == 302


def test_a_file_stays_in_no_cache(cast: Cast, say: Say, client_of: ClientOf) -> None:
    """The browser of a desk whose mandate ended must not go on showing it."""
    say(cast.square, "u1", "De lantaarn is stuk.")
    with acting_for(cast.klankendam.pk):
        file = Attachment.objects.create(
            organisation=cast.klankendam,
            post=Post.objects.get(),
            filename="foto.png",
            content_type="image/png",
            state=Attachment.State.KEPT,
            sha256=keep_file(cast.klankendam.pk, b"\x89PNG\r\n\x1a\nfoto"),
        )
    response = client_of(cast.amal).get(f"/desk/file/{file.pk}")
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
