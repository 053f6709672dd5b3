"""The road of a post, from envelope to conversation."""

from __future__ import annotations

from collections.abc import Callable

from klankbord.inbox.models import Conversation
from klankbord.posts.models import Post
from klankbord.tenancy.fence import entered
from tests.cast import Cast

Say = Callable[..., None]


def test_a_message_becomes_an_open_conversation(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "Waarom is het Marktplein in Klankendam afgesloten?")
    with entered(cast.amal):
        conversation = Conversation.objects.get()
        assert conversation.status == "open"
        assert conversation.author_name == "Bea Bewoner"
        assert conversation.waiting_since is not None
        assert Post.objects.get().text.startswith("Waarom")
