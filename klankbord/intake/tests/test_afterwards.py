"""What comes in about things that we have already: an edit, word of an answer."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from klankbord.channels.contract import DeliveryFailed, DeliverySeen, Event
from klankbord.channels.models import Arrival
from klankbord.posts.queries import search_threads
from klankbord.tenancy.fence import acting_for, entered
from tests.cast import Cast
from tests.paper import Paper

Say = Callable[..., None]


@pytest.mark.parametrize("event", [DeliverySeen(""), DeliveryFailed("", "weg", permanent=True)])
def test_word_of_an_answer_without_identity_is_about_no_answer(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch, event: Event
) -> None:
    monkeypatch.setattr(Paper, "parse", lambda self, body: [event])
    say(cast.square, "u1", "x")
    with acting_for(cast.klankendam.pk):
        assert Arrival.objects.get().state == "quarantined"


def test_who_changed_a_message_is_still_found_by_name(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    say(cast.square, "u1", "De lantaarn doet het weer.", key="edited")
    with entered(cast.amal):
        assert search_threads("Bea Bewoner weer", [cast.square.pk], 10) == ([(cast.klankendam.pk, "u1")], False)
