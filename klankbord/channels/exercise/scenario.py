"""A scenario file: who says what, on which town's pretended network, and when. Its form: ``scenarios/README.md``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from klankbord.channels.contract import Permanent, Visibility

FOLDER = Path(__file__).resolve().parent / "scenarios"
HERE = ZoneInfo("Europe/Amsterdam")

_NAME = re.compile(r"[a-z0-9-]+")


@dataclass(frozen=True, slots=True)
class Picture:
    file: str
    alt: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a scenario. When: ``at_seconds``, or ``day`` and ``clock``, or after our answer to another line."""

    id: str
    town: str
    network: str
    handle: str
    name: str
    text: str
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

    def due(self, start: datetime, speed: float) -> datetime | None:
        """When it is said in an exercise begun at ``start``; None when that hangs on an answer of ours."""
        if self.at_seconds is not None:
            return start + timedelta(seconds=self.at_seconds / (speed if self.at_seconds > 0 else 1))
        if self.day is not None:
            date = start.astimezone(HERE).date() + timedelta(days=self.day)
            return datetime.combine(date, time.fromisoformat(self.clock), HERE)
        return None


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    lines: Mapping[str, Line]

    def of(self, town: str, network: str) -> list[Line]:
        """What is said to one town on one network, in the order of the file."""
        return [line for line in self.lines.values() if line.town == town and line.network == network]

    def root(self, line: Line) -> Line:
        """The first post of the thread that a line belongs to."""
        while line.parent or line.edits or line.deletes:
            line = self.lines[line.parent or line.edits or line.deletes]
        return line


def load_scenario(name: str) -> Scenario:
    """The scenario of that name; Permanent when it is not there or cannot be read."""
    path = FOLDER / f"{name}.jsonl"
    if not _NAME.fullmatch(name) or not path.is_file():
        raise Permanent(_("There is no exercise with the name “%(name)s”.") % {"name": name})
    return _read(name, path, path.stat().st_mtime_ns)


@lru_cache(maxsize=8)
def _read(name: str, path: Path, _changed_at: int) -> Scenario:
    lines: dict[str, Line] = {}
    for number, row in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            line = _line(json.loads(row))
            _check(line, lines)
        except (TypeError, ValueError, KeyError) as problem:
            raise Permanent(
                _("Line %(number)s of the exercise “%(name)s” is not right: %(problem)s")
                % {"number": number, "name": name, "problem": problem}
            ) from problem
        lines[line.id] = line
    return Scenario(name, lines)


def _line(row: dict[str, Any]) -> Line:
    pictures = tuple(Picture(**picture) for picture in row.pop("attachments", ()))
    usual = Visibility.DIRECT if row["network"] == "mail" else Visibility.PUBLIC
    return Line(**row | {"visibility": Visibility(row.get("visibility", usual)), "pictures": pictures})


def _check(line: Line, earlier: Mapping[str, Line]) -> None:
    """What a line points to stands above it, and it says in exactly one way when it is due."""
    if line.id in earlier:
        raise ValueError(f"id {line.id} stands there twice")
    for other in filter(None, (line.parent, line.edits, line.deletes, line.after_answer_to)):
        if (earlier[other].town, earlier[other].network) != (line.town, line.network):
            raise ValueError(f"{other} is on another network")
    ways = (line.at_seconds is not None, line.day is not None, bool(line.after_answer_to))
    if sum(ways) != 1:
        raise ValueError("give at_seconds, day with clock, or after_answer_to")
    if line.day is not None:
        time.fromisoformat(line.clock)
    for picture in line.pictures:
        if not (FOLDER / "pictures" / picture.file).is_file():
            raise ValueError(f"picture {picture.file} is missing")
