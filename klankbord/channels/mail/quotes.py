"""Separates what somebody writes now from the earlier mail quoted around it."""

from __future__ import annotations

import re
from typing import NamedTuple


class Cut(NamedTuple):
    """The words of this mail and the history that was taken out."""

    text: str
    quoted: str


_QUOTED = re.compile(r"^\s{0,3}>")
_WEEKDAY_OR_DATE = r"[^\n]{0,250}\d[^\n]{0,250}"
_ATTRIBUTIONS = [
    # Dutch, as Gmail and Apple Mail write it, and as Thunderbird does
    re.compile(rf"^\W{{0,3}}Op\s{_WEEKDAY_OR_DATE}\b(schreef|heeft)\b[^\n]{{0,250}}:\s*$", re.IGNORECASE),
    re.compile(rf"^[^\n]{{1,200}}\bschreef\s+op\s{_WEEKDAY_OR_DATE}:\s*$", re.IGNORECASE),
    # English
    re.compile(rf"^\W{{0,3}}On\s{_WEEKDAY_OR_DATE}\bwrote:\s*$", re.IGNORECASE),
    re.compile(rf"^[^\n]{{1,200}}\bwrote\s+on\s{_WEEKDAY_OR_DATE}:\s*$", re.IGNORECASE),
    # German and French, for who lives near the border or just moved here
    re.compile(rf"^\W{{0,3}}Am\s{_WEEKDAY_OR_DATE}\bschrieb\b[^\n]{{0,250}}:\s*$", re.IGNORECASE),
    re.compile(rf"^\W{{0,3}}Le\s{_WEEKDAY_OR_DATE}\ba\s+écrit\s*:\s*$", re.IGNORECASE),
    # "A <a@b> schreef:" without a date
    re.compile(r"^[^\n]{0,200}<[^<>\s]{1,200}@[^<>\s]{1,200}>\s*(schreef|wrote)\s*:\s*$", re.IGNORECASE),
]
_VERB = re.compile(r"\b(schreef|heeft|wrote|schrieb|écrit)\b", re.IGNORECASE)
_WRITTEN_BY_PROGRAM = re.compile(r"\b\d{1,2}[:.]\d{2}\b|[^\s@<>]@[^\s@<>]")
_SEPARATOR = re.compile(
    r"^\s*[-_]{2,}\s*(oorspronkelijk|origine(e)?l|original|ursprüngliche)\S*\s+(bericht|message|e-?mail|nachricht)\s*[-_]{2,}\s*$",
    re.IGNORECASE,
)
_FORWARD = re.compile(
    r"^\s*([-_>]{0,12}\s*(doorgestuurd\s+bericht|forwarded\s+message|begin\s+forwarded\s+message|begin\s+doorgestuurd\s+bericht)\b)",
    re.IGNORECASE,
)
_FORWARD_SUBJECT = re.compile(r"^\s*((re|antw|aw)\s*:\s*)*(fwd?|fw|doorst|dv|wg)\s*:", re.IGNORECASE)
_FROM_LINE = re.compile(r"^\s*\*?(Van|From|Von|De)\s*:\*?\s", re.IGNORECASE)
_OTHER_LINE = re.compile(
    r"^\s*\*?(Verzonden|Datum|Sent|Date|Gesendet|Aan|To|An|CC|Onderwerp|Subject|Betreff|Envoyé|À|Objet)( op)?\s*:\*?\s",
    re.IGNORECASE,
)
_RULE = re.compile(r"^\s*_{8,}\s*$")
_LONGEST_ATTRIBUTION = 4
_HEADER_LINES = 8


def cut_quoted(text: str, subject: str = "") -> Cut:
    """Take the earlier mail out of ``text``; a forwarded mail stays whole, because there it is the message."""
    lines = text.strip("\n").split("\n")
    if _FORWARD_SUBJECT.match(subject) or any(_FORWARD.match(line) for line in lines):
        return Cut(text.strip(), "")
    end = _history_start(lines)
    head, history = lines[:end], lines[end:]
    head, leading = _without_leading_quote(head)
    own = "\n".join(head).strip()
    if not own:
        return Cut(text.strip(), "")
    return Cut(own, "\n".join([*leading, *history]).strip("\n"))


def _history_start(lines: list[str]) -> int:
    """The line from where everything is history, or the number of lines."""
    below = _counted_below(lines)
    for number, line in enumerate(lines):
        if _SEPARATOR.match(line) or _is_header_block(lines, number):
            return number - 1 if number and _RULE.match(lines[number - 1]) else number
        length = _attribution_length(lines, number)
        if length and _is_history(lines[number : number + length], *below[number + length]):
            return number
    # Quoted lines to the end without a line that says whose they are.
    end = len(lines)
    while end and (not lines[end - 1].strip() or _QUOTED.match(lines[end - 1])):
        end -= 1
    return end if any(_QUOTED.match(line) for line in lines[end:]) else len(lines)


def _attribution_length(lines: list[str], number: int) -> int:
    """Of how many lines the attribution here consists: programs break it at about 78 characters."""
    first = lines[number].strip()
    if not first or _QUOTED.match(first):
        return 0
    if not any(line.rstrip().endswith(":") for line in lines[number : number + _LONGEST_ATTRIBUTION]):
        return 0
    for length in range(1, _LONGEST_ATTRIBUTION + 1):
        part = lines[number : number + length]
        if len(part) < length or not part[-1].strip() or sum(map(len, part)) > 600:
            return 0
        joined = " ".join(line.strip() for line in part)
        if joined.endswith(":") and _VERB.search(joined) and any(pattern.match(joined) for pattern in _ATTRIBUTIONS):
            return length
    return 0


def _counted_below(lines: list[str]) -> list[tuple[int, int]]:
    """For each line, and for the end, how many filled and how many marked lines there are from there on."""
    counts = [(0, 0)]
    for line in reversed(lines):
        filled, marked = counts[-1]
        counts.append((filled + bool(line.strip()), marked + bool(_QUOTED.match(line))))
    return counts[::-1]


def _is_history(attribution: list[str], filled: int, marked: int) -> bool:
    """Whether all that follows is quotation: marked as such, or unmarked under a line that only a program writes."""
    if marked:
        return marked == filled
    return bool(_WRITTEN_BY_PROGRAM.search(" ".join(attribution)))


def _is_header_block(lines: list[str], number: int) -> bool:
    """An Outlook history: *Van:* and within a few lines at least two of its companions."""
    if not _FROM_LINE.match(lines[number]):
        return False
    return sum(bool(_OTHER_LINE.match(line)) for line in lines[number + 1 : number + _HEADER_LINES]) >= 2


def _without_leading_quote(lines: list[str]) -> tuple[list[str], list[str]]:
    """Take out a quotation that stands above the answer; those between the words stay, to be understood."""
    start = 0
    while start < len(lines) and not lines[start].strip():
        start += 1
    if start == len(lines):
        return lines, []
    start += _attribution_length(lines, start)
    end = start
    while end < len(lines) and (not lines[end].strip() or _QUOTED.match(lines[end])):
        end += 1
    quotes_here = any(_QUOTED.match(line) for line in lines[start:end])
    if not quotes_here or any(_QUOTED.match(line) for line in lines[end:]):
        return lines, []
    return lines[end:], lines[:end]
