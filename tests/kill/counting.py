"""Counts afterwards: what lies in the mailboxes and on the disks of the other servers, against what the house has."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import Any

from tests.kill.counting_ways import confirmations, count_confirmations, count_drafts, count_ways, told_in_exercises
from tests.kill.desk import Doubter, Form
from tests.kill.house import House
from tests.kill.residents import Mailer, Tooter
from tests.kill.ways import Visitor, Way
from tests.servers.mail import MailServers, queue_id
from tests.servers.snac import SnacServers, SnacUser

PERIODIC = ("intake.sweep", "intake.release_dead_jobs", "intake.reread_open")
SNAC = {"snac_a", "snac_b"}
BY_NETWORK = ("mail", "mastodon")
"""Ways in whose messages are known by a name that the network gave them; the others are known by their words."""


@dataclass
class Scene:
    """Everybody and everything that takes part."""

    house: House
    mail: MailServers
    snac: SnacServers
    town: SnacUser
    people: list[Mailer | Tooter]
    visitor: Visitor
    ways: list[Way]
    """All other ways in, the visitor among them."""
    doubter: Doubter
    forms: Callable[[], list[Form]]
    killed: set[str] = field(default_factory=set)


@dataclass
class Count:
    """The figures of one run, and everything that is wrong."""

    messages: int = 0
    pictures: int = 0
    answers: int = 0
    taken_back: int = 0
    states: Counter[str] = field(default_factory=Counter)
    ways: Counter[str] = field(default_factory=Counter)
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


def count(scene: Scene) -> Count:
    """Everything compared; nothing here asks the house about itself except its database."""
    found, house = Count(), scene.house
    posts = _posts(house)
    incoming = Counter(post["uri"] for post in posts if post["direction"] == "in" and post["kind"] in BY_NETWORK)
    roots = {post["uri"]: post["root_uri"] for post in posts}
    for one in scene.people:
        if isinstance(one, Mailer):
            _count_letters(found, scene.mail, one, incoming, roots)
        else:
            _count_notes(found, scene, one, incoming, roots)
            _count_pictures(found, scene, one, incoming)
    written = _written(scene.people, scene.snac)
    found.wrong += [f"a post here that nobody wrote: {uri}" for uri in incoming if uri not in written]
    by_kind, wrong = count_ways(house, scene.ways, scene.visitor, posts)
    found.ways, found.messages = by_kind, found.messages + by_kind.total()
    found.wrong += wrong
    found.wrong += count_confirmations(house, scene.mail, scene.visitor)
    found.wrong += count_drafts(house, scene.doubter)
    _count_conversations(found, house, posts)
    _count_answers(found, scene)
    found.wrong += [f"quarantined: {row['outcome']}" for row in house.ask(
        "SELECT outcome FROM channels_arrival WHERE state = 'quarantined'"
    )]  # fmt: skip
    found.noted += [f"{row['count']} failed jobs: {row['task_name']}" for row in house.ask(
        "SELECT task_name, count(*) FROM procrastinate_jobs WHERE status = 'failed' GROUP BY task_name"
    )]  # fmt: skip
    found.noted += [f"gap: {row['reason']}" for row in house.ask("SELECT reason FROM channels_gap")]
    return found


def never(scene: Scene) -> list[str]:
    """What may not be at any moment, also while everything is on its way: something twice, or in quarantine."""
    posts = _posts(scene.house)
    here = Counter(
        (post["kind"], post["uri"] if post["kind"] in BY_NETWORK else post["text"].partition("\n\n")[0])
        for post in posts
        if post["direction"] == "in"
    )
    conversations = Counter(row["root_uri"] for row in scene.house.ask("SELECT root_uri FROM inbox_conversation"))
    return [
        *(f"{times} times here: {one}" for one, times in here.items() if times > 1),
        *(f"{times} conversations for {root}" for root, times in conversations.items() if times > 1),
        *(f"{times} times at the resident: {text}" for text, times in _outside(scene).items() if times > 1),
        *(f"{times} confirmations of {one}" for one, times in confirmations(scene.mail, scene.visitor).items()
          if times > 1),
        *(f"quarantined: {row['outcome']}" for row in scene.house.ask(
            "SELECT outcome FROM channels_arrival WHERE state = 'quarantined'"
        )),
    ]  # fmt: skip


def _posts(house: House) -> list[dict[str, Any]]:
    return house.ask(
        "SELECT p.id, p.uri, p.root_uri, p.direction, p.text, p.overheard, c.kind"
        " FROM posts_post p JOIN channels_channel c ON c.id = p.channel_id ORDER BY p.id"
    )


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


def _count_notes(found: Count, scene: Scene, one: Tooter, incoming: Counter[str], roots: dict[str, str]) -> None:
    snac = scene.snac
    here = {str(note["id"]) for note in snac.a.statuses_of(one.user)}
    told = _notified(snac, scene.town)
    for note in snac.b.statuses_of(one.user):
        found.messages += 1
        uri = str(note["id"])
        times = incoming[uri]
        if times == 1:
            parent = str(note.get("inReplyTo") or "")
            if parent in roots and roots[parent] != roots[uri]:
                found.wrong.append(f"{uri} stands under {roots[uri]}, its parent under {roots[parent]}")
        elif times == 0 and (uri not in here or uri not in told) and SNAC & scene.killed:
            # the network itself lost it: it has no notification at our server, which is all we can ask for
            where = "has it without a notification" if uri in here else "never had it"
            found.noted.append(f"lost by the killed fediverse servers, ours {where}: {uri}")
            found.messages -= 1
        else:
            found.wrong.append(f"{times} posts here for the note {uri} (on our server: {uri in here}, {uri in told})")


def _count_pictures(found: Count, scene: Scene, one: Tooter, incoming: Counter[str]) -> None:
    kept = Counter(row["uri"] for row in scene.house.ask(
        "SELECT p.uri FROM posts_attachment a JOIN posts_post p ON p.id = a.post_id WHERE a.state = 'kept'"
    ))  # fmt: skip
    for note in scene.snac.b.statuses_of(one.user):
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
    # what was only said about us is found by a dossier, and opens nothing
    wanted = {post["root_uri"] for post in posts if post["direction"] == "in" and not post["overheard"]}
    found.wrong += [f"{conversations[root]} conversations for the thread {root}" for root in wanted
                    if conversations[root] != 1]  # fmt: skip
    found.wrong += [f"a conversation without messages: {root}" for root in conversations if root not in wanted]


def _count_answers(found: Count, scene: Scene) -> None:
    rows = scene.house.ask(
        "SELECT d.client_id::text, d.state, d.problem, d.attempts, p.text, c.kind, count(p.id) OVER (PARTITION BY d.id)"
        " AS posts FROM channels_delivery d JOIN channels_channel c ON c.id = d.channel_id"
        " LEFT JOIN posts_post p ON p.delivery_id = d.id WHERE NOT (d.outgoing ->> 'automatic')::boolean"
    )
    by_client, forms = {row["client_id"]: row for row in rows}, scene.forms()
    if len(by_client) != len(rows):
        found.wrong.append("an answer with two posts")
    for form in forms:
        if form.taken_back and form.client_id in by_client:
            found.wrong.append(f"an answer that was taken back is there all the same: {form}")
        elif form.acknowledged and not form.undo_pressed and form.client_id not in by_client:
            found.wrong.append(f"the desk said yes to an answer it does not have: {form}")
    found.taken_back = sum(form.taken_back for form in forms)
    texts = Counter(row["text"] for row in rows)
    found.wrong += [f"{times} answers here with the text {text}" for text, times in texts.items() if times > 1]
    known = {form.client_id for form in forms}
    found.wrong += [f"an answer that nobody wrote: {row}" for row in rows if row["client_id"] not in known]
    outside = _outside(scene)
    for row in rows:
        found.answers += 1
        state = row["state"]
        found.states[state] += 1
        # what a colleague told somebody is recorded here and nowhere else
        times = row["posts"] if row["kind"] == "tip" else outside[row["text"]]
        right = {"sent": times == 1, "uncertain": times <= 1, "failed": times == 0 and bool(row["problem"])}
        if not right.get(state, False):
            at_ours = sum(row["text"] in _words(note) for note in scene.snac.a.statuses_of(scene.town))
            if state == "sent" and times == 0 and at_ours == 1 and SNAC & scene.killed:
                found.noted.append(f"accepted by our fediverse server and not passed on: {row['text']}")
            else:
                found.wrong.append(f"{times} times at the resident (at our own server {at_ours}): {row}")
    for text in outside:
        if text not in texts:
            found.wrong.append(f"outside and not here: {text}")


def _outside(scene: Scene) -> Counter[str]:
    """How often each answer was handed over to a network. A mail that Postfix delivered twice itself counts once."""
    times = told_in_exercises(scene.house)
    mailboxes = [one.address for one in scene.people if isinstance(one, Mailer)] + scene.visitor.mailboxes
    for mailbox in mailboxes:
        names = defaultdict(set)
        for each in scene.mail.mailbox(mailbox):
            mail = message_from_bytes(each, policy=policy.default)
            body = mail.get_body(("plain",))
            assert body is not None
            if not mail["Auto-Submitted"]:
                names[_answer_in(body.get_content())].add(queue_id(each))
        times.update({text: len(queued) for text, queued in names.items()})
    times.update(_answer_in(_words(note)) for note in scene.snac.b.statuses_of(scene.town))
    return times


def _words(note: dict[str, Any]) -> str:
    return str(note.get("content") or note.get("sourceContent") or "")


def _answer_in(text: str) -> str:
    start = text.find("Antwoord ")
    assert start >= 0, f"not an answer of ours: {text!r}"
    return text[start : text.index("(oefening).", start) + len("(oefening).")]
