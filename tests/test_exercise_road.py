"""The whole scenario goes down the real road: everything lands, nothing twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from klankbord.channels import registry
from klankbord.channels.actions import connect_channel
from klankbord.channels.exercise.channel import Exercise
from klankbord.channels.exercise.scenario import load_scenario
from klankbord.channels.models import Arrival, Channel, Source
from klankbord.inbox.models import Conversation
from klankbord.intake.flow import _fetch, take_in
from klankbord.posts.models import Attachment, Post
from klankbord.posts.overheard import find_uri
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Organisation
from tests.cast import Cast


@pytest.fixture
def begin(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Callable[[Organisation, str, str], Channel]:
    """An exercise that began two hours ago, so that everything in it has been said."""
    monkeypatch.setattr(registry, "connectors", lambda: {"exercise": Exercise})
    started_at = (datetime.now(UTC) - timedelta(hours=2)).isoformat()

    def start(organisation: Organisation, town: str, network: str) -> Channel:
        settings = {"scenario": "klankendam", "town": town, "network": network, "started_at": started_at}
        with acting_for(organisation.pk):
            return connect_channel(organisation, "exercise", f"{town} {network} (oefening)", settings, {}, by=None)

    return start


def collect(channel: Channel) -> None:
    source = Source.objects.get(pk=channel.source_id)
    _fetch(source, Exercise(channel.settings, {}), datetime.now(UTC))
    take_in(channel.organisation_id, channel.pk)


def spoken(town: str, network: str) -> list[Any]:
    lines = load_scenario("klankendam").of(town, network)
    return [line for line in lines if not (line.after_answer_to or line.edits or line.deletes)]


@pytest.mark.parametrize("network", ["mail", "fediverse"])
def test_everything_said_to_klankendam_lands_once(
    cast: Cast, begin: Callable[[Organisation, str, str], Channel], network: str
) -> None:
    channel = begin(cast.klankendam, "klankendam", network)
    collect(channel)
    collect(channel)
    lines = spoken("klankendam", network)
    with acting_for(cast.klankendam.pk):
        assert not Arrival.objects.filter(channel=channel).exclude(state=Arrival.State.PARSED).exists()
        found = {uri.rpartition("/")[2] for uri in Post.objects.filter(channel=channel).values_list("uri", flat=True)}
        addressed = {line.id for line in lines if line.addressed}
        # what was only overheard is kept under another name
        uris = [Exercise(channel.settings, {})._uri(line) for line in lines]
        known = {line.id for line in lines} | {find_uri(cast.klankendam.pk, uri) for uri in uris}
        assert addressed <= found <= known
        roots = {load_scenario("klankendam").root(line).id for line in lines if line.addressed}
        assert Conversation.objects.filter(channel=channel).count() == len(roots)


def test_pictures_edits_and_deletions_arrive(cast: Cast, begin: Callable[[Organisation, str, str], Channel]) -> None:
    channel = begin(cast.klankendam, "klankendam", "fediverse")
    collect(channel)
    with acting_for(cast.klankendam.pk):
        bridge = Post.objects.get(channel=channel, uri__endswith="/brug-open")
        assert "half uur" in bridge.text
        assert Attachment.objects.get(post=bridge).alt_text.startswith("Tekening: een ophaalbrug")
        gone = Post.objects.get(channel=channel, uri__endswith="/trol-scheld")
        assert (gone.text, gone.deleted_at is not None) == ("", True)
