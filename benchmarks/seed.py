"""Fills a database with a million posts and 200,000 conversations over 342 organisations, and one shared desk.

    python -m benchmarks.seed --data FOLDER

Written as the owner, by COPY, with indexes and foreign keys made afterwards; ``country`` makes up what stands in it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any

import psycopg

from benchmarks.country import END, RARE_WORD, Channel, Thread, Words, channels, residents, threads
from benchmarks.ground import arguments, ground

ORGANISATIONS, POSTS, CONVERSATIONS = 342, 1_000_000, 200_000
DESK = 6  # the organisation whose team holds five mandates, by rank of size
MANDATES = (2, 3, 4, 5, 7)
LARGEST_USER, DESK_USER = 1, 2
BULKY = (
    "posts_author",
    "channels_delivery",
    "posts_post",
    "inbox_conversation",
    "listening_match",
    "tenancy_auditentry",
)
Row = tuple[Any, ...]


def literal(value: object) -> str:
    """A value as COPY's text format wants it; our made-up words hold nothing that needs escaping."""
    match value:
        case None:
            return "\\N"
        case bool():
            return "t" if value else "f"
        case datetime():
            return value.isoformat()
        case _:
            return str(value)


def copy(connection: psycopg.Connection[Row], table: str, columns: str, rows: Iterable[Row]) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN".encode()) as out:
        while True:
            chunk = "".join("\t".join(map(literal, row)) + "\n" for row in islice(rows, 500))
            if not chunk:
                return
            out.write(chunk)


def bare(connection: psycopg.Connection[Row]) -> list[str]:
    """Take indexes and foreign keys off the bulky tables; the statements that put them back, indexes first."""
    constraints = connection.execute(
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE contype IN ('f', 'u') AND conrelid = ANY (%s::regclass[]) AND NOT (contype = 'u' AND EXISTS"
        " (SELECT FROM pg_constraint other WHERE other.conindid = pg_constraint.conindid AND other.contype = 'f'"
        " AND other.conrelid <> ALL (%s::regclass[])))"
        " ORDER BY contype DESC",
        [list(BULKY), list(BULKY)],
    ).fetchall()
    for table, name, _ in sorted(constraints, key=lambda row: row[2].startswith("UNIQUE")):
        connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"'.encode())
    indexes = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY (%s) AND NOT EXISTS"
        " (SELECT FROM pg_constraint WHERE conindid = (quote_ident(indexname))::regclass)",
        [list(BULKY)],
    ).fetchall()
    for name, _ in indexes:
        connection.execute(f'DROP INDEX "{name}"'.encode())
    return [definition for _, definition in indexes] + [
        f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}' for table, name, definition in constraints
    ]


def write_house(connection: psycopg.Connection[Row], places: list[Channel]) -> None:
    """Organisations, their channels and dossiers, the colleague of the largest and the one of the shared desk."""
    ids = range(1, ORGANISATIONS + 1)
    copy(
        connection,
        "tenancy_organisation",
        "id, name, is_demo, created_at",
        iter([(i, f"Gemeente Oefendam {i}", True, END) for i in ids]),
    )
    copy(
        connection,
        "tenancy_user",
        "id, password, email, name, is_active, is_demo, date_joined",
        iter([(i, "!", f"collega{i}@oefendam.example", f"Collega {i}", True, True, END) for i in ids]),
    )
    home = {LARGEST_USER: 1, DESK_USER: DESK} | {i: i for i in ids if i not in (LARGEST_USER, DESK_USER)}
    copy(
        connection,
        "tenancy_membership",
        "id, organisation_id, user_id, roles, created_at",
        iter([(i, home[i], i, "{webcare}", END) for i in ids]),
    )
    copy(connection, "tenancy_team", "id, organisation_id, name", iter([(1, DESK, "Webcareteam")]))
    copy(
        connection,
        "tenancy_teammember",
        "id, organisation_id, team_id, membership_id",
        iter([(1, DESK, 1, DESK_USER)]),
    )
    copy(
        connection,
        "tenancy_mandate",
        "id, organisation_id, desk_organisation_id, desk_team_id, all_channels, roles, decision, processor_agreement,"
        " valid_from, valid_until",
        iter(
            [(i, i, DESK, 1, True, "{}", "Oefening", "Oefening", END, END + timedelta(days=36_500)) for i in MANDATES]
        ),
    )
    copy(
        connection,
        "channels_source",
        "id, kind, address, cursor, failure, next_fetch_at",
        iter([(c.id, c.kind, f"{c.kind}:{c.id}", "{}", "", END + timedelta(days=36_500)) for c in places]),
    )
    copy(
        connection,
        "channels_channel",
        "id, organisation_id, source_id, kind, name, settings, enabled, created_at",
        iter([(c.id, c.organisation, c.id, c.kind, f"{c.kind} {c.id}", "{}", True, END) for c in places]),
    )
    copy(
        connection,
        "listening_dossier",
        "id, organisation_id, name, is_place, words, purpose, legal_basis, reason, review_on, query, topic, phase,"
        " retention_days, state, declared, shared, created_at",
        iter(
            [
                (
                    *(i, i, "Plaats", True, "{gemeente}", "communication", "Oefening", "Oefening", "2027-11-20"),
                    *("", "", "", 90, "active", "[]", "", END),
                )
                for i in ids
            ]
        ),
    )


class Said:
    """Turns threads into rows, in the order in which the posts came."""

    def __init__(self, plan: list[Thread], words: Words) -> None:
        self.plan, self.words = plan, words
        self.authors: dict[tuple[int, int], int] = {}
        self.openings: list[tuple[str, str]] = [("", "")] * len(plan)
        self.answers: list[tuple[int, int, int]] = []
        self.finds: list[tuple[int, int]] = []

    def author(self, thread: Thread) -> int:
        return self.authors.setdefault((thread.channel.organisation, thread.author), len(self.authors) + 1)

    def posts(self) -> Iterator[Row]:
        order = sorted(
            (moment, number, place) for number, t in enumerate(self.plan) for place, moment in enumerate(t.moments)
        )
        rare = dict.fromkeys(range(1, 8), 3)
        for post, (moment, number, place) in enumerate(order, start=1):
            thread = self.plan[number]
            channel = thread.channel
            spoken = self.words.some(self.words.length())
            if rare.get(channel.organisation) and self.words.chance.random() < 0.001:
                rare[channel.organisation] -= 1
                spoken.append(RARE_WORD)
            text = " ".join(spoken)
            ours = place % 2 == 1
            note = ours and place % 6 == 5
            subject = " ".join(spoken[:5]) if channel.kind == "mail" else ""
            if place == 0:
                self.openings[number] = (subject, text[:160])
            if not thread.addressed or (not ours and "gemeente" in spoken and not thread.private):
                self.finds.append((post, channel.organisation))
            delivery = None
            if ours and not note:
                self.answers.append((channel.organisation, channel.id, post))
                delivery = len(self.answers)
            author = None if ours else self.author(thread)
            yield (
                *(post, channel.organisation, channel.id, author, delivery),
                "internal" if note else "out" if ours else "in",
                "direct" if thread.private else "public",
                thread.private or note,
                f"uri:{number}:{place}",
                f"uri:{number}:{place - 1}" if place else "",
                f"uri:{number}:0",
                *(subject, text, "", f"<p>{text}</p>" if channel.kind == "mastodon" and not ours else ""),
                *("", "nl", "", "{}", "Collega, Webcareteam" if ours else ""),
                " ".join({*spoken, f"bewoner{author}"} if author else set(spoken)),
                *(moment, moment),
            )

    def conversations(self) -> Iterator[Row]:
        number = 0
        for index, thread in enumerate(self.plan):
            if not thread.addressed:
                continue
            number += 1
            organisation = thread.channel.organisation
            desk = DESK_USER if organisation in (DESK, *MANDATES) else organisation
            chance = self.words.chance.random()
            assignee = desk if chance < (0.3 if thread.status != "closed" else 0.6) else None
            subject, preview = self.openings[index]
            author = self.author(thread)
            last = thread.moments[-1]
            yield (
                *(number, organisation, thread.channel.id, thread.private, f"uri:{index}:0", author),
                *(
                    f"Bewoner {author}",
                    subject,
                    preview,
                    thread.status,
                    assignee,
                    f"Collega {assignee}" if assignee else "",
                ),
                *(organisation if desk == DESK_USER and organisation != DESK else None, thread.moments[0], last),
                *(last if thread.status == "open" else None, None if chance > 0.9 else last),
                *(last if thread.status == "closed" else None, 0, chance < 0.001),
            )


def write_content(connection: psycopg.Connection[Row], said: Said) -> None:
    copy(
        connection,
        "posts_post",
        "id, organisation_id, channel_id, author_id, delivery_id, direction, visibility, private, uri, parent_uri,"
        " root_uri, subject, text, quoted, html, warning, language, web_url, reply_data, signed, tokens, published_at,"
        " received_at",
        said.posts(),
    )
    copy(
        connection,
        "inbox_conversation",
        "id, organisation_id, channel_id, private, root_uri, author_id, author_name, subject, preview, status,"
        " assignee_id, assignee_name, mandate_id, opened_at, last_post_at, waiting_since, seen_at, closed_at, reopened,"
        " delivery_problem",
        said.conversations(),
    )
    copy(
        connection,
        "posts_author",
        "id, organisation_id, kind, network_id, handle, name",
        (
            (pk, organisation, "mail", f"bewoner{pk}", f"bewoner{pk}@post.example", f"Bewoner {pk}")
            for (organisation, _), pk in said.authors.items()
        ),
    )
    copy(
        connection,
        "channels_delivery",
        "id, organisation_id, channel_id, private, client_id, outgoing, state, external_id, web_url, problem, attempts,"
        " created_at, sent_at",
        (
            (pk, organisation, channel, True, f"{pk:032x}", "{}", "sent", f"uri:sent:{post}", "", "", 1, END, END)
            for pk, (organisation, channel, post) in enumerate(said.answers, start=1)
        ),
    )
    copy(
        connection,
        "listening_match",
        "id, organisation_id, dossier_id, post_id, words, found_at",
        (
            (pk, organisation, organisation, post, "{gemeente}", END)
            for pk, (post, organisation) in enumerate(said.finds, start=1)
        ),
    )
    addressed = [thread for thread in said.plan if thread.addressed]
    copy(
        connection,
        "tenancy_auditentry",
        "id, organisation_id, actie, object, resultaat, oorsprong, actor, tijdstempel, details, salt, digest",
        (
            (n, t.channel.organisation, "gesprek beantwoorden", f"gesprek:{n}", "gelukt", "scherm",
             "Collega, Webcareteam", t.moments[-1], "{}", "\\\\x00", "\\\\x00")
            for n, t in enumerate(addressed, start=1)
        ),
    )  # fmt: skip


def seed(url: str) -> None:
    """Fill an empty, migrated database; prints what takes how long."""
    chance = random.Random(20261120)
    began = time.perf_counter()

    def done(what: str) -> None:
        print(f"{time.perf_counter() - began:7.1f} s  {what}", flush=True)

    sizes = residents(ORGANISATIONS, chance)
    places = channels(sizes, chance)
    plan = list(threads(POSTS, CONVERSATIONS, sizes, places, chance))
    done("thought up")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET synchronous_commit = off")
        connection.execute("SET maintenance_work_mem = '1GB'")
        write_house(connection, places)
        statements = bare(connection)
        write_content(connection, Said(plan, Words(chance)))
        done("written")
        for statement in statements:
            connection.execute(statement.encode())
        done("indexes and foreign keys")
        for table in (*BULKY, "tenancy_organisation", "tenancy_user", "tenancy_membership", "tenancy_team"):
            connection.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}".encode())
        connection.execute("VACUUM ANALYZE")
        done("vacuumed and analysed")


def is_seeded(url: str) -> bool:
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT EXISTS (SELECT FROM posts_post)").fetchone() == (True,)


def main() -> None:
    options = arguments("Fill a database for the benchmarks.").parse_args()
    with ground(options) as cluster:
        if is_seeded(cluster.owner_url):
            print("has content already")
        else:
            seed(cluster.owner_url)


if __name__ == "__main__":
    main()
