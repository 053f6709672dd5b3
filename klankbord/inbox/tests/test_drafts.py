"""Drafts: kept on the server, passed on to a colleague, gone when they are said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from klankbord.inbox.models import Conversation, Draft
from klankbord.inbox.tests.test_desk import only_conversation
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import Mandate, User
from tests.cast import Cast
from tests.pages import acts_of, says

Say = Callable[..., None]
ClientOf = Callable[[User], Client]


def keep(client: Client, conversation: Conversation, text: str, kind: str = "reply", **more: object) -> int:
    return client.post(f"/desk/{conversation.pk}/draft/{kind}", {"text": text, "client_id": uuid4()} | more).status_code


def page_of(client: Client, conversation: Conversation) -> Any:
    return client.get(f"/desk/{conversation.pk}")


def all_drafts(cast: Cast) -> list[tuple[str, str, str]]:
    with acting_for(cast.klankendam.pk):
        return list(Draft.objects.order_by("pk").values_list("writer", "kind", "text"))


def test_what_was_typed_is_there_after_logging_in_again(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation = only_conversation(cast)
    client = client_of(cast.amal)
    assert keep(client, conversation, "Goedemorgen, wij") == 204
    assert keep(client, conversation, "Goedemorgen, wij kijken", visibility="direct") == 204
    assert keep(client, conversation, "Dit is de derde keer.", "note") == 204
    client.logout()
    context = page_of(client_of(cast.amal), conversation).context
    assert context["reply_text"] == "Goedemorgen, wij kijken"
    assert context["note_text"] == "Dit is de derde keer."
    assert [o["value"] for o in context["conversation"]["visibility_options"] if o["selected"]] == ["direct"]
    assert len(all_drafts(cast)) == 2


def test_a_draft_without_text_is_gone(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    keep(client, conversation, "Toch")
    keep(client, conversation, "  \n")
    assert all_drafts(cast) == []


@pytest.mark.parametrize(("kind", "address"), [("reply", "reply"), ("note", "note")])
def test_what_is_said_is_no_draft_any_more_however_late_the_last_save_comes(
    cast: Cast, say: Say, client_of: ClientOf, kind: str, address: str
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client, form = only_conversation(cast), client_of(cast.amal), uuid4()
    keep(client, conversation, "Wij komen", kind, client_id=form)
    client.post(f"/desk/{conversation.pk}/{address}", {"text": "Wij komen.", "client_id": form, "seen": 10**9})
    assert all_drafts(cast) == []
    assert keep(client, conversation, "Wij komen.", kind, client_id=form) == 409
    assert all_drafts(cast) == []
    keep(client, conversation, "En nog iets", kind)
    assert len(all_drafts(cast)) == 1


@pytest.mark.parametrize(("kind", "direction"), [("reply", "out"), ("note", "internal")])
def test_the_same_form_with_other_words_gets_lost_nowhere(
    cast: Cast, say: Say, client_of: ClientOf, kind: str, direction: str
) -> None:
    """A draft stood open in two windows, was sent in one and changed in the other."""
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client, form = only_conversation(cast), client_of(cast.amal), uuid4()
    keep(client, conversation, "Wij komen", kind, client_id=form)
    assert str(form) in page_of(client, conversation).content.decode()
    for text in ("Wij komen.", "Wij komen niet."):
        page = client.post(f"/desk/{conversation.pk}/{kind}", {"text": text, "client_id": form, "seen": 10**9})
    with entered(cast.amal):
        said = list(Post.objects.filter(direction=direction).order_by("pk").values_list("text", flat=True))
    if kind == "note":
        assert said == ["Wij komen.", "Wij komen niet."]
    else:
        assert said == ["Wij komen."]
        assert page.context["reply_text"] == "Wij komen niet."
        assert str(form) not in page.content.decode()


def test_a_note_sent_twice_is_one_note(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, form = only_conversation(cast), uuid4()
    for _ in range(2):
        client_of(cast.amal).post(f"/desk/{conversation.pk}/note", {"text": "Bellen.", "client_id": form})
    with entered(cast.amal):
        assert Post.objects.filter(direction="internal").count() == 1


def test_a_colleague_sees_who_began_and_goes_on(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, gijs = only_conversation(cast), client_of(cast.gijs)
    keep(client_of(cast.amal), conversation, "Wij hebben de monteur gebeld.")
    keep(gijs, conversation, "Beste Bea,")
    page = page_of(gijs, conversation)
    assert says(page, "%(name)s began an answer", name="Amal")
    assert "Wij hebben de monteur gebeld." in page.content.decode()
    (left,) = page.context["left_drafts"]
    gijs.post(f"/desk/draft/{left['id']}/take")
    assert all_drafts(cast) == [("Gijs", "reply", "Beste Bea,\n\nWij hebben de monteur gebeld.")]
    assert "concept overnemen" in acts_of(cast.klankendam.pk)
    assert page_of(gijs, conversation).context["left_drafts"] == []


def test_a_draft_that_a_colleague_left_can_be_thrown_away(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, gijs = only_conversation(cast), client_of(cast.gijs)
    keep(client_of(cast.amal), conversation, "Laat maar.")
    with acting_for(cast.klankendam.pk):
        left = Draft.objects.get()
    assert client_of(cast.amal).post(f"/desk/draft/{left.pk}/drop").status_code == 404
    assert gijs.post(f"/desk/draft/{left.pk}/drop").status_code == 302
    assert all_drafts(cast) == []
    assert "concept weggooien" in acts_of(cast.klankendam.pk)


@pytest.mark.parametrize("who", ["bram", "eva", "daan", "chantal", "fatma"])
def test_a_draft_is_for_who_may_write_there(cast: Cast, say: Say, client_of: ClientOf, who: str) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.everybody[who])
    keep(client_of(cast.amal), conversation, "Onder ons gezegd")
    assert keep(client, conversation, "gekaapt") == 404
    assert "Onder ons gezegd" not in page_of(client, conversation).content.decode()
    with entered(cast.everybody[who]):
        assert not Draft.objects.exists()
    with acting_for(cast.klankendam.pk):
        left = Draft.objects.get()
    for act in ("take", "drop"):
        assert client.post(f"/desk/draft/{left.pk}/{act}").status_code == 404
    assert all_drafts(cast) == [("Amal", "reply", "Onder ons gezegd")]


def test_at_the_end_of_a_mandate_the_draft_stays_with_the_principal(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.luisterveen_mail, "u1", "Wanneer wordt er gemaaid?", visibility="direct")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    keep(client, conversation, "Volgende week.")
    with acting_for(cast.luisterveen.pk):
        assert Draft.objects.get().writer == "Amal (Webcareteam Klankendam, Gemeente Klankendam)"
        Mandate.objects.update(valid_from="2020-01-01T00:00Z", valid_until="2020-01-02T00:00Z")
    assert keep(client, conversation, "gekaapt") == 404
    with entered(cast.amal):
        assert not Draft.objects.exists()
    with acting_for(cast.luisterveen.pk):
        assert Draft.objects.get().text == "Volgende week."


def test_drafts_go_along_when_a_conversation_goes_up_in_another(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u2", "En nu?", parent_uri="u1")
    with entered(cast.amal):
        before = Conversation.objects.get()
    keep(client_of(cast.amal), before, "Even geduld.")
    say(cast.square, "u1", "De lantaarn is stuk.")
    say(cast.square, "u3", "Hallo?", parent_uri="u2")
    with entered(cast.amal):
        assert {draft.text for draft in Draft.objects.all()} == {"Even geduld."}
        assert Draft.objects.get().conversation_id in Conversation.objects.values_list("pk", flat=True)


def test_without_scripts_a_draft_is_kept_with_a_button(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    response = client.post(f"/desk/{conversation.pk}/draft/reply", {"text": "Morgen", "stay": "yes"})
    assert response.status_code == 302
    assert page_of(client, conversation).context["reply_text"] == "Morgen"
