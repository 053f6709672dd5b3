"""A channel whose password this installation cannot read says so on its page, and holds up nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.channels.models import Arrival, Channel, ChannelSecret, Source
from klankbord.channels.queries import health
from klankbord.intake.flow import collect
from klankbord.intake.listen import Ear
from klankbord.intake.persons import forget_person, known_as
from klankbord.intake.rereading import reread_open_conversations
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import User
from tests.cast import Cast
from tests.paper import Paper, envelope

Say = Callable[..., None]


def restored_without_its_key(channel: Channel) -> None:
    with acting_for(channel.organisation_id):
        ChannelSecret.objects.update_or_create(
            organisation_id=channel.organisation_id, channel=channel, defaults={"ciphertext": b"of another key"}
        )


def test_it_says_so_on_its_page_and_the_others_are_fetched(cast: Cast, client_of: Callable[[User], Client]) -> None:
    restored_without_its_key(cast.square)
    now = timezone.now()
    Source.objects.update(next_fetch_at=now + timedelta(hours=1))
    Source.objects.filter(pk=cast.square.source_id).update(next_fetch_at=now - timedelta(minutes=2))
    Source.objects.filter(pk=cast.mail.source_id).update(next_fetch_at=now - timedelta(minutes=1))
    Paper.tray.append(envelope("u1", "De lantaarn is stuk."))
    assert collect(now)
    assert collect(now)
    with acting_for(cast.klankendam.pk):
        assert Arrival.objects.get().channel_id == cast.mail.pk
        square = Channel.objects.select_related("source").get(pk=cast.square.pk)
        assert health(square, now).state == "failing"
    page = client_of(cast.chantal).get(f"/channels/{cast.square.pk}/").content.decode()
    assert "Vul het opnieuw in" in page


def test_the_others_are_still_listened_to(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    restored_without_its_key(cast.square)
    monkeypatch.setattr(Paper, "can_wait", True)
    monkeypatch.setattr(Ear, "watch", lambda *_: None)
    ear = Ear(threading.Event(), threading.Event())
    ear.tend()
    assert cast.mail.source_id in ear.watchers
    assert cast.square.source_id not in ear.watchers


def test_the_others_are_still_read_again(cast: Cast, say: Say) -> None:
    say(cast.mail, "u1", "De lantaarn is stuk.")
    Paper.tray.append(envelope("u1", "De lantaarn doet het.", key="edited"))
    restored_without_its_key(cast.square)
    reread_open_conversations()
    with acting_for(cast.klankendam.pk):
        assert Arrival.objects.filter(channel=cast.mail).count() == 2


def test_a_person_is_forgotten_all_the_same(cast: Cast, say: Say) -> None:
    say(cast.square, "u1", "De lantaarn is stuk.")
    restored_without_its_key(cast.square)
    with acting_for(cast.klankendam.pk):
        (known,) = known_as(cast.klankendam.pk, "@bewoner")
        forget_person(known.author, timezone.now(), by=None)
        assert Post.objects.get().text == ""
        assert Arrival.objects.get().body is None
