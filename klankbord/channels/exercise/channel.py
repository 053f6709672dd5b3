"""The exercise network: residents from a scenario write, read our answers and react to them."""

from __future__ import annotations

import base64
import binascii
import json
import mimetypes
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings as house
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from klankbord.channels.contract import (
    AttachmentData,
    AuthorData,
    Batch,
    Connector,
    Envelope,
    Event,
    Heard,
    Ignored,
    Json,
    NotSent,
    Outgoing,
    Permanent,
    PostArrived,
    PostDeleted,
    Receipt,
    Unparseable,
    Visibility,
)
from klankbord.channels.exercise.clock import Clock, clock_from, running_since
from klankbord.channels.exercise.ledger import Ledger, SentAnswer
from klankbord.channels.exercise.scenario import FOLDER, HERE, Line, Scenario, load_scenario

AT_MOST = 200  # messages in one fetch


class Exercise(Connector):
    """One town, or all towns of a scenario, on one pretended network.

    Settings: ``scenario``, ``town`` (empty: all), ``network``, and where it is: ``clock`` (:meth:`Clock.as_json`) with
    ``exercise`` (the name that its channels share) and ``round`` (how often it was begun again); or ``started_at``
    (ISO 8601 with zone) and optionally ``speed`` for one that simply runs. The cursor remembers what was handed over.
    """

    kind: ClassVar[str] = "exercise"
    label: ClassVar[str] = gettext_noop("Exercise")
    open_to_all = True
    shows_other_side: ClassVar[bool] = True
    poll_every: ClassVar[timedelta] = timedelta(seconds=2)
    has_clock: ClassVar[bool] = True
    visibilities: ClassVar[tuple[Visibility, ...]] = tuple(Visibility)

    @classmethod
    def address(cls, settings: Json) -> str:
        town, held = settings["town"] or "all", settings.get("exercise", "")
        return f"exercise://{settings['scenario']}/{town}/{settings['network']}" + (f"/{held}" if held else "")

    @classmethod
    def accounts(cls, settings: Json) -> tuple[str, ...]:
        """Residents name a town by its name in the scenario."""
        towns = [settings["town"]] if settings["town"] else load_scenario(settings["scenario"]).towns
        return tuple(f"@{town}" for town in towns)

    @classmethod
    def beat(cls, settings: Json, now: datetime) -> Json:
        """The clock hears that the house is there; one that follows the wall clock does not listen."""
        return (
            settings | {"clock": clock_from(settings["clock"]).beat(now).as_json()} if "clock" in settings else settings
        )

    def check(self) -> str:
        count = len(self._lines())
        self._clock()
        folder = self._ledger().path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as problem:
            raise Permanent(
                _("The folder for exercises cannot be written: %(problem)s") % {"problem": problem}
            ) from None
        return _("Exercise “%(name)s”: %(count)s messages, all made up.") % {
            "name": self._scenario().title,
            "count": count,
        }

    def fetch(self, cursor: Json) -> Batch:
        run = self._run()
        here: Json = cursor if cursor.get("run") == run else {"told": 0, "given": []}
        clock, now = self._clock(), datetime.now(UTC)
        timed = [
            (at, line) for line in self._timed() if (at := line.due(clock)) is not None and at <= clock.reached(now)
        ]
        others = [(at, line) for at, line in self._reactions(clock, now) if line.id not in here["given"]]
        fresh = sorted([*timed[here["told"] :], *others], key=lambda pair: pair[0])
        batch = fresh[:AT_MOST]
        given = [line.id for _at, line in batch if line.at_seconds is None]
        after = {
            "run": run,
            "told": here["told"] + len(batch) - len(given),
            "given": [*here["given"], *given],
        }
        return Batch([self._envelope(line, at) for at, line in batch], after, more=len(fresh) > len(batch))

    def told(self, cursor: Json) -> int:
        """How many messages this cursor says were handed over in the present round."""
        return int(cursor["told"]) + len(cursor["given"]) if cursor.get("run") == self._run() else 0

    def parse(self, body: bytes) -> list[Event]:
        try:
            said = json.loads(body)
            if said["run"] != self._run():
                return [Ignored(_("From an earlier round of this exercise, which was put back."))]
            return [_deletion(said) if said["deleted"] else _post(said)]
        except (ValueError, KeyError, TypeError, binascii.Error) as problem:
            raise Unparseable(
                _("This is not a message of an exercise: %(problem)s") % {"problem": problem}
            ) from problem

    def identity(self, outgoing: Outgoing) -> str:
        return f"{self._base()}answer/{outgoing.client_id}"

    def send(self, outgoing: Outgoing) -> Receipt:
        if outgoing.files:
            raise Permanent(_("An exercise does not take files. Send the answer without them."))
        answer = SentAnswer(
            client_id=outgoing.client_id,
            external_id=self.identity(outgoing),
            parent_uri=outgoing.parent_uri,
            root_uri=outgoing.root_uri or outgoing.parent_uri,
            to=outgoing.to.handle,
            sender_name=outgoing.sender_name,
            subject=outgoing.subject or str(outgoing.reply_data.get("subject", "")),
            text=outgoing.text,
            visibility=outgoing.visibility.value,
            sent_at=datetime.now(UTC),
        )
        try:
            return _receipt(self._ledger().add(answer))
        except OSError as problem:
            # the line is read back only when it is whole, so a failed write is surely not an answer
            raise NotSent(_("The answer could not be written: %(problem)s") % {"problem": problem}) from problem

    def look_up(self, outgoing: Outgoing) -> Receipt | None:
        found = self._ledger().find(outgoing.client_id)
        return _receipt(found) if found else None

    def residents_side(self, now: datetime) -> list[Heard]:
        """The whole exercise on this channel as the residents see it at ``now``, in order of time."""
        scenario, clock = self._scenario(), self._clock()
        said: dict[str, Heard] = {}
        for at, line in self._due(clock, now):
            if line.deletes:
                said.pop(line.deletes, None)
            elif line.edits:
                said[line.edits] = self._said(scenario.lines[line.edits], line.text, said[line.edits].at)
            else:
                said[line.id] = self._said(line, line.text, at)
        ours = [
            Heard(answer.external_id, answer.root_uri, answer.sender_name, "", answer.text, answer.sent_at, True)
            for answer in self._ledger().answers()
            if answer.sent_at <= now
        ]
        return sorted([*said.values(), *ours], key=lambda one: one.at)

    def forget(self) -> None:
        """Throw away what the desk answered in this round."""
        self._ledger().path.unlink(missing_ok=True)

    def overheard(self, name: str, resident: int, text: str, at: datetime) -> Envelope:
        """Something made up that was said before this exercise began, in public and not to us."""
        uri = f"{self._base()}earlier/{name}"
        body: dict[str, Any] = {
            "exercise": True,
            "run": self._run(),
            "uri": uri,
            "root_uri": uri,
            "parent_uri": "",
            "handle": f"@oefenbewoner{resident}@buurtnet.example",
            "name": f"Oefenbewoner {resident}",
            "text": text,
            "subject": "",
            "warning": "",
            "language": "nl",
            "visibility": Visibility.PUBLIC.value,
            "addressed": False,
            "published_at": at.isoformat(),
            "edited_at": "",
            "deleted": False,
            "attachments": [],
        }
        return Envelope(uri, json.dumps(body, ensure_ascii=False).encode())

    def _said(self, line: Line, text: str, at: datetime) -> Heard:
        return Heard(self._uri(line), self._uri(self._scenario().root(line)), line.name, line.handle, text, at, False)

    def _scenario(self) -> Scenario:
        return load_scenario(self.settings["scenario"])

    def _lines(self) -> list[Line]:
        return self._scenario().of(self.settings["town"], self.settings["network"])

    def _timed(self) -> list[Line]:
        """What is said by the clock, in the order in which that happens."""
        timed = [line for line in self._lines() if line.at_seconds is not None]
        return sorted(timed, key=lambda line: line.at_seconds or 0)

    def _clock(self) -> Clock:
        try:
            if "clock" in self.settings:
                return clock_from(self.settings["clock"])
            start = datetime.fromisoformat(self.settings["started_at"])
        except (KeyError, TypeError, ValueError):
            raise Permanent(_("The exercise does not say when it began.")) from None
        start = start if start.tzinfo else start.replace(tzinfo=HERE)
        return running_since(start.astimezone(UTC), float(self.settings.get("speed", 1)) or 1.0)

    def _run(self) -> str:
        """Which time this exercise is held: the same scenario begun again is another exercise."""
        if "exercise" in self.settings:
            return f"{self.settings['exercise']}-{self.settings['round']}"
        begun = self._clock().begun
        assert begun is not None
        return begun.strftime("%Y%m%dT%H%M%SZ")

    def _base(self) -> str:
        return f"{self.address(self.settings)}/{self._run()}/"

    def _uri(self, line: Line) -> str:
        return self._base() + line.id

    def _ledger(self) -> Ledger:
        town = self.settings["town"] or "all"
        name = "-".join((self.settings["scenario"], town, self.settings["network"], self._run()))
        return Ledger(Path(house.DATA) / "exercise" / f"{name}.jsonl")

    def _due(self, clock: Clock, now: datetime) -> list[tuple[datetime, Line]]:
        """Everything said until ``now``, oldest first, reactions to our answers included."""
        reached = clock.reached(now)
        timed = [(at, line) for line in self._timed() if (at := line.due(clock)) is not None and at <= reached]
        return sorted([*timed, *self._reactions(clock, now)], key=lambda pair: pair[0])

    def _reactions(self, clock: Clock, now: datetime) -> list[tuple[datetime, Line]]:
        """What is said on a day of the calendar, and after answers of ours."""
        reached, answers = clock.reached(now), self._ledger().answers()
        times: dict[str, datetime] = {}
        for line in self._lines():
            at = line.due(clock)
            if line.after_answer_to in times:
                at = self._reaction_time(line, times[line.after_answer_to], answers, clock)
            if at is not None and at <= reached:
                times[line.id] = at
        lines = self._scenario().lines
        return [(at, lines[name]) for name, at in times.items() if lines[name].at_seconds is None]

    def _reaction_time(
        self, line: Line, asked_at: datetime, answers: list[SentAnswer], clock: Clock
    ) -> datetime | None:
        """After the first answer to the post itself, or in its thread since it was said."""
        scenario = self._scenario()
        asked = scenario.lines[line.after_answer_to]
        uri, root = self._uri(asked), self._uri(scenario.root(asked))
        for answer in answers:
            if answer.parent_uri == uri or (answer.root_uri == root and answer.sent_at > asked_at):
                # while the clock rests nobody reacts
                return clock.moment(clock.position(answer.sent_at) + line.after_seconds)
        return None

    def _envelope(self, line: Line, at: datetime) -> Envelope:
        scenario = self._scenario()
        subject = scenario.lines[line.edits or line.deletes] if line.edits or line.deletes else line
        parent = self._uri(scenario.lines[subject.parent]) if subject.parent else ""
        published = subject.due(self._clock()) or at
        body: dict[str, Any] = {
            "exercise": True,
            "run": self._run(),
            "uri": self._uri(subject),
            "root_uri": self._uri(scenario.root(line)),
            "parent_uri": parent,
            "network": line.network,
            "handle": line.handle,
            "name": line.name,
            "text": line.text,
            "subject": subject.subject,
            "warning": line.warning,
            "language": line.language,
            "visibility": subject.visibility.value,
            "addressed": subject.addressed,
            "published_at": published.isoformat(),
            "edited_at": at.isoformat() if line.edits else "",
            "deleted": bool(line.deletes),
            "at": at.isoformat(),
            "attachments": [_packed(picture.file, picture.alt) for picture in subject.pictures],
        }
        return Envelope(self._uri(line), json.dumps(body, ensure_ascii=False).encode())


def _receipt(answer: SentAnswer) -> Receipt:
    return Receipt(answer.external_id, sent_at=answer.sent_at)


def _packed(file: str, alt: str) -> Json:
    content = base64.b64encode((FOLDER / "pictures" / file).read_bytes()).decode()
    return {"file": file, "alt": alt, "content": content}


def _post(said: Json) -> PostArrived:
    return PostArrived(
        uri=said["uri"],
        author=AuthorData(network_id=f"exercise:{said['handle'].lower()}", handle=said["handle"], name=said["name"]),
        text=said["text"],
        published_at=datetime.fromisoformat(said["published_at"]),
        visibility=Visibility(said["visibility"]),
        parent_uri=said["parent_uri"],
        root_uri=said["root_uri"],
        subject=said["subject"],
        warning=said["warning"],
        language=said["language"],
        addressed=said["addressed"],
        edited_at=datetime.fromisoformat(said["edited_at"]) if said["edited_at"] else None,
        attachments=tuple(
            AttachmentData(
                filename=picture["file"],
                content_type=mimetypes.guess_type(picture["file"])[0] or "application/octet-stream",
                alt_text=picture["alt"],
                content=base64.b64decode(picture["content"], validate=True),
            )
            for picture in said["attachments"]
        ),
        reply_data={"subject": _reply_subject(said["subject"])},
    )


def _reply_subject(subject: str) -> str:
    return subject if not subject or subject.lower().startswith("re:") else f"Re: {subject}"


def _deletion(said: Json) -> PostDeleted:
    return PostDeleted(uri=said["uri"], at=datetime.fromisoformat(said["at"]))
