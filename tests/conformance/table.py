"""Writes ``docs/conformance.md``: ``python -m tests.conformance.table``, after a connector or a fault was added."""

from __future__ import annotations

from pathlib import Path

import django
from django.apps import apps

if not apps.ready:
    django.setup()

from tests.conformance.adapter import FAULTS, IN, OUT, Adapter, adapters

TABLE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
HEAD = """\
# What connectors stand

Written by `python -m tests.conformance.table`; do not edit. Every ✓ is a test that `./test` runs (`tests/conformance`):
the network is played on this machine, what comes in goes down the real road, and answers are counted at the network.
Coming in: everything arrives once. Going out: an answer is there at most once, and never called sent when it is not.
Where people hand in at our own page (form, tip) the fault strikes between them and the page; who gets no thanks presses
again.
How a connector joins: [adding a channel](adding-a-channel.md#conformance).
"""


def table() -> str:
    """The whole page."""
    found = adapters()
    with_one = {kind: adapter for kind, adapter in found.items() if adapter}
    lines: list[str] = [HEAD]
    notes: list[str] = []
    for title, way in (("Coming in", IN), ("Going out", OUT)):
        lines += [f"## {title}", "| fault | means | " + " | ".join(with_one) + " |"]
        lines.append("|---|---|" + "---|" * len(with_one))
        for fault in FAULTS:
            means = fault.coming_in if way == IN else fault.going_out
            if means:
                cells = [_cell(adapter, way, fault.name, notes) for adapter in with_one.values()]
                lines.append(f"| {fault.name} | {means} | " + " | ".join(cells) + " |")
        lines.append("")
    lines += [f"{number}. {note}" for number, note in enumerate(notes, start=1)]
    without = [kind for kind, adapter in found.items() if not adapter]
    if without:
        lines += ["", f"Not in the suite yet: {', '.join(without)}."]
    return "\n".join(lines).rstrip() + "\n"


def _cell(adapter: type[Adapter], way: str, fault: str, notes: list[str]) -> str:
    why = adapter.exempt.get((way, fault))
    if why is None:
        return "✓"
    note = f"{adapter.connector.kind}: {why}."
    if note not in notes:
        notes.append(note)
    return f"– ({notes.index(note) + 1})"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
