"""A scenario: who says what, on which town's pretended network, and when. Its form: ``docs/exercise.md``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from klankbord.channels.contract import Permanent, Visibility
from klankbord.channels.exercise.clock import Clock

FOLDER = Path(__file__).resolve().parent / "scenarios"
HERE = ZoneInfo("Europe/Amsterdam")
QUARTER = 900  # seconds

_NAME = re.compile(r"[a-z0-9_-]{1,60}")


@dataclass(frozen=True, slots=True)
class Network:
    """A network that an exercise pretends to be: its name, and who sees what is said there unless a line says so."""

    label: Any
    usual: Visibility
    addressed: bool = True


NETWORKS: dict[str, Network] = {
    "fediverse": Network(gettext_lazy("Fediverse"), Visibility.PUBLIC),
    "forum": Network(gettext_lazy("Neighbourhood forum"), Visibility.PUBLIC, addressed=False),
    "news": Network(gettext_lazy("News"), Visibility.PUBLIC, addressed=False),
    "mail": Network(gettext_lazy("E-mail"), Visibility.DIRECT),
    "form": Network(gettext_lazy("Contact form"), Visibility.DIRECT),
    "chat": Network(gettext_lazy("Chat"), Visibility.DIRECT),
}


@dataclass(frozen=True, slots=True)
class Picture:
    file: str
    alt: str


@dataclass(frozen=True, slots=True)
class Line:
    """One message. When: ``at_seconds``, or ``day`` and ``clock``, or after our answer to another one."""

    id: str
    network: str
    handle: str
    name: str
    text: str
    town: str = ""
    at_seconds: float | None = None
    day: int | None = None
    clock: str = ""
    after_answer_to: str = ""
    after_seconds: float = 0
    parent: str = ""
    visibility: Visibility = Visibility.PUBLIC
    subject: str = ""
    warning: str = ""
    language: str = "nl"
    addressed: bool = True
    edits: str = ""
    deletes: str = ""
    pictures: tuple[Picture, ...] = ()

    def due(self, clock: Clock) -> datetime | None:
        """When it is said by this clock; None when that is not known yet, or hangs on an answer of ours."""
        if clock.begun is None:
            return None
        if self.at_seconds is not None:
            return clock.moment(self.at_seconds)
        if self.day is not None:
            date = clock.begun.astimezone(HERE).date() + timedelta(days=self.day)
            return datetime.combine(date, time.fromisoformat(self.clock), HERE)
        return None


@dataclass(frozen=True)
class Scenario:
    name: str
    title: str
    lines: Mapping[str, Line]
    by_the_clock: bool = False
    """True when its moments are times of a day, so that the clock of the exercise shows such a time."""
    places: dict[tuple[str, str], list[Line]] = field(default_factory=dict, compare=False)

    @cached_property
    def opens(self) -> float:
        """Where its clock begins: with times of a day, the quarter of an hour in which somebody speaks first."""
        moments = [line.at_seconds for line in self.lines.values() if line.at_seconds is not None]
        return min(moments) // QUARTER * QUARTER if self.by_the_clock and moments else 0.0

    @cached_property
    def ends(self) -> float:
        """When the last message by the clock is said, in seconds of the scenario."""
        return max((line.at_seconds for line in self.lines.values() if line.at_seconds is not None), default=0.0)

    @cached_property
    def towns(self) -> list[str]:
        return sorted({line.town for line in self.lines.values() if line.town})

    def networks(self, town: str) -> list[str]:
        """The networks on which something is said to this town, or with an empty name to any."""
        used = {line.network for line in self.lines.values() if town in ("", line.town)}
        return [network for network in NETWORKS if network in used]

    def of(self, town: str, network: str) -> list[Line]:
        """What is said to one town on one network, in the order of the file; with an empty name to all towns."""
        if (town, network) not in self.places:
            self.places[town, network] = [
                line for line in self.lines.values() if line.network == network and town in ("", line.town)
            ]
        return self.places[town, network]

    def root(self, line: Line) -> Line:
        """The first post of the thread that a line belongs to."""
        while line.parent or line.edits or line.deletes:
            line = self.lines[line.parent or line.edits or line.deletes]
        return line


def _brought() -> Path:
    """Where the scenarios are kept that people brought themselves; in the folder that goes along in a backup."""
    return Path(settings.DATA) / "media" / "exercises"


def load_scenario(name: str) -> Scenario:
    """The scenario of that name; Permanent when it is not there or cannot be read."""
    for folder in (FOLDER, _brought()):
        path = folder / f"{name}.jsonl"
        if _NAME.fullmatch(name) and path.is_file():
            return _read(name, path, path.stat().st_mtime_ns)
    raise Permanent(_("There is no exercise with the name “%(name)s”.") % {"name": name})


@lru_cache(maxsize=8)
def _read(name: str, path: Path, _changed_at: int) -> Scenario:
    from klankbord.channels.exercise.reading import read_scenario

    return read_scenario(name, path.read_bytes())


def keep_scenario(content: bytes) -> str:
    """Keep a file that was read without faults; the name by which it can be loaded."""
    name = f"eigen-{hashlib.sha256(content).hexdigest()[:24]}"
    path = _brought() / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    growing = path.with_suffix(".part")
    growing.write_bytes(content)
    growing.replace(path)
    return name


def scenarios() -> list[tuple[str, str]]:
    """The scenarios that come with Klankbord, by name and title."""
    return [(path.stem, load_scenario(path.stem).title) for path in sorted(FOLDER.glob("*.jsonl"))]
