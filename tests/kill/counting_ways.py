"""Counts what came in by the form, feeds, by hand and in an exercise, and what the desk keeps for itself."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from email import message_from_bytes, policy
from typing import Any

from tests.kill.desk import Doubter
from tests.kill.house import DOUBTER, House
from tests.kill.ways import Visitor, Way
from tests.servers.mail import MailServers, queue_id

REFERENCE = re.compile(r"\b[2-9B-Z]{4}-[2-9B-Z]{4}\b")


def count_ways(
    house: House, ways: Sequence[Way], visitor: Visitor, posts: list[dict[str, Any]]
) -> tuple[Counter[str], list[str]]:
    """How many came in by each of these ways, and what is wrong."""
    here: dict[str, Counter[str]] = defaultdict(Counter)
    for post in posts:
        if post["direction"] == "in":
            here[post["kind"]][post["text"].partition("\n\n")[0]] += 1
    found: Counter[str] = Counter()
    wrong: list[str] = []
    for way in ways:
        said, kept = dict(way.said), here[way.kind]
        found[way.kind] = kept.total()
        wrong += [f"{kept[text]} posts here for {text!r} by {way.kind}" for text, thanked in said.items()
                  if kept[text] > 1 or (thanked and kept[text] != 1)]  # fmt: skip
        wrong += [f"a post by {way.kind} that nobody wrote: {text!r}" for text in kept if text not in said]
    rows = house.ask(
        "SELECT p.text FROM posts_attachment a JOIN posts_post p ON p.id = a.post_id"
        " JOIN channels_channel c ON c.id = p.channel_id WHERE c.kind = 'form' AND a.state = 'kept'"
    )
    pictures = Counter(row["text"].partition("\n\n")[0] for row in rows)
    for text in set(visitor.with_photo) & set(visitor.said):
        if visitor.said[text] and pictures[text] != 1:
            wrong.append(f"{pictures[text]} pictures here with {text!r}")
    return found, wrong


def confirmations(mail: MailServers, visitor: Visitor) -> Counter[str]:
    """How often each reference was confirmed. A mail that Postfix delivered twice itself counts once."""
    names = defaultdict(set)
    for mailbox in visitor.mailboxes:
        for each in mail.mailbox(mailbox):
            message = message_from_bytes(each, policy=policy.default)
            if message["Auto-Submitted"]:
                body = message.get_body(("plain",))
                assert body is not None
                reference = REFERENCE.search(body.get_content())
                assert reference, body
                names[reference[0]].add(queue_id(each))
    return Counter({reference: len(queued) for reference, queued in names.items()})


def count_confirmations(house: House, mail: MailServers, visitor: Visitor) -> list[str]:
    """What is wrong with the confirmations that the page promised."""
    rows = house.ask(
        "SELECT outgoing -> 'reply_data' ->> 'reference' AS reference, state, problem FROM channels_delivery"
        " WHERE (outgoing ->> 'automatic')::boolean"
    )
    states = {row["reference"]: row for row in rows}
    outside = confirmations(mail, visitor)
    wrong = [f"a promised confirmation that is not here: {one}" for one in list(visitor.confirmed) if one not in states]
    wrong += [f"a confirmation of nothing: {one}" for one in outside if one not in states]
    if len(states) != len(rows):
        wrong.append("a message that is confirmed twice")
    for reference, row in states.items():
        times = outside[reference]
        right = {"sent": times == 1, "uncertain": times <= 1, "failed": times == 0 and bool(row["problem"])}
        if not right.get(row["state"], False):
            wrong.append(f"{times} confirmations outside: {row}")
    return wrong


def count_drafts(house: House, doubter: Doubter) -> list[str]:
    """A draft that the desk kept is there, with the words that were kept last."""
    rows = house.ask(
        "SELECT conversation_id, text FROM inbox_draft draft JOIN tenancy_user person ON person.id = draft.user_id"
        f" WHERE person.email = '{DOUBTER}' AND draft.kind = 'reply'"
    )
    kept = {row["conversation_id"]: row["text"] for row in rows}
    return [
        f"the draft in conversation {conversation} is {kept.get(conversation, '')!r}, not one of {may_be}"
        for conversation, may_be in list(doubter.drafts.items())
        if kept.get(conversation, "") not in may_be
    ]


def told_in_exercises(house: House) -> Counter[str]:
    """The answers that the pretended residents of an exercise got, by their text: a file per network."""
    lines = [
        line
        for path in (house.data / "exercise").glob("*.jsonl")
        for line in path.read_bytes().splitlines(keepends=True)
        if line.endswith(b"\n")
    ]
    return Counter(str(json.loads(line)["text"]) for line in lines)
