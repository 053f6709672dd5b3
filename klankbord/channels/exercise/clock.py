"""The clock of an exercise: it starts, stops and runs faster, and after a blackout it goes on where it was. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from klankbord.channels.contract import Json

SLOWEST, FASTEST = 0.1, 600.0
GRACE = timedelta(seconds=15)
"""How far the clock runs on without a beat. Longer means that the house was away, and that time does not count."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """From ``since`` on the clock runs from ``position`` (seconds in the scenario) at ``speed``; 0: it rests."""

    since: datetime
    position: float
    speed: float


@dataclass(frozen=True, slots=True)
class Clock:
    """Where an exercise is, as a list of stretches: what was said when stays the same, however often one asks."""

    stretches: tuple[Stretch, ...] = ()
    opens: float = 0
    """Where it stands before it was ever started, in seconds of the scenario."""
    speed: float = 1
    """What it runs at, also while it rests."""
    last_beat: datetime | None = None
    """When the house was last there; None: it runs by the wall clock and needs no beat."""

    @property
    def begun(self) -> datetime | None:
        return self.stretches[0].since if self.stretches else None

    @property
    def running(self) -> bool:
        return bool(self.stretches) and self.stretches[-1].speed > 0

    def position(self, now: datetime) -> float:
        """Seconds in the scenario."""
        if not self.stretches:
            return self.opens
        last = self.stretches[-1]
        return last.position + max(0.0, (self.reached(now) - last.since).total_seconds()) * last.speed

    def reached(self, now: datetime) -> datetime:
        """The moment up to which the clock counts: now, unless the house was away."""
        return now if self.last_beat is None else min(now, self.last_beat + GRACE)

    def moment(self, position: float) -> datetime | None:
        """When the clock stood at this position; None: not yet. Before its beginning: the past, at its own pace."""
        if not self.stretches:
            return None
        first, last = self.stretches[0], self.stretches[-1]
        if position < first.position:
            return first.since - timedelta(seconds=first.position - position)
        for stretch, following in pairwise(self.stretches):
            if stretch.speed and position <= following.position:
                return stretch.since + timedelta(seconds=(position - stretch.position) / stretch.speed)
        if not last.speed:
            return None
        return last.since + timedelta(seconds=(position - last.position) / last.speed)

    def started(self, now: datetime) -> Clock:
        return self if self.running else self._on_from(now, self.speed)

    def paused(self, now: datetime) -> Clock:
        return self._on_from(now, 0) if self.running else self

    def at_speed(self, speed: float, now: datetime) -> Clock:
        """Another pace, from now on or from the next start on."""
        if not SLOWEST <= speed <= FASTEST:
            raise ValueError(f"a clock does not run at {speed}")
        changed = replace(self, speed=speed)
        return changed._on_from(now, speed) if self.running and speed != self.speed else changed

    def beat(self, now: datetime) -> Clock:
        """The house is there. Time in which it was not is a rest: nothing was said meanwhile."""
        if not self.running or self.last_beat is None or now <= self.last_beat:
            return self
        stopped = self.last_beat + GRACE
        if now <= stopped:
            return replace(self, last_beat=now)
        position = self.position(stopped)
        rest = (Stretch(stopped, position, 0.0), Stretch(now, position, self.speed))
        return replace(self, stretches=self.stretches + rest, last_beat=now)

    def _on_from(self, now: datetime, speed: float) -> Clock:
        here = self.beat(now)
        stretch = Stretch(now, here.position(now), speed)
        return replace(here, stretches=(*here.stretches, stretch), last_beat=now)

    def as_json(self) -> Json:
        return {
            "stretches": [[one.since.isoformat(), one.position, one.speed] for one in self.stretches],
            "opens": self.opens,
            "speed": self.speed,
            "last_beat": self.last_beat.isoformat() if self.last_beat else None,
        }


def clock_from(said: Any) -> Clock:
    """The clock that ``as_json`` wrote; ValueError, TypeError or KeyError when it is none."""
    return Clock(
        tuple(Stretch(datetime.fromisoformat(since), position, speed) for since, position, speed in said["stretches"]),
        said["opens"],
        said["speed"],
        datetime.fromisoformat(said["last_beat"]) if said["last_beat"] else None,
    )


def running_since(start: datetime, speed: float) -> Clock:
    """A clock that was started once and follows the wall clock, also when nobody is there: the demo."""
    return Clock((Stretch(start, 0.0, speed),), speed=speed)
