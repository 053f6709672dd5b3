"""What a connector's own tests give to the conformance suite: its network, played, with a switch for each fault."""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar, Self

from klankbord.channels.contract import Connector, Json
from klankbord.channels.models import Channel
from klankbord.channels.registry import connectors
from tests.cast import Cast


@dataclass(frozen=True, slots=True)
class Fault:
    """One way in which a network, or we, go wrong."""

    name: str
    coming_in: str
    """What happens to what residents say; empty: nothing in particular."""
    going_out: str
    """What happens to an answer of ours; empty: nothing in particular."""


FAULTS = (
    Fault("duplicate", "the same message is given twice", "the job that sends runs twice"),
    Fault("reorder", "messages are given in another order", ""),
    Fault("lost acknowledgement", "the answer to our question is lost", "taken, but the confirmation is lost"),
    Fault("429", "we ask too often", "we send too often"),
    Fault("5xx", "the server has a fault", "the server has a fault"),
    Fault("slow", "the server takes longer than we wait", "the server takes longer than we wait"),
    Fault("truncated", "the answer breaks off half-way", "the confirmation breaks off half-way"),
    Fault("clock skew", "the network's clock is a day ahead", "the network's clock is a day ahead"),
    Fault("huge", "an answer larger than anybody may send", "a confirmation larger than anybody may send"),
    Fault("hostile", "what comes back is not what was asked for", "the confirmation is nonsense"),
    Fault("SIGKILL", "we die at any statement to the database", "we die at any statement to the database"),
)
BY_NAME = {fault.name: fault for fault in FAULTS}
IN, OUT = "in", "out"
STOPPING = frozenset({"lost acknowledgement", "429", "5xx", "slow", "truncated", "huge", "hostile"})
"""Faults with which nothing can be done until they have passed."""


class Adapter(ABC):
    """A network with one account of ours, on this machine; ``fault`` names what is wrong now, or is empty."""

    connector: ClassVar[type[Connector]]
    exempt: ClassVar[dict[tuple[str, str], str]] = {}
    """(direction, fault) and why it cannot happen on this network: a sentence for the table."""
    stopped_by: ClassVar[frozenset[str]] = STOPPING
    """Faults by which what residents say waits until they have passed."""

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        self.folder, self.monkeypatch = folder, monkeypatch
        self._fault = ""

    @property
    def fault(self) -> str:
        return self._fault

    @fault.setter
    def fault(self, name: str) -> None:
        self._fault = name
        self.fault_changed()

    def fault_changed(self) -> None:  # noqa: B027  not every network has something to prepare
        """The suite set another fault."""

    def connected(self, cast: Cast, channel: Channel) -> None:  # noqa: B027  a network of others is found by itself
        """The account is connected: where residents or colleagues hand in at our own door, this is the door."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_problem: object) -> None:  # noqa: B027  not every network has something to take down
        """Take the network down."""

    @property
    @abstractmethod
    def settings(self) -> Json:
        """What an administrator would have filled in."""

    @property
    def secrets(self) -> dict[str, str]:
        return {}

    @abstractmethod
    def say(self, text: str) -> None:
        """A resident says something to us."""

    def again(self) -> None:  # noqa: B027  a network gives by itself what was not taken
        """The fault has passed: who got no thanks hands it in once more."""

    def stopped(self, failing: bool) -> bool:
        """Whether what was said waits now; ``failing``: the house says that it cannot hear this account."""
        return failing

    @abstractmethod
    def received(self) -> list[str]:
        """The texts of our answers as the network has them, counted there and not in our own tables."""


def adapters() -> dict[str, type[Adapter] | None]:
    """For each connector that there is, its adapter; None while it has none."""
    found: dict[str, type[Adapter] | None] = {}
    for kind, connector in sorted(connectors().items()):
        module = f"{connector.__module__.rpartition('.')[0]}.tests.conformance"
        found[kind] = importlib.import_module(module).Network if find_spec(module) else None
    return found
