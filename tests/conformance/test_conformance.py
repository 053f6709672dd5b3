"""Every connector, every fault: through the real road, and counted at the network."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from klankbord.channels import registry
from klankbord.channels.actions import connect_channel
from klankbord.channels.models import Arrival, Delivery, Source
from klankbord.inbox import actions, sending
from klankbord.inbox.models import Conversation
from klankbord.intake.flow import collect
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.conformance.adapter import BY_NAME, FAULTS, IN, OUT, STOPPING, Adapter, adapters
from tests.conformance.table import TABLE, table
from tests.failpoints import Killed, an_hour_later, at_every_statement, do_jobs, kill

FOUND = {kind: adapter for kind, adapter in adapters().items() if adapter}


def tried(way: str) -> list[tuple[str, str]]:
    """The connectors and faults that are tried in this direction."""
    return [
        (kind, fault.name)
        for kind, adapter in FOUND.items()
        for fault in FAULTS
        if (fault.coming_in if way == IN else fault.going_out) and (way, fault.name) not in adapter.exempt
    ]


class Line:
    """One connected account in the house, and its network."""

    def __init__(self, cast: Cast, network: Adapter) -> None:
        self.cast, self.network, self.house = cast, network, cast.klankendam
        kind = network.connector.kind
        with acting_for(self.house.pk):
            self.channel = connect_channel(
                self.house, kind, f"{kind} (oefening)", network.settings, network.secrets, by=None
            )
        network.connected(cast, self.channel)

    def listen(self) -> None:
        """One look at the network, whatever it waits for."""
        Source.objects.exclude(kind="paper").update(
            next_fetch_at=timezone.now() - timedelta(hours=1), leased_until=None
        )
        while collect(timezone.now()):
            continue
        do_jobs()

    def heard(self) -> list[str]:
        with acting_for(self.house.pk):
            found = Post.objects.filter(channel=self.channel, direction=Post.Direction.IN)
            texts = found.values_list("text", flat=True)
            # what the house writes below it (a reference, who took it down) is not of the resident
            return sorted(text.removeprefix("@gemeente").strip().partition("\n\n")[0] for text in texts)

    def answer(self, text: str) -> Delivery:
        with acting_for(self.house.pk):
            conversation = Conversation.objects.select_related("channel").filter(channel=self.channel).latest("pk")
            last = Post.objects.filter(root_uri=conversation.root_uri).latest("pk")
            actions.reply(
                conversation, text, by=self.cast.gijs, client_id=uuid.uuid4(), seen=last.pk, now=timezone.now()
            )
            return Delivery.objects.latest("pk")

    def stopped(self) -> bool:
        return self.network.stopped(Source.objects.get(pk=self.channel.source_id).failing_since is not None)

    def state(self, delivery: Delivery) -> str:
        with acting_for(self.house.pk):
            return str(Delivery.objects.get(pk=delivery.pk).state)


@pytest.fixture
def line(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Iterator[Line]:
    adapter: Any = FOUND[request.node.callspec.params["kind"]]
    known = {**registry.connectors(), adapter.connector.kind: adapter.connector}
    monkeypatch.setattr(registry, "connectors", lambda: known)
    with adapter(tmp_path, monkeypatch) as network:
        yield Line(cast, network)


@pytest.mark.parametrize(("kind", "fault"), tried(IN))
def test_what_residents_say_arrives_once_whatever_goes_wrong(line: Line, kind: str, fault: str) -> None:
    line.network.say("nul")
    line.listen()
    assert line.heard() == ["nul"]
    if fault == "SIGKILL":
        killed_while_listening(line)
        return
    line.network.fault = fault
    for text in ("een", "twee", "drie"):
        line.network.say(text)
    line.listen()
    assert (fault in line.network.stopped_by) == line.stopped(), "the fault did not strike"
    line.network.fault = ""
    line.network.again()
    line.listen()
    line.network.say("vier")
    line.listen()
    line.listen()
    assert line.heard() == ["drie", "een", "nul", "twee", "vier"]
    with acting_for(line.house.pk):
        assert not Arrival.objects.filter(channel=line.channel).exclude(state=Arrival.State.PARSED).exists()
    assert not line.stopped()


def killed_while_listening(line: Line) -> None:
    said = ["nul"]

    def scenario(number: int) -> Iterator[None]:
        said.append(f"bericht {number}")
        Source.objects.filter(pk=line.channel.source_id).update(
            next_fetch_at=timezone.now() - timedelta(hours=1), leased_until=None
        )
        yield
        with suppress(Killed):
            line.network.say(f"bericht {number}")
            collect(timezone.now())
            do_jobs()
        yield
        line.network.again()
        Source.objects.update(leased_until=None)
        an_hour_later(line.house.pk)
        line.listen()
        assert line.heard() == sorted(said)

    assert at_every_statement(kill, scenario) > 15


@pytest.mark.parametrize(("kind", "fault"), tried(OUT))
def test_an_answer_is_never_there_twice_and_never_called_sent_when_it_is_not(line: Line, kind: str, fault: str) -> None:
    line.network.say("vraag")
    line.listen()
    if fault == "SIGKILL":
        killed_while_sending(line)
        return
    delivery = line.answer("Antwoord een")
    line.network.fault = fault
    if fault == "duplicate":
        for _twice in range(2):
            sending.send(line.house.pk, delivery.pk)
    do_jobs()
    assert (fault in STOPPING) == (line.state(delivery) != Delivery.State.SENT), "the fault did not strike"
    line.network.fault = ""
    an_hour_later(line.house.pk)
    state, there = line.state(delivery), line.network.received()
    assert len(there) <= 1
    assert there == ["Antwoord een"] or state != Delivery.State.SENT
    # only a person may give up on it: what certainly did not leave goes by itself
    assert state in (Delivery.State.SENT, Delivery.State.UNCERTAIN)
    if fault in ("429", "duplicate", "clock skew", "lost acknowledgement"):
        assert (state, there) == (Delivery.State.SENT, ["Antwoord een"])


def killed_while_sending(line: Line) -> None:
    sent = []

    def scenario(number: int) -> Iterator[None]:
        text = f"Antwoord {number}"
        delivery = line.answer(text)
        yield
        with suppress(Killed):
            do_jobs()
        yield
        an_hour_later(line.house.pk)
        assert line.network.received().count(text) <= 1
        state = line.state(delivery)
        assert (line.network.received().count(text) == 1) or state == Delivery.State.UNCERTAIN
        sent.append(text)

    assert at_every_statement(kill, scenario) > 5
    assert sent


def test_each_fault_is_one_that_the_list_names() -> None:
    for adapter in FOUND.values():
        for way, fault in adapter.exempt:
            assert way in (IN, OUT)
            assert fault in BY_NAME


def test_the_table_in_the_documentation_is_up_to_date() -> None:
    assert TABLE.read_text(encoding="utf-8") == table(), "run: python -m tests.conformance.table"
