"""Reading exercises: one is the set of channels that share its key in their settings; where it is stands there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from klankbord.channels.contract import Permanent
from klankbord.channels.exercise.channel import Exercise
from klankbord.channels.exercise.clock import Clock, clock_from
from klankbord.channels.exercise.scenario import NETWORKS, Scenario, load_scenario
from klankbord.channels.models import Channel
from klankbord.tenancy.models import Organisation


@dataclass(frozen=True, slots=True)
class Part:
    """One pretended network of an exercise."""

    channel: Channel
    label: Any
    told: int
    total: int


@dataclass(frozen=True)
class Held:
    """One exercise of one organisation."""

    key: str
    channels: list[Channel]
    scenario: Scenario | None
    """None when its file is gone or faulty."""

    @property
    def organisation(self) -> Organisation:
        return self.channels[0].organisation

    @property
    def title(self) -> str:
        return str(self.channels[0].settings["title"])

    @property
    def town(self) -> str:
        return str(self.channels[0].settings["town"])

    @property
    def clock(self) -> Clock:
        return clock_from(self.channels[0].settings["clock"])

    @property
    def clearing(self) -> bool:
        return "clearing" in self.channels[0].settings

    @property
    def parts(self) -> list[Part]:
        if self.scenario is None:
            return []
        return [
            Part(
                channel,
                NETWORKS[network].label,
                Exercise(channel.settings, {}).told(channel.source.cursor),
                len(self.scenario.of(self.town, network)),
            )
            for channel in self.channels
            for network in [channel.settings["network"]]
        ]

    def position(self, now: datetime) -> float:
        """Seconds in the scenario; not beyond its end."""
        here = self.clock.position(now)
        return min(here, self.scenario.ends) if self.scenario else here

    def over(self, now: datetime) -> bool:
        """Everything that is said by the clock has been said."""
        return self.scenario is not None and self.clock.position(now) >= self.scenario.ends


def exercises_of(organisations: list[int], key: str = "") -> list[Held]:
    """The exercises of these organisations, the newest first; or only the one with this key."""
    found = Channel.objects.filter(organisation__in=organisations, settings__has_key="exercise")
    if key:
        found = found.filter(settings__exercise=key)
    by_key: dict[tuple[int, str], list[Channel]] = {}
    for channel in found.select_related("source", "organisation").order_by("-pk"):
        by_key.setdefault((channel.organisation_id, channel.settings["exercise"]), []).insert(0, channel)
    return [
        Held(name, channels, _scenario(channels[0].settings["scenario"])) for (_o, name), channels in by_key.items()
    ]


def _scenario(name: str) -> Scenario | None:
    try:
        return load_scenario(name)
    except Permanent:
        return None
