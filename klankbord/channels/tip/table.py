"""A file with rows (CSV) as notes: columns by their heading, errors by their line, all or nothing. Pure."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass, field
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from klankbord.base.text.clean import safe_text
from klankbord.channels.mail.identity import valid_address
from klankbord.channels.tip.message import Note

MOST_ROWS = 1000
LONGEST = {"text": 10_000, "name": 100, "phone": 40, "email": 254, "subject": 150, "place": 200}
HEADINGS = {
    "text": "bericht tekst vraag melding klacht tip omschrijving toelichting inhoud text message question description",
    "name": "naam afzender melder bewoner inwoner name sender",
    "phone": "telefoon telefoonnummer tel mobiel phone telephone",
    "email": "email emailadres mail mailadres",
    "subject": "onderwerp titel kop subject title",
    "place": "plaats locatie adres straat place location address",
    "at": "datum tijd tijdstip moment wanneer binnengekomen ontvangen date time datetime received",
}
DATES = (
    "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d-%m-%y",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and on which line of the file; 0 for the file as a whole."""

    line: int
    what: str


@dataclass(slots=True)
class Table:
    """What a file holds. Only without faults it may come in."""

    columns: dict[str, str] = field(default_factory=dict)
    """What each heading of the file is taken for; a heading for which there is no place stands for itself."""
    notes: list[Note] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_table(raw: bytes, now: datetime) -> Table:
    """The notes in a file. Never raises for what stands in it: that is in ``faults``."""
    table = Table()
    text = _decode(raw)
    if text is None:
        table.faults.append(Fault(0, _("This is not a text file. Save it as CSV and try again.")))
        return table
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True))
    except csv.Error as problem:
        table.faults.append(Fault(0, _("The rows cannot be told apart: %(problem)s") % {"problem": problem}))
        return table
    rows = [(number, cells) for number, cells in enumerate(lines, 1) if any(cell.strip() for cell in cells)]
    if len(rows) < 2:
        table.faults.append(Fault(0, _("This file has no rows under its headings.")))
        return table
    headings = [safe_text(cell).strip() for cell in rows[0][1]]
    places = _places(headings, table)
    if len(rows) - 1 > MOST_ROWS:
        words = {"count": len(rows) - 1, "most": MOST_ROWS}
        table.faults.append(Fault(0, _("This file has %(count)s rows; at most %(most)s fit. Cut it up.") % words))
    if not table.faults:
        for number, cells in rows[1:]:
            _read_row(number, cells, headings, places, now, table)
    return table


def _decode(raw: bytes) -> str | None:
    """Spreadsheets write UTF-8 with a mark, or the old alphabet of Windows."""
    if b"\0" in raw:
        try:
            return raw.decode("utf-16") if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else None
        except UnicodeDecodeError:
            return None
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _delimiter(text: str) -> str:
    first = text.lstrip().partition("\n")[0]
    return max(";,\t", key=first.count)


def _places(headings: list[str], table: Table) -> list[str]:
    """For each column the part of a note it fills, or empty; notes faults on the headings themselves."""
    known = {word: part for part, words in HEADINGS.items() for word in words.split()}
    places: list[str] = []
    for heading in headings:
        part = known.get(re.sub(r"[^a-z]", "", heading.lower().split("(")[0]), "")
        if part and part in places:
            part = ""
        places.append(part)
        table.columns[heading] = part
    if "text" not in places:
        what = _("No column holds the message. Call one of the headings “bericht”. Found: %(headings)s")
        table.faults.append(Fault(1, what % {"headings": ", ".join(filter(None, headings))[:300]}))
    return places


def _read_row(
    number: int, cells: list[str], headings: list[str], places: list[str], now: datetime, table: Table
) -> None:
    if len(cells) > len(headings):
        table.faults.append(Fault(number, _("This row has more columns than there are headings.")))
        return
    values = [safe_text(cell).strip() for cell in cells] + [""] * (len(headings) - len(cells))
    said = {part: value for part, value in zip(places, values, strict=True) if part}
    more = tuple((h, v) for h, part, v in zip(headings, places, values, strict=True) if not part and h and v)
    wrong = [
        _("%(heading)s has %(count)s characters; at most %(most)s fit.")
        % {"heading": headings[places.index(part)], "count": len(value), "most": LONGEST[part]}
        for part, value in said.items()
        if len(value) > LONGEST.get(part, 10_000)
    ]
    if not said["text"]:
        wrong.append(_("The message is empty."))
    email = said.get("email", "").lower()
    if email and not valid_address(email):
        wrong.append(_("“%(value)s” is not a mail address.") % {"value": email[:100]})
    at = _moment(said.get("at", ""), now)
    if at is None:
        wrong.append(_("“%(value)s” is not a date. Write 31-12-2025 14:30.") % {"value": said["at"][:100]})
    elif at > now:
        wrong.append(_("This date has not come yet."))
    table.faults += [Fault(number, what) for what in wrong]
    if wrong or at is None:
        return
    table.notes.append(
        Note(
            text=said["text"],
            at=at,
            name=said.get("name", ""),
            phone=said.get("phone", ""),
            email=email,
            subject=said.get("subject", ""),
            place=said.get("place", ""),
            came_by="file",
            dated=said.get("at", ""),
            more=more,
        )
    )


def _moment(text: str, now: datetime) -> datetime | None:
    """A moment as people and spreadsheets write it; now when there is none, None when it cannot be read."""
    if not text:
        return now
    found: datetime | None = None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        for form in DATES:
            try:
                found = datetime.strptime(text, form)  # noqa: DTZ007  made aware below
            except ValueError:
                continue
            break
    try:
        return found if found is None or found.tzinfo else timezone.make_aware(found)
    except (ValueError, OverflowError):
        return None
