"""Whom an answer goes to, who can read it, and what is no longer unread."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from klankbord.inbox.models import Conversation
from klankbord.posts.models import Post
from klankbord.tenancy.fence import entered
from klankbord.tenancy.models import User
from tests.cast import Cast
from tests.pages import says
from tests.paper import Paper

Say = Callable[..., None]
PUBLIC_TO = "Public answer to %(name)s: everybody can read this"
PRIVATE_TO = "Private answer: only %(name)s can read this"


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def bridge(cast: Cast, say: Say) -> Conversation:
    """Two residents in one public thread."""
    say(cast.square, "u1", "De brug is verzakt!", author={"network_id": "r", "handle": "@ronnie", "name": "Ronnie"})
    say(
        cast.square,
        "u2",
        "Wie heeft dat gezien?",
        parent_uri="u1",
        author={"network_id": "w", "handle": "@wil", "name": "Wil"},
    )
    with entered(cast.amal):
        return Conversation.objects.get()


def first_of(cast: Cast, conversation: Conversation) -> Post:
    with entered(cast.amal):
        return Post.objects.filter(root_uri=conversation.root_uri).order_by("pk")[0]


def answer(client: Client, conversation: Conversation, **more: object) -> str:
    form = {"text": "Wij zoeken het uit.", "client_id": str(uuid4()), "seen": "999999"} | more
    return str(client.post(f"/desk/{conversation.pk}/reply", form, follow=True).content.decode())


def addressed(cast: Cast) -> list[str]:
    with entered(cast.amal):
        posts = Post.objects.filter(direction="out").select_related("delivery").order_by("pk")
        return [post.delivery.outgoing["to"]["name"] for post in posts if post.delivery]


def test_the_composer_says_whom_the_answer_goes_to(cast: Cast, bridge: Conversation) -> None:
    page = client_of(cast.amal).get(f"/desk/{bridge.pk}")
    assert says(page, PUBLIC_TO, name="Wil")
    other = client_of(cast.amal).get(f"/desk/{bridge.pk}?to={first_of(cast, bridge).pk}")
    assert says(other, PUBLIC_TO, name="Ronnie")
    assert not says(other, PUBLIC_TO, name="Wil")


def test_who_speaks_meanwhile_does_not_get_the_answer(cast: Cast, say: Say, bridge: Conversation) -> None:
    first = first_of(cast, bridge)
    answer(client_of(cast.amal), bridge, to=str(first.pk))
    assert addressed(cast) == ["Ronnie"]


def test_a_message_taken_away_meanwhile_is_not_answered(cast: Cast, say: Say, bridge: Conversation) -> None:
    first = first_of(cast, bridge)
    say(cast.square, "u1", "", key="u1-gone", deleted=True)
    page = answer(client_of(cast.amal), bridge, to=str(first.pk))
    assert 'id="reply-error"' in page
    assert "Wij zoeken het uit." in page
    assert addressed(cast) == []


@pytest.mark.parametrize("to", ["0", "x", "99999999999999999999", "12345"])
def test_a_strange_message_is_not_answered_or_counts_as_not_chosen(cast: Cast, bridge: Conversation, to: str) -> None:
    answer(client_of(cast.amal), bridge, to=to)
    assert addressed(cast) in ([], ["Wil"])


def test_a_refused_private_answer_does_not_come_back_as_a_public_one(cast: Cast, bridge: Conversation) -> None:
    client = client_of(cast.amal)
    form = {"text": "x" * 501, "client_id": str(uuid4()), "seen": "999999", "visibility": "direct"}
    page = client.post(f"/desk/{bridge.pk}/reply", form)
    content = page.content.decode()
    assert '<option value="direct" selected>' in content
    assert 'class="composer composer--private"' in content
    assert says(page, PRIVATE_TO, name="Wil")
    form["text"] = "Kort."
    after = client.post(f"/desk/{bridge.pk}/reply", form, headers={"HX-Request": "true"})
    assert '<option value="public" selected>' in after.content.decode()


def test_what_was_on_the_screen_is_no_longer_unread(cast: Cast, bridge: Conversation) -> None:
    for who, status in (("bram", 404), ("eva", 404), ("amal", 204)):
        assert client_of(cast.everybody[who]).post(f"/desk/{bridge.pk}/seen").status_code == status
        with entered(cast.amal):
            assert (Conversation.objects.get().seen_at is not None) == (status == 204)


@pytest.mark.parametrize("act", ["reply", "close"])
def test_who_answers_or_closes_has_seen_it(cast: Cast, bridge: Conversation, act: str) -> None:
    form = {"text": "Dank u wel.", "client_id": str(uuid4()), "seen": "999999"}
    client_of(cast.amal).post(f"/desk/{bridge.pk}/{act}", form)
    with entered(cast.amal):
        assert Conversation.objects.get().seen_at is not None


def test_an_open_thread_gets_edits_and_deletions_of_earlier_messages(
    cast: Cast, say: Say, bridge: Conversation
) -> None:
    with entered(cast.amal):
        first, last = Post.objects.order_by("pk")
    fragment = f"/desk/{bridge.pk}/posts?after={last.pk}"
    assert f'id="post-{first.pk}"' not in client_of(cast.amal).get(fragment).content.decode()
    say(cast.square, "u1", "", key="u1-gone", deleted=True)
    changed = client_of(cast.amal).get(fragment).content.decode()
    assert f'id="post-{first.pk}"' in changed
    assert "verzakt" not in changed
    assert f'id="post-{last.pk}"' not in changed


def test_the_counts_follow_the_chosen_organisation(cast: Cast, say: Say, bridge: Conversation) -> None:
    say(cast.luisterveen_mail, "u9", "Wanneer wordt er gemaaid?", visibility="direct")
    client = client_of(cast.amal)

    def counted(query: str) -> str:
        return str(client.get(f"/desk/lists{query}").content.decode())

    assert '<span class="views__count views__count--now">2</span>' in counted("")
    assert '<span class="views__count views__count--now">1</span>' in counted(f"?organisation={cast.luisterveen.pk}")


def test_the_history_tells_who_did_what_and_says_you(cast: Cast, bridge: Conversation) -> None:
    client_of(cast.amal).post(f"/desk/{bridge.pk}/assign", {"assignee": "me"})
    client_of(cast.gijs).post(f"/desk/{bridge.pk}/close")
    page = client_of(cast.gijs).get(f"/desk/{bridge.pk}")
    assert says(page, "closed the conversation")
    assert says(page, "You")
    own = client_of(cast.amal).get(f"/desk/{bridge.pk}")
    assert says(own, "took the conversation")


@pytest.mark.parametrize("who", ["daan", "chantal", "fatma"])
def test_who_has_no_place_at_the_desk_reads_why(cast: Cast, bridge: Conversation, who: str) -> None:
    page = client_of(cast.everybody[who]).get("/desk/")
    assert says(page, "What you can do")
    assert "queue-list" not in page.content.decode()


def test_a_colleague_begins_where_that_is_explained(cast: Cast) -> None:
    response = client_of(cast.daan).get("/")
    assert response["Location"] == "/desk/"


def test_the_log_leads_to_a_conversation_for_who_may_open_it(cast: Cast, bridge: Conversation) -> None:
    client_of(cast.amal).post(f"/desk/{bridge.pk}/close")
    link = f'href="/desk/{bridge.pk}"'
    assert link in client_of(cast.fatma).get("/audit/").content.decode()
    assert link not in client_of(cast.chantal).get("/audit/").content.decode()
    assert Paper.sent == []


def test_who_did_not_speak_to_us_has_no_name_and_gets_no_answer(cast: Cast, say: Say, bridge: Conversation) -> None:
    third = {"network_id": "d", "handle": "@dirk", "name": "Dirk Derde"}
    say(cast.square, "u3", "Ik weet er alles van.", parent_uri="u1", author=third, addressed=False)
    page = client_of(cast.amal).get(f"/desk/{bridge.pk}")
    assert "Ik weet er alles van." in page.content.decode()
    assert "Dirk" not in page.content.decode()
    assert says(page, "Somebody else")
    assert says(page, PUBLIC_TO, name="Wil")
    with entered(cast.amal):
        overheard = Post.objects.get(overheard=True).pk
    answer(client_of(cast.amal), bridge, to=overheard)
    answer(client_of(cast.amal), bridge)
    assert set(addressed(cast)) <= {"Wil"}
