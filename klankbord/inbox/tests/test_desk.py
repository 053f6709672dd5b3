"""The desk through the outside: pages, acts and refusals over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from klankbord.channels.contract import NotSent, Outgoing, Permanent, Receipt, Uncertain
from klankbord.channels.models import Delivery
from klankbord.inbox import queries, sending
from klankbord.inbox.models import Conversation
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import AuditEntry, User
from tests.cast import Cast
from tests.pages import says
from tests.paper import Paper

Say = Callable[..., None]


ClientOf = Callable[[User], Client]


def only_conversation(cast: Cast) -> Conversation:
    with entered(cast.amal):
        return Conversation.objects.select_related("channel").get()


def answer(
    client: Client, conversation: Conversation, text: str = "Dank u wel, wij kijken ernaar.", **more: str
) -> str:
    with_seen = {"text": text, "client_id": str(uuid4()), "seen": "999999"} | more
    response = client.post(f"/desk/{conversation.pk}/reply", with_seen, follow=True)
    assert response.status_code == 200, response.status_code
    return str(response.content.decode())


def send_all(cast: Cast) -> list[Delivery]:
    """What the worker does, by hand."""
    with acting_for(cast.klankendam.pk):
        deliveries = list(Delivery.objects.order_by("pk"))
    for delivery in deliveries:
        sending.send(delivery.organisation_id, delivery.pk)
    with acting_for(cast.klankendam.pk):
        return list(Delivery.objects.order_by("pk"))


def test_the_queue_shows_what_waits(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn bij de Klankbrug is stuk.")
    page = client_of(cast.amal).get("/desk/").content.decode()
    assert "Bea Bewoner" in page
    assert "De lantaarn bij de Klankbrug is stuk." in page


def test_a_conversation_opens_with_its_thread(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn bij de Klankbrug is stuk. <script>alert(1)</script>")
    conversation = only_conversation(cast)
    page = client_of(cast.amal).get(f"/desk/{conversation.pk}").content.decode()
    assert "&lt;script&gt;" in page
    assert "<script>alert" not in page


@pytest.mark.parametrize("who", ["eva", "daan", "chantal"])
@pytest.mark.parametrize("address", ["", "/row", "/posts"])
def test_a_conversation_does_not_exist_for_who_may_not_see_it(
    cast: Cast, say: Say, client_of: ClientOf, who: str, address: str
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation = only_conversation(cast)
    assert client_of(cast.everybody[who]).get(f"/desk/{conversation.pk}{address}").status_code == 404
    assert "lantaarn is stuk" not in client_of(cast.everybody[who]).get("/desk/?view=all").content.decode()
    assert "lantaarn is stuk" not in client_of(cast.everybody[who]).get("/desk/?q=lantaarn").content.decode()


@pytest.mark.parametrize("who", ["eva", "daan", "chantal", "bram", "fatma"])
@pytest.mark.parametrize("act", ["reply", "note", "assign", "close", "reopen"])
def test_nobody_acts_in_a_conversation_they_may_not_write(
    cast: Cast, say: Say, client_of: ClientOf, who: str, act: str
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation = only_conversation(cast)
    response = client_of(cast.everybody[who]).post(f"/desk/{conversation.pk}/{act}", {"text": "x", "assignee": "me"})
    assert response.status_code == 404
    with entered(cast.amal):
        assert Conversation.objects.get().status == "open"
        assert Post.objects.count() == 1
        assert not AuditEntry.objects.exclude(actie__startswith="dossier").exists()


def test_who_is_not_logged_in_goes_to_the_log_in_page(cast: Cast) -> None:
    response = Client().get("/desk/")
    assert response.status_code == 302
    assert "/accounts/login/" in response["Location"]


def test_an_answer_is_sent_once_and_signed(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation = only_conversation(cast)
    answer(client_of(cast.amal), conversation)
    assert [d.state for d in send_all(cast)] == ["sent"]
    send_all(cast)
    assert [one.text for one in Paper.sent] == ["Dank u wel, wij kijken ernaar."]
    assert Paper.sent[0].to.network_id == "bewoner-1"
    with entered(cast.amal):
        fresh = Conversation.objects.get()
        assert (fresh.status, fresh.assignee, fresh.waiting_since) == ("answered", cast.amal, None)
        assert Post.objects.get(direction="out").signed == "Amal"
        assert AuditEntry.objects.filter(actie="antwoord versturen", actor="Amal").count() == 1


def test_an_answer_by_mandate_carries_the_desk_and_is_logged_at_the_principal(
    cast: Cast, say: Say, client_of: ClientOf
) -> None:
    say(cast.luisterveen_mail, "u1", "Wanneer wordt er gemaaid?", visibility="direct")
    conversation = only_conversation(cast)
    answer(client_of(cast.amal), conversation)
    with acting_for(cast.luisterveen.pk):
        entry = AuditEntry.objects.get(actie="antwoord versturen")
        assert entry.actor == "Amal (Webcareteam Klankendam, Gemeente Klankendam)"
        assert Conversation.objects.get().mandate_id == cast.mandate.pk


def test_the_same_form_sent_twice_is_one_answer(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation, client, once = only_conversation(cast), client_of(cast.amal), str(uuid4())
    answer(client, conversation, client_id=once)
    answer(client, conversation, client_id=once)
    send_all(cast)
    assert len(Paper.sent) == 1


def test_who_answers_after_a_colleague_is_told_and_keeps_the_text(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation = only_conversation(cast)
    with entered(cast.amal):
        seen = Post.objects.get().pk
    answer(client_of(cast.amal), conversation, seen=str(seen))
    page = answer(client_of(cast.gijs), conversation, text="Mijn eigen antwoord", seen=str(seen))
    assert "Mijn eigen antwoord" in page
    with entered(cast.amal):
        assert Post.objects.filter(direction="out").count() == 1


def test_what_came_in_while_somebody_was_answering_still_waits(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    with entered(cast.amal):
        seen = Post.objects.get().pk
    client_of(cast.amal).get(f"/desk/{only_conversation(cast).pk}")
    say(cast.square, "u2", "En nu brandt de kast!", parent_uri="u1")
    with entered(cast.amal):
        unseen = Post.objects.get(uri="u2")
    answer(client_of(cast.amal), only_conversation(cast), seen=str(seen), to=str(seen))
    fresh = only_conversation(cast)
    assert (fresh.status, fresh.waiting_since) == ("open", unseen.published_at)
    answer(client_of(cast.amal), fresh, seen=str(10**9), to=str(unseen.pk))
    fresh = only_conversation(cast)
    assert (fresh.status, fresh.waiting_since) == ("answered", None)


def test_what_was_not_on_the_screen_is_not_closed(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    client, address = client_of(cast.amal), f"/desk/{only_conversation(cast).pk}"
    seen = client.get(address).context["last"]
    say(cast.square, "u2", "En nu brandt de kast!", parent_uri="u1")
    page = client.post(f"{address}/close", {"seen": seen}, follow=True)
    assert says(page, "Something came in that was not on your screen yet. Read it first, then close.")
    assert only_conversation(cast).status == "open"
    client.post(f"{address}/close", {"seen": page.context["last"]})
    assert only_conversation(cast).status == "closed"


def test_a_new_message_reopens_a_closed_conversation(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation = only_conversation(cast)
    client_of(cast.amal).post(f"/desk/{conversation.pk}/close")
    assert only_conversation(cast).status == "closed"
    say(cast.square, "u2", "Nog steeds stuk!", parent_uri="u1")
    fresh = only_conversation(cast)
    assert (fresh.status, fresh.reopened, fresh.preview) == ("open", 1, "Nog steeds stuk!")


def test_an_answer_is_never_wider_than_the_question(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "Even onder ons.", visibility="direct")
    answer(client_of(cast.amal), only_conversation(cast), visibility="public")
    send_all(cast)
    assert Paper.sent[0].visibility == "direct"


@pytest.mark.parametrize(
    ("problem", "state", "shown"),
    [
        (Permanent("Het adres bestaat niet."), "failed", "Het adres bestaat niet."),
        (NotSent("De server is vol.", retry_after=600), "pending", "De server is vol."),
        (Uncertain("Geen antwoord gekregen."), "uncertain", "Geen antwoord gekregen."),
        (RuntimeError("kapot"), "uncertain", "RuntimeError"),
    ],
)
def test_every_way_of_failing_is_shown(
    cast: Cast, say: Say, client_of: ClientOf, problem: Exception, state: str, shown: str
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation = only_conversation(cast)
    answer(client_of(cast.amal), conversation)

    def storm(_: Outgoing) -> None:
        raise problem

    Paper.weather.append(storm)
    assert [d.state for d in send_all(cast)] == [state]
    assert Paper.sent == []
    assert shown in client_of(cast.amal).get(f"/desk/{conversation.pk}").content.decode()


def uncertain_answer(cast: Cast, say: Say, client_of: ClientOf, *, arrived: bool) -> tuple[Conversation, Delivery]:
    say(cast.square, "u1", "De lantaarn is stuk.")
    conversation = only_conversation(cast)
    answer(client_of(cast.amal), conversation)

    def storm(outgoing: Outgoing) -> None:
        if arrived:
            Paper.sent.append(outgoing)
        raise Uncertain("De verbinding viel weg.")

    Paper.weather.append(storm)
    (delivery,) = send_all(cast)
    return conversation, delivery


def test_an_uncertain_answer_that_is_found_counts_as_sent(cast: Cast, say: Say, client_of: ClientOf) -> None:
    _conversation, delivery = uncertain_answer(cast, say, client_of, arrived=True)
    assert only_conversation(cast).delivery_problem
    sending.look_up(delivery.organisation_id, delivery.pk)
    with acting_for(cast.klankendam.pk):
        assert Delivery.objects.get().state == "sent"
        assert Post.objects.get(direction="out").uri == f"paper:{delivery.client_id}"
    assert not only_conversation(cast).delivery_problem
    assert len(Paper.sent) == 1


def test_an_uncertain_answer_that_is_surely_not_there_is_sent_again(cast: Cast, say: Say, client_of: ClientOf) -> None:
    _, delivery = uncertain_answer(cast, say, client_of, arrived=False)
    sending.look_up(delivery.organisation_id, delivery.pk)
    with acting_for(cast.klankendam.pk):
        Delivery.objects.update(next_attempt_at=None)
    send_all(cast)
    assert len(Paper.sent) == 1


def test_an_answer_that_cannot_be_looked_up_waits_for_a_colleague(cast: Cast, say: Say, client_of: ClientOf) -> None:
    _conversation, delivery = uncertain_answer(cast, say, client_of, arrived=True)

    def cannot_know(_: Outgoing) -> Receipt | None:
        raise Uncertain("Op dit netwerk kan niet worden gezocht.")

    Paper.found = cannot_know
    sending.look_up(delivery.organisation_id, delivery.pk)
    assert [d.state for d in send_all(cast)] == ["uncertain"]
    client_of(cast.amal).post(f"/desk/delivery/{delivery.pk}/confirm")
    with entered(cast.amal):
        assert Delivery.objects.get().state == "sent"
        assert AuditEntry.objects.filter(actie="antwoord is aangekomen").exists()
    assert len(Paper.sent) == 1


def test_who_asks_to_look_it_up_sees_that_this_is_being_done(cast: Cast, say: Say, client_of: ClientOf) -> None:
    conversation, delivery = uncertain_answer(cast, say, client_of, arrived=True)
    with acting_for(cast.klankendam.pk):
        Delivery.objects.update(next_attempt_at=None)
    sentence = (
        "We do not know yet whether this arrived. %(problem)s Klankbord looks it up at the network;"
        " it does not send again by itself."
    )
    client, filled = client_of(cast.amal), {"problem": "De verbinding viel weg."}
    assert not says(client.get(f"/desk/{conversation.pk}"), sentence, **filled)
    client.post(f"/desk/delivery/{delivery.pk}/lookup")
    assert says(client.get(f"/desk/{conversation.pk}"), sentence, **filled)


@pytest.mark.parametrize("who", ["eva", "daan", "chantal", "bram"])
@pytest.mark.parametrize("decision", ["confirm", "resend", "lookup"])
def test_nobody_else_decides_about_an_answer(
    cast: Cast, say: Say, client_of: ClientOf, who: str, decision: str
) -> None:
    _, delivery = uncertain_answer(cast, say, client_of, arrived=True)
    assert client_of(cast.everybody[who]).post(f"/desk/delivery/{delivery.pk}/{decision}").status_code == 404
    with entered(cast.amal):
        assert Delivery.objects.get().state == "uncertain"


def test_a_deleted_message_leaves_a_tombstone(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "Mijn buurman heet zo en zo.")
    say(cast.square, "u1", "", key="u1-deleted", deleted=True)
    conversation = only_conversation(cast)
    page = client_of(cast.amal).get(f"/desk/{conversation.pk}").content.decode()
    assert "zo en zo" not in page
    assert "post--deleted" in page
    assert conversation.preview == ""


def test_an_edit_is_shown_and_what_was_said_before_is_kept(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    say(cast.square, "u1", "De lantaarn doet het weer.", key="u1-edited")
    with entered(cast.amal):
        post = Post.objects.get()
        assert post.text == "De lantaarn doet het weer."
        assert post.edited_at is not None
        assert [r.text for r in post.revisions.all()] == ["De lantaarn is stuk."]


@pytest.mark.parametrize(
    "query",
    [
        "q=" + "a" * 5000,
        "q=%00",
        "q='%20%26%20!(",
        "before=rubbish",
        "before=9999-99-99_1",
        "organisation=1e9",
        "view=x",
    ],
)
def test_a_strange_address_shows_a_desk(cast: Cast, client_of: ClientOf, query: str) -> None:
    assert client_of(cast.amal).get(f"/desk/?{query}").status_code == 200


@pytest.mark.parametrize("text", ["", "   ", "\0", "x" * 501])
def test_an_answer_that_cannot_be_sent_is_refused_with_a_sentence(
    cast: Cast, say: Say, client_of: ClientOf, text: str
) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    page = answer(client_of(cast.amal), only_conversation(cast), text=text)
    assert 'id="reply-error"' in page
    with entered(cast.amal):
        assert not Delivery.objects.exists()


def test_search_finds_words_and_unfinished_words_and_names(cast: Cast, say: Say, client_of: ClientOf) -> None:
    say(cast.square, "u1", "De lantaarnpaal bij de Klankbrug is stuk.")
    client = client_of(cast.amal)
    for words in ("lantaarnpaal", "lantaarn", "klankbrug stuk", "Bea"):
        assert "Klankbrug" in client.get("/desk/", {"q": words}).content.decode(), words
    assert "Klankbrug" not in client.get("/desk/", {"q": "fietspad"}).content.decode()


def test_search_goes_on_where_the_newest_messages_stand_in_one_conversation(
    cast: Cast, say: Say, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "NEWEST_SEARCHED", (2, 100))
    say(cast.square, "old", "Waarom staat de brug open?", at="2026-11-01T12:00:00+01:00")
    for number in range(3):
        reply = {"root_uri": "u0"} if number else {}
        say(cast.square, f"u{number}", "De brug hapert.", at=f"2026-11-02T12:0{number}:00+01:00", **reply)
    page = client_of(cast.amal).get("/desk/", {"q": "brug"}).content.decode()
    assert page.count('data-id="') == 2


def test_who_forgets_to_describe_a_picture_keeps_the_rest_and_hears_that_the_file_is_gone(
    cast: Cast, say: Say, client_of: ClientOf
) -> None:
    say(cast.mail, "u1", "De lantaarn is stuk.")
    conversation, client = only_conversation(cast), client_of(cast.amal)
    file = SimpleUploadedFile("lantaarn.png", b"\x89PNG", "image/png")
    form = {"text": "Zo ziet hij eruit.", "client_id": uuid4(), "seen": 10**9, "file": file, "alt": " "}
    page = client.post(f"/desk/{conversation.pk}/reply", form)
    assert says(page, "Describe what is on the picture, for people who cannot see it.")
    assert says(page, "Choose the file again: a browser does not keep it.")
    assert '<details class="composer__file" open>' in page.content.decode()
    assert "Zo ziet hij eruit." in page.content.decode()
    again = client.post(f"/desk/{conversation.pk}/reply", form | {"file": "", "text": "", "alt": "Een lamp <1>"})
    assert 'value="Een lamp &lt;1&gt;"' in again.content.decode()
    assert not says(again, "Choose the file again: a browser does not keep it.")
