"""What the desk answered in an exercise: a small file that only grows, the mailbox of the pretended residents."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path


@dataclass(frozen=True, slots=True)
class SentAnswer:
    """One answer as the resident gets it."""

    client_id: str
    external_id: str
    parent_uri: str
    root_uri: str
    to: str
    sender_name: str
    subject: str
    text: str
    visibility: str
    sent_at: datetime


class Ledger:
    """The answers of one channel in one exercise, in a file of JSON lines. Safe between processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def answers(self) -> list[SentAnswer]:
        """Everything sent so far, oldest first. A line that a crash cut off was never acknowledged and is left out."""
        if not self.path.exists():
            return []
        whole = (line for line in self.path.read_bytes().splitlines(keepends=True) if line.endswith(b"\n"))
        return [answer for answer in map(_answer, whole) if answer]

    def find(self, client_id: str) -> SentAnswer | None:
        return next((answer for answer in self.answers() if answer.client_id == client_id), None)

    def add(self, answer: SentAnswer) -> SentAnswer:
        """Keep an answer, durable before this returns; a ``client_id`` is kept once, as it first was."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("ab+") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            earlier = self.find(answer.client_id)
            if earlier:
                return earlier
            row = asdict(answer) | {"sent_at": answer.sent_at.isoformat()}
            file.write(
                _end_of_a_cut_line(file.tell(), self.path) + json.dumps(row, ensure_ascii=False).encode() + b"\n"
            )
            file.flush()
            os.fsync(file.fileno())
        return answer


def _answer(line: bytes) -> SentAnswer | None:
    try:
        row = json.loads(line)
        return SentAnswer(**row | {"sent_at": datetime.fromisoformat(row["sent_at"])})
    except (ValueError, TypeError, KeyError):
        return None


def _end_of_a_cut_line(size: int, path: Path) -> bytes:
    return b"\n" if size and not path.read_bytes().endswith(b"\n") else b""
