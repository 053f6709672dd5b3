"""Counts afterwards: what lies in the mailboxes and on the disks of the other servers, against what the house has."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

from tests.kill.desk import Form
from tests.kill.house import House
from tests.kill.residents import Mailer, Tooter
from tests.servers.mail import MailServers, queue_id
from tests.servers.snac import SnacServers, SnacUser

PERIODIC = ("intake.sweep", "intake.release_dead_jobs", "intake.reread_open")
SNAC = {"snac_a", "snac_b"}


@dataclass
class Count:
    """The figures of one run, and everything that is wrong."""

    messages: int = 0
    pictures: int = 0
    answers: int = 0
    states: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    noted: list[str] = field(default_factory=list)


def unsettled(house: House) -> list[str]:
    """What is still on its way inside the house; empty when everything has come to rest."""
    rest: list[str] = []
    for what, question in (
        ("landings", "SELECT count(*) FROM channels_landing"),
        ("arrivals", "SELECT count(*) FROM channels_arrival WHERE state = 'new'"),
        ("deliveries", "SELECT count(*) FROM channels_delivery WHERE state IN ('pending', 'sending')"),
        (
            "look-ups soon",
            "SELECT count(*) FROM channels_delivery"
            " WHERE state = 'uncertain' AND next_attempt_at < now() + interval '150 seconds'",
        ),
        ("files", "SELECT count(*) FROM posts_attachment WHERE state = 'wanted'"),
        (
            "jobs",
            "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
            f" AND (task_name NOT IN {PERIODIC} OR status = 'doing' AND id < (SELECT max(id) - 50"
            " FROM procrastinate_jobs))",
        ),
        (
            "audit entries",
            "SELECT count(*) FROM tenancy_auditentry entry"
            " WHERE NOT EXISTS (SELECT FROM tenancy_auditseal seal WHERE seal.entry_id = entry.id)",
        ),
    ):
        number = house.ask(question)[0]["count"]
        if number:
            rest.append(f"{number} {what}")
    return rest


def count(
    house: House,
    mail: MailServers,
    snac: SnacServers,
    town: SnacUser,
    people: list[Mailer | Tooter],
    forms: list[Form],
    killed: set[str],
) -> Count:
    """Everything compared; nothing here asks the house about itself except its database."""
    found = Count()
    posts = house.ask("SELECT id, uri, root_uri, direction, text, channel_id FROM posts_post ORDER BY id")
    incoming = Counter(post["uri"] for post in posts if post["direction"] == "in")
    roots = {post["uri"]: post["root_uri"] for post in posts}
    for one in people:
        if isinstance(one, Mailer):
            _count_letters(found, mail, one, incoming, roots)
        else:
            _count_notes(found, snac, town, one, incoming, roots, killed)
            _count_pictures(found, house, snac, one, incoming)
    written = _written(people, snac)
    strangers = [uri for uri in incoming if uri not in written]
    found.wrong += [f"a post here that nobody wrote: {uri}" for uri in strangers]
    _count_conversations(found, house, posts)
    _count_answers(found, house, mail, snac, town, people, forms, killed)
    found.wrong += [f"quarantined: {row['outcome']}" for row in house.ask(
        "SELECT outcome FROM channels_arrival WHERE state = 'quarantined'"
    )]  # fmt: skip
    found.noted += [f"{row['count']} failed jobs: {row['task_name']}" for row in house.ask(
        "SELECT task_name, count(*) FROM procrastinate_jobs WHERE status = 'failed' GROUP BY task_name"
    )]  # fmt: skip
    found.noted += [f"gap: {row['reason']}" for row in house.ask("SELECT reason FROM channels_gap")]
    return found


def _written(people: list[Mailer | Tooter], snac: SnacServers) -> set[str]:
    """Under which names everything that residents wrote is known."""
    uris: set[str] = set()
    for one in people:
        if isinstance(one, Mailer):
            uris |= {f"mid:{letter.uri}" for letter in one.letters}
        else:
            uris |= {str(note["id"]) for note in snac.b.statuses_of(one.user)}
    return uris


def _count_letters(found: Count, mail: MailServers, one: Mailer, incoming: Counter[str], roots: dict[str, str]) -> None:
    in_mailbox = {str(message_from_bytes(each, policy=policy.default)["Message-ID"]) for each in mail.mailbox(one.town)}
    threads: dict[str, set[str]] = defaultdict(set)
    for letter in one.letters:
        found.messages += 1
        if letter.uri not in in_mailbox:
            found.wrong.append(f"never reached the mailbox of the town: {letter.uri}")
        times = incoming[f"mid:{letter.uri}"]
        if times != 1:
            found.wrong.append(f"{times} posts here for the mail {letter.uri}")
        threads[letter.thread].add(roots.get(f"mid:{letter.uri}", "nowhere"))
    found.wrong += [f"the thread {thread} became {under}" for thread, under in threads.items() if len(under) != 1]


def _count_notes(
    found: Count,
    snac: SnacServers,
    town: SnacUser,
    one: Tooter,
    incoming: Counter[str],
    roots: dict[str, str],
    killed: set[str],
) -> None:
    here = {str(note["id"]) for note in snac.a.statuses_of(one.user)}
    told = _notified(snac, town)
    for note in snac.b.statuses_of(one.user):
        found.messages += 1
        uri = str(note["id"])
        times = incoming[uri]
        if times == 1:
            parent = str(note.get("inReplyTo") or "")
            if parent in roots and roots[parent] != roots[uri]:
                found.wrong.append(f"{uri} stands under {roots[uri]}, its parent under {roots[parent]}")
        elif times == 0 and (uri not in here or uri not in told) and SNAC & killed:
            # the network itself lost it: our server never showed it to us
            found.noted.append(f"lost between the two fediverse servers, one of which was killed: {uri}")
            found.messages -= 1
        else:
            found.wrong.append(f"{times} posts here for the note {uri} (on our server: {uri in here}, {uri in told})")


def _count_pictures(found: Count, house: House, snac: SnacServers, one: Tooter, incoming: Counter[str]) -> None:
    kept = Counter(row["uri"] for row in house.ask(
        "SELECT p.uri FROM posts_attachment a JOIN posts_post p ON p.id = a.post_id WHERE a.state = 'kept'"
    ))  # fmt: skip
    for note in snac.b.statuses_of(one.user):
        uri = str(note["id"])
        wanted = len(note.get("attachment") or []) * incoming[uri]
        found.pictures += wanted
        if kept[uri] != wanted:
            found.wrong.append(f"{kept[uri]} instead of {wanted} pictures here with {uri}")


def _notified(snac: SnacServers, town: SnacUser) -> set[str]:
    """The posts that the town's server has a notification of, straight from its disk."""
    told = set()
    for path in (snac.a.folder / "user" / town.name / "notify").glob("*.json"):
        try:
            told.add(str(json.loads(path.read_text()).get("objid")))
        except ValueError:
            continue
    return told


def _count_conversations(found: Count, house: House, posts: list[dict[str, Any]]) -> None:
    conversations = Counter(row["root_uri"] for row in house.ask("SELECT root_uri FROM inbox_conversation"))
    wanted = {post["root_uri"] for post in posts if post["direction"] == "in"}
    found.wrong += [f"{conversations[root]} conversations for the thread {root}" for root in wanted
                    if conversations[root] != 1]  # fmt: skip
    found.wrong += [f"a conversation without messages: {root}" for root in conversations if root not in wanted]


def _count_answers(
    found: Count,
    house: House,
    mail: MailServers,
    snac: SnacServers,
    town: SnacUser,
    people: list[Mailer | Tooter],
    forms: list[Form],
    killed: set[str],
) -> None:
    rows = house.ask(
        "SELECT d.client_id::text, d.state, d.problem, d.attempts, p.text, c.kind, count(p.id) OVER (PARTITION BY d.id)"
        " AS posts FROM channels_delivery d JOIN channels_channel c ON c.id = d.channel_id"
        " LEFT JOIN posts_post p ON p.delivery_id = d.id"
    )
    by_client = {row["client_id"]: row for row in rows}
    if len(by_client) != len(rows):
        found.wrong.append("an answer with two posts")
    for form in forms:
        if form.acknowledged and form.client_id not in by_client:
            found.wrong.append(f"the desk said yes to an answer it does not have: {form}")
    texts = Counter(row["text"] for row in rows)
    found.wrong += [f"{times} answers here with the text {text}" for text, times in texts.items() if times > 1]
    known = {form.client_id for form in forms}
    found.wrong += [f"an answer that nobody wrote: {row}" for row in rows if row["client_id"] not in known]
    outside = _outside(mail, snac, town, people)
    for row in rows:
        found.answers += 1
        state = row["state"]
        found.states[state] += 1
        times = outside[row["text"]]
        right = {"sent": times == 1, "uncertain": times <= 1, "failed": times == 0 and bool(row["problem"])}
        if not right.get(state, False):
            at_ours = sum(row["text"] in _words(note) for note in snac.a.statuses_of(town))
            if state == "sent" and times == 0 and at_ours == 1 and SNAC & killed:
                found.noted.append(f"accepted by our fediverse server and not passed on: {row['text']}")
            else:
                found.wrong.append(f"{times} times at the resident (at our own server {at_ours}): {row}")
    for text in outside:
        if text not in texts:
            found.wrong.append(f"outside and not here: {text}")


def _outside(mail: MailServers, snac: SnacServers, town: SnacUser, people: list[Mailer | Tooter]) -> Counter[str]:
    """How often each answer was handed over to a network. A mail that Postfix delivered twice itself counts once."""
    times: Counter[str] = Counter()
    for one in people:
        if isinstance(one, Mailer):
            names = defaultdict(set)
            for each in mail.mailbox(one.address):
                body = message_from_bytes(each, policy=policy.default).get_body(("plain",))
                assert body is not None
                names[_answer_in(body.get_content())].add(queue_id(each))
            times.update({text: len(queued) for text, queued in names.items()})
    times.update(_answer_in(_words(note)) for note in snac.b.statuses_of(town))
    return times


def _words(note: dict[str, Any]) -> str:
    return str(note.get("content") or note.get("sourceContent") or "")


def _answer_in(text: str) -> str:
    start = text.find("Antwoord ")
    assert start >= 0, f"not an answer of ours: {text!r}"
    return text[start : text.index("(oefening).", start) + len("(oefening).")]
