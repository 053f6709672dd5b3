"""Reading a scenario file: every fault is said by line, in plain words; a file that is not whole is not taken."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import time
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from klankbord.channels.contract import Permanent, Visibility
from klankbord.channels.exercise.scenario import FOLDER, NETWORKS, Line, Picture, Scenario

LARGEST = 5 * 1024 * 1024  # bytes
MOST_LINES = 5000
LONGEST_LINE = 50_000  # bytes
LONGEST_TEXT = 10_000  # characters
LONGEST_DAY = 7 * 86_400  # seconds
FAULTS_SHOWN = 20

_ID = re.compile(r"[a-z0-9][a-z0-9_.-]{0,79}")
_MOMENT = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")


class Faulty(Permanent):
    """A scenario that cannot be used: what is wrong, by line; line 0 is the file itself."""

    def __init__(self, name: str, faults: list[tuple[int, str]]) -> None:
        self.faults = faults
        number, first = faults[0]
        if number:
            said = _("Line %(number)s of the exercise “%(name)s” is not right: %(problem)s")
        else:
            said = _("The exercise “%(name)s” is not right: %(problem)s")
        super().__init__(said % {"number": number, "name": name, "problem": first})


class _Wrong(Exception):
    """One thing is wrong in one line; the text says what."""


def _short(limit: int) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and len(value) <= limit and "\0" not in value


def _number(value: Any) -> bool:
    return (isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)) and abs(
        value
    ) <= LONGEST_DAY


def _time(value: Any) -> bool:
    try:
        return isinstance(value, str) and time.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


def _pictures(value: Any) -> bool:
    return (
        isinstance(value, list)
        and len(value) <= 10
        and all(
            isinstance(one, dict)
            and set(one) == {"file", "alt"}
            and _short(200)(one["file"])
            and _short(2000)(one["alt"])
            for one in value
        )
    )


# What may stand in a line, and how it is said when it is something else.
FIELDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "id": (
        lambda value: isinstance(value, str) and bool(_ID.fullmatch(value)),
        gettext_noop("“%(field)s” is a short name in small letters, digits and dashes"),
    ),
    "town": (_short(60), gettext_noop("“%(field)s” is a text of at most 60 characters")),
    "network": (
        lambda value: isinstance(value, str) and value in NETWORKS,
        gettext_noop("“%(field)s” is one of: %(networks)s"),
    ),
    "handle": (_short(300), gettext_noop("“%(field)s” is a text of at most 300 characters")),
    "name": (_short(200), gettext_noop("“%(field)s” is a text of at most 200 characters")),
    "text": (_short(LONGEST_TEXT), gettext_noop("“%(field)s” is a text of at most 10,000 characters")),
    "moment": (
        lambda value: isinstance(value, str) and bool(_MOMENT.fullmatch(value)) and _seconds(value) <= LONGEST_DAY,
        gettext_noop("“%(field)s” is a time such as “08:15” or “08:15:30”"),
    ),
    "at_seconds": (_number, gettext_noop("“%(field)s” is a number of seconds, at most a week")),
    "day": (
        lambda value: isinstance(value, int) and not isinstance(value, bool) and abs(value) <= 31,
        gettext_noop("“%(field)s” is a whole number of days, at most 31"),
    ),
    "clock": (_time, gettext_noop("“%(field)s” is a time such as “08:15” or “08:15:30”")),
    "after_answer_to": (_short(80), gettext_noop("“%(field)s” is the id of another line")),
    "after_seconds": (
        lambda value: _number(value) and value >= 0,
        gettext_noop("“%(field)s” is a number of seconds, at most a week"),
    ),
    "parent": (_short(80), gettext_noop("“%(field)s” is the id of another line")),
    "edits": (_short(80), gettext_noop("“%(field)s” is the id of another line")),
    "deletes": (_short(80), gettext_noop("“%(field)s” is the id of another line")),
    "visibility": (
        lambda value: value in tuple(Visibility),
        gettext_noop("“%(field)s” is public, unlisted, followers or direct"),
    ),
    "subject": (_short(400), gettext_noop("“%(field)s” is a text of at most 400 characters")),
    "warning": (_short(400), gettext_noop("“%(field)s” is a text of at most 400 characters")),
    "language": (
        lambda value: isinstance(value, str) and bool(_LANGUAGE.fullmatch(value)),
        gettext_noop("“%(field)s” is a code such as nl or en"),
    ),
    "addressed": (lambda value: isinstance(value, bool), gettext_noop("“%(field)s” is true or false")),
    "attachments": (_pictures, gettext_noop("“%(field)s” is a list of at most 10 pictures, each with file and alt")),
}
NEEDED = ("id", "network", "handle", "name", "text")


def read_scenario(name: str, content: bytes) -> Scenario:
    """Read a whole file; raises :class:`Faulty` with everything that is wrong, at most twenty things."""
    if len(content) > LARGEST:
        raise Faulty(name, [(0, _("the file is larger than 5 MB"))])
    try:
        rows = content.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as problem:
        number = content[: problem.start].count(b"\n") + 1
        raise Faulty(name, [(number, _("this is not text in UTF-8"))]) from problem
    rows = rows[:-1] if rows and not rows[-1].strip() else rows
    if len(rows) > MOST_LINES:
        raise Faulty(name, [(0, _("the file has more than 5,000 lines"))])
    title, clocked = name.capitalize(), False
    lines: dict[str, Line] = {}
    faults: list[tuple[int, str]] = []
    ids = dict(_ids(rows))
    for number, row in enumerate(rows, start=1):
        try:
            said = _object(row)
            if number == 1 and set(said) <= {"scenario", "about"} and _short(100)(said.get("scenario")):
                title = said["scenario"]
                continue
            line = _line(said)
            _check(line, lines, ids, number)
        except _Wrong as problem:
            faults.append((number, str(problem)))
            if len(faults) == FAULTS_SHOWN:
                break
        else:
            lines[line.id] = line
            clocked = clocked or "moment" in said
    if not faults and not lines:
        faults.append((0, _("there is no message in it")))
    if faults:
        raise Faulty(name, faults)
    return Scenario(name, title, lines, clocked)


def _ids(rows: list[str]) -> Iterator[tuple[str, int]]:
    """Which id stands on which line, the last one counts; only to say more about a line that points to it."""
    for number, row in enumerate(rows, start=1):
        found = re.search(r'"id"\s*:\s*"([^"]{1,80})"', row)
        if found:
            yield found[1], number


def _object(row: str) -> dict[str, Any]:
    if len(row.encode()) > LONGEST_LINE:
        raise _Wrong(_("the line is longer than 50,000 characters"))
    try:
        said = json.loads(row, parse_constant=_no_constant, object_pairs_hook=_once)
    except RecursionError:
        raise _Wrong(_("this is not a message as JSON")) from None
    except ValueError as problem:
        column = getattr(problem, "colno", None)
        said_so = _("this is not a message as JSON")
        where = _("position %(column)s") % {"column": column}
        raise _Wrong(f"{said_so} ({where})" if column else said_so) from None
    if not isinstance(said, dict):
        raise _Wrong(_("this is not a message as JSON"))
    return said


def _no_constant(word: str) -> Any:
    raise ValueError(word)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Wrong(_("a field stands in it twice"))
    return made


def _line(said: dict[str, Any]) -> Line:
    unknown = sorted(set(said) - set(FIELDS))
    if unknown:
        raise _Wrong(_("it holds a field that is not known: %(fields)s") % {"fields": ", ".join(unknown)[:200]})
    missing = [field for field in NEEDED if field not in said]
    if missing:
        raise _Wrong(_("this is missing: %(fields)s") % {"fields": ", ".join(missing)})
    for field, value in said.items():
        fits, otherwise = FIELDS[field]
        if not fits(value):
            raise _Wrong(_(otherwise) % {"field": field, "networks": ", ".join(NETWORKS)})
    if not (said["handle"].strip() and (said["text"].strip() or said.get("deletes"))):
        raise _Wrong(_("nobody says this, or nothing is said"))
    network = NETWORKS[said["network"]]
    row = {"visibility": network.usual, "addressed": network.addressed, **said}
    if "moment" in row:
        if "at_seconds" in row:
            raise _Wrong(_when())
        row["at_seconds"] = _seconds(row.pop("moment"))
    pictures = tuple(Picture(**picture) for picture in row.pop("attachments", ()))
    return Line(**row | {"visibility": Visibility(row["visibility"]), "pictures": pictures})


def _seconds(moment: str) -> float:
    found = _MOMENT.fullmatch(moment)
    assert found
    return float(int(found[1]) * 3600 + int(found[2]) * 60 + int(found[3] or 0))


def _when() -> str:
    return _("give one of: moment, at_seconds, day with clock, or after_answer_to")


def _check(line: Line, earlier: Mapping[str, Line], ids: Mapping[str, int], number: int) -> None:
    """What a line points to stands above it, and it says in exactly one way when it is due."""
    if line.id in earlier:
        raise _Wrong(_("the id “%(id)s” stands in the file twice") % {"id": line.id})
    for other in filter(None, (line.parent, line.edits, line.deletes, line.after_answer_to)):
        _check_reference(line, other, earlier, ids, number)
    ways = (line.at_seconds is not None, line.day is not None, bool(line.after_answer_to))
    if sum(ways) != 1 or (line.day is not None) != bool(line.clock):
        raise _Wrong(_when())
    for picture in line.pictures:
        if "/" in picture.file or "\\" in picture.file or not (FOLDER / "pictures" / picture.file).is_file():
            raise _Wrong(_("there is no picture “%(file)s”") % {"file": picture.file})


def _check_reference(line: Line, other: str, earlier: Mapping[str, Line], ids: Mapping[str, int], number: int) -> None:
    if other == line.id:
        raise _Wrong(_("it points to itself"))
    if other not in earlier:
        if ids.get(other, 0) > number:
            raise _Wrong(
                _("it points to “%(id)s”, which only comes below it, on line %(line)s")
                % {"id": other, "line": ids[other]}
            )
        raise _Wrong(_("it points to “%(id)s”, which is not there or is not right") % {"id": other})
    said = earlier[other]
    if (said.town, said.network) != (line.town, line.network):
        raise _Wrong(_("it points to “%(id)s”, which is on another network or of another town") % {"id": other})
    if line.at_seconds is not None and said.at_seconds is not None and said.at_seconds > line.at_seconds:
        raise _Wrong(_("it points to “%(id)s”, which is said later") % {"id": other})
