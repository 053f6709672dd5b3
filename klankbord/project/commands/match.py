"""``klankbord match``: which posts do these dossiers find; without a database, for trying, migrating and measuring."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any

from klankbord.base.language import gettext as _
from klankbord.base.problem import Problem
from klankbord.listening.matching import Matcher
from klankbord.listening.query import Document, Refused, parse

SOME_REFUSED = 1
"""Exit code with ``--strict`` when a query was refused or a line could not be read; the rest was matched."""
STANDARD_INPUT = "-"
_READABLE = json.JSONEncoder(ensure_ascii=False).encode


@dataclass(slots=True)
class Malformed(Exception):
    """A line that says no dossier or post: which, and why."""

    number: int
    why: str


@dataclass(slots=True)
class Tally:
    """What a run did, for ``--stats`` and for the exit code."""

    complaints: int = 0
    posts: int = 0
    matches: int = 0

    def complain(self, sentence: str) -> None:
        self.complaints += 1
        print(f"klankbord: {sentence}", file=sys.stderr)


def help() -> str:
    return _("says which posts these dossiers find (lines of JSON, no database)")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--dossiers", required=True, metavar="D.jsonl", help=_('lines {"id", "query"}; - is standard input')
    )
    parser.add_argument(
        "--posts",
        required=True,
        metavar="P.jsonl",
        help=_('lines {"id", "text", "channel", "language", "source", "published_at"}; - is standard input'),
    )
    parser.add_argument(
        "--strict", action="store_true", help=_("exit with code 1 when a query was refused or a line could not be read")
    )
    parser.add_argument("--stats", action="store_true", help=_("write posts per second to standard error"))


def run(options: argparse.Namespace) -> int:
    """0 when it came to the end, 1 when ``--strict`` and not all could be used, 78 when a file cannot be opened."""
    if options.dossiers == options.posts == STANDARD_INPUT:
        raise Problem(_("Dossiers and posts cannot both come from standard input."))
    tally = Tally()
    with ExitStack() as opened:
        dossiers = opened.enter_context(_open(options.dossiers))
        posts = opened.enter_context(_open(options.posts))
        began = time.perf_counter()
        gc.disable()  # thousands of trees come to stay: looking through them for garbage takes half the time
        matcher = _matcher(dossiers, tally)
        gc.freeze()
        gc.enable()
        loaded = time.perf_counter()
        try:
            waited = _match(matcher, posts, tally)
        except BrokenPipeError:
            # whoever read our lines has enough of them; Python would complain once more when it closes the stream
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 0
    if options.stats:
        _print_stats(len(matcher), tally, loaded - began, time.perf_counter() - loaded - waited)
    return SOME_REFUSED if options.strict and tally.complaints else 0


def _open(name: str) -> IO[bytes]:
    if name == STANDARD_INPUT:
        return sys.stdin.buffer
    try:
        return open(name, "rb")
    except OSError as error:
        raise Problem(_("{file} cannot be read: {why}.").format(file=name, why=error.strerror)) from None


def _matcher(dossiers: IO[bytes], tally: Tally) -> Matcher:
    matcher = Matcher()
    for number, line in enumerate(dossiers, start=1):
        try:
            said = _object(number, line)
            if said is None:
                continue
            dossier, query = _id(number, said), _text(number, said, "query")
        except Malformed as bad:
            tally.complain(_("dossiers, line {number}: {why}").format(number=bad.number, why=bad.why))
            continue
        if dossier in matcher:
            tally.complain(
                _("dossiers, line {number}: {why}").format(number=number, why=_("this id was there before; skipped"))
            )
            continue
        try:
            matcher.add(dossier, parse(query))
        except Refused as refused:
            tally.complain(_refusal(dossier, refused))
    return matcher


def _refusal(dossier: str, refused: Refused) -> str:
    said = _("dossier {id} refused: {why} (characters {start}-{end})").format(
        id=json.dumps(dossier, ensure_ascii=False), why=refused.message, start=refused.start, end=refused.end
    )
    if refused.suggestion:
        said += " " + _("Did you mean: {suggestion}").format(suggestion=refused.suggestion)
    return said


def _match(matcher: Matcher, posts: IO[bytes], tally: Tally) -> float:
    """Write a line for each find as soon as its post is read; the seconds spent waiting for posts."""
    out = sys.stdout.buffer
    waited = 0.0
    for number, line, seconds in _timed(posts):
        waited += seconds
        try:
            said = _object(number, line)
            if said is None:
                continue
            post, document = _id(number, said), _document(number, said)
        except Malformed as bad:
            tally.complain(_("posts, line {number}: {why}").format(number=bad.number, why=bad.why))
            continue
        tally.posts += 1
        found = matcher.match(document)
        if found:
            tally.matches += len(found)
            out.write(b"".join(_line({"post": post, "dossier": one.dossier, "why": one.why}) for one in found))
            out.flush()
    return waited


def _line(said: dict[str, Any]) -> bytes:
    try:
        return _READABLE(said).encode() + b"\n"
    except UnicodeEncodeError:  # half a character in an id: valid JSON, but not valid text
        return json.dumps(said).encode() + b"\n"


def _timed(lines: IO[bytes]) -> Iterator[tuple[int, bytes, float]]:
    """Lines with their number and the seconds that their reader had to wait for them."""
    number = 0
    while True:
        began = time.perf_counter()
        line = lines.readline()
        waited = time.perf_counter() - began
        if not line:
            return
        number += 1
        yield number, line, waited


def _object(number: int, line: bytes) -> dict[str, Any] | None:
    """The object on a line; None for an empty line."""
    try:
        text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        if not text.strip():
            return None
        said = json.loads(text)
    except UnicodeDecodeError:
        raise Malformed(number, _("this is no UTF-8")) from None
    except (ValueError, RecursionError):
        raise Malformed(number, _("this is no JSON")) from None
    if not isinstance(said, dict):
        raise Malformed(number, _("this is no object with fields"))
    return said


def _id(number: int, said: dict[str, Any]) -> str:
    """Any text, or a whole number as its digits."""
    value = said.get("id")
    return str(value) if type(value) is int else _text(number, said, "id")


def _text(number: int, said: dict[str, Any], name: str, default: str | None = None) -> str:
    value = said.get(name)
    if value is None:
        value = default
    if not isinstance(value, str):
        raise Malformed(number, _("“{name}” is missing or is no text").format(name=name))
    return value


def _document(number: int, said: dict[str, Any]) -> Document:
    text = _text(number, said, "text")
    channel, language, source = (_text(number, said, name, "") for name in ("channel", "language", "source"))
    published = _text(number, said, "published_at", "")
    try:
        moment = datetime.fromisoformat(published) if published else None
    except ValueError:
        raise Malformed(number, _("“published_at” is no moment, such as 2026-11-22T08:55:00Z")) from None
    return Document(text, channel, language, source, moment)


def _print_stats(dossiers: int, tally: Tally, loading: float, matching: float) -> None:
    said = _("{dossiers} dossiers loaded in {loading} s; {posts} posts, {matches} finds, {rate} posts/s")
    print(
        said.format(
            dossiers=dossiers,
            loading=f"{loading:.2f}",
            posts=tally.posts,
            matches=tally.matches,
            rate=round(tally.posts / matching) if matching > 0 else 0,
        ),
        file=sys.stderr,
    )
