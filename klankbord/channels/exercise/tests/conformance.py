"""The exercise network for the conformance suite: a scenario that grows, and the ledger of our answers."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from django.conf import settings as house

from klankbord.channels.contract import Connector, Json, Uncertain
from klankbord.channels.exercise.channel import Exercise
from klankbord.channels.exercise.ledger import Ledger
from tests.conformance.adapter import IN, OUT, Adapter

NO_SERVER = "there is no server: a file on this machine"
NO_CLOCK = "it has no clock but ours"


class Network(Adapter):
    connector: ClassVar[type[Connector]] = Exercise
    exempt: ClassVar[dict[tuple[str, str], str]] = {
        **{(way, fault): NO_SERVER for way in (IN, OUT) for fault in ("429", "slow", "huge")},
        (IN, "duplicate"): "a scenario that holds the same id twice is refused as a whole when it is read",
        (IN, "5xx"): NO_SERVER,
        (IN, "lost acknowledgement"): NO_SERVER,
        (OUT, "hostile"): "nothing comes back",
        (IN, "clock skew"): NO_CLOCK,
        (OUT, "clock skew"): NO_CLOCK,
    }

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        super().__init__(folder, monkeypatch)
        monkeypatch.setattr(house, "DATA", folder)
        self.began = datetime.now(UTC) - timedelta(hours=1)
        self.rows: list[Json] = []
        self._write()
        add = Ledger.add

        def faulty(ledger: Ledger, answer: Any) -> Any:
            match self.fault:
                case "5xx":
                    raise OSError("disk full (exercise)")
                case "lost acknowledgement":
                    add(ledger, answer)
                    raise Uncertain("lost (exercise)")
                case "truncated":
                    add(ledger, answer)
                    ledger.path.write_bytes(ledger.path.read_bytes()[:-10])
                    raise Uncertain("cut off (exercise)")
            return add(ledger, answer)

        monkeypatch.setattr(Ledger, "add", faulty)

    @property
    def settings(self) -> Json:
        return {"scenario": "proef", "town": "", "network": "fediverse", "started_at": self.began.isoformat()}

    def say(self, text: str) -> None:
        number = len(self.rows)
        self.rows.append(
            {"id": f"r{number}", "network": "fediverse", "handle": "@a@b.example", "name": "A", "text": text,
             "at_seconds": number}
        )  # fmt: skip
        self._write()

    def fault_changed(self) -> None:
        self._write()

    def _write(self) -> None:
        path = self.folder / "media" / "exercises" / "proef.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        rows = [json.dumps(row) for row in self.rows or [{"id": "x", "network": "mail", "handle": "x", "name": "x",
                "text": "x", "at_seconds": 0}]]  # fmt: skip
        match self.fault:
            case "truncated" | "hostile":
                text = "\n".join(rows)[:-5]
            case "duplicate":
                text = "\n".join([*rows, rows[-1]])
            case "reorder":
                text = "\n".join(reversed(rows))
            case _:
                text = "\n".join(rows)
        path.write_text(text + "\n", encoding="utf-8")
        # two writes within one tick of the disk's clock must not look like one
        Network.ticks += 1
        os.utime(path, ns=(Network.ticks * 10**9, Network.ticks * 10**9))

    ticks: ClassVar[int] = 0

    def received(self) -> list[str]:
        return [answer.text for answer in Exercise(self.settings, {})._ledger().answers()]
