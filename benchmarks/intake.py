"""The whole road of a post, from raw arrival to open conversation, next to the plain INSERT of the same posts.

    python -m benchmarks.intake [--posts 20000]

Road and floor take turns of a thousand posts, so that whatever else the machine does disturbs both alike.
"""

from __future__ import annotations

import cProfile
import json
import pstats
import random
import statistics
import time
from datetime import timedelta
from typing import Any

from benchmarks.country import END, Words
from benchmarks.ground import arguments, ground

TURN = 1000
PLAIN = """
INSERT INTO posts_post (
    organisation_id, channel_id, author_id, direction, visibility, private, uri, parent_uri, root_uri, subject,
    text, quoted, html, warning, language, web_url, reply_data, signed, tokens, published_at, received_at, edited_at)
SELECT %(organisation)s, %(channel)s, author, 'in', visibility, private, uri, parent_uri, root_uri, subject,
       text, quoted, html, warning, language, web_url, reply_data::jsonb, '', tokens::tsvector,
       published_at, published_at, edited_at
FROM unnest(%(author)s::bigint[], %(visibility)s::text[], %(private)s::boolean[], %(uri)s::text[],
            %(parent_uri)s::text[], %(root_uri)s::text[], %(subject)s::text[], %(text)s::text[], %(quoted)s::text[],
            %(html)s::text[], %(warning)s::text[], %(language)s::text[], %(web_url)s::text[], %(reply_data)s::text[],
            %(tokens)s::text[], %(published_at)s::timestamptz[], %(edited_at)s::timestamptz[])
     AS new (author, visibility, private, uri, parent_uri, root_uri, subject, text, quoted, html, warning, language,
             web_url, reply_data, tokens, published_at, edited_at)
"""
US = {"id": "1", "acct": "oefendam", "uri": "https://plein.example/users/oefendam"}


def status(number: int, words: Words, chance: random.Random) -> dict[str, Any]:
    """A mention as a Mastodon server tells it: every field, of which we use a third."""
    author = f"bewoner{int(chance.random() ** 2 * 4000)}"
    home = f"https://buurt{number % 7}.example"
    said = " ".join(words.some(words.length()))
    earlier = f"https://buurt.example/statuses/{chance.randrange(number)}" if number and chance.random() < 0.3 else None
    return {
        "id": str(110_000_000_000 + number),
        "created_at": (END + timedelta(seconds=number)).isoformat().replace("+00:00", ".000Z"),
        "in_reply_to_id": str(110_000_000_000 + number - 1) if earlier else None,
        "in_reply_to_account_id": "2" if earlier else None,
        "sensitive": False,
        "spoiler_text": "",
        "visibility": "public" if chance.random() < 0.7 else "direct",
        "language": "nl",
        "uri": f"https://buurt.example/statuses/{number}",
        "url": f"{home}/@{author}/{number}",
        "replies_count": 0,
        "reblogs_count": 0,
        "favourites_count": 0,
        "edited_at": None,
        "content": f'<p><span class="h-card"><a href="https://plein.example/@oefendam" class="u-url mention">'
        f"@<span>oefendam</span></a></span> {said}</p><p>Groet 👋 #Oefendam caf\u00e9</p>",
        "reblog": None,
        "account": {
            "id": author,
            "username": author,
            "acct": f"{author}@buurt{number % 7}.example",
            "display_name": f"{author.title()} de Vries",
            "uri": f"{home}/users/{author}",
            "url": f"{home}/@{author}",
            "note": f"<p>{' '.join(words.some(20))}</p>",
            "avatar": f"{home}/avatars/{author}.png",
            "fields": [],
            "emojis": [],
        },
        "media_attachments": [],
        "mentions": [US | {"username": "oefendam", "url": "https://plein.example/@oefendam"}],
        "tags": [{"name": "oefendam", "url": "https://plein.example/tags/oefendam"}],
        "emojis": [],
        "card": None,
        "poll": None,
    }


def envelopes(first: int, count: int, words: Words, chance: random.Random) -> list[tuple[str, bytes]]:
    """Raw arrivals as the connector keeps them: a key and the server's own JSON."""
    made = []
    for number in range(first, first + count):
        said = status(number, words, chance)
        told = {"what": "notification", "data": {"id": str(number), "type": "mention", "status": said}}
        above = (
            [{"uri": f"https://buurt.example/statuses/{chance.randrange(number)}"}] if said["in_reply_to_id"] else []
        )
        body = told | {"us": US, "version": "4.3.0", "domain": "plein.example", "ancestors": above}
        made.append((said["uri"], json.dumps(body).encode()))
    return made


class Road:
    """One organisation with a fediverse channel and its standing dossier."""

    def __init__(self, owner_url: str) -> None:
        import psycopg

        from klankbord.channels.registry import encrypt

        with psycopg.connect(owner_url) as connection:

            def made(statement: str, *values: object) -> int:
                row = connection.execute(statement.encode(), values).fetchone()
                assert row is not None
                return int(row[0])

            self.organisation = made(
                "INSERT INTO tenancy_organisation (name, is_demo, created_at)"
                " VALUES ('Oefendam', true, now()) RETURNING id"
            )
            connection.execute(
                "INSERT INTO listening_dossier (organisation_id, name, is_place, words, purpose, legal_basis, reason,"
                " review_on, query, topic, phase, retention_days, state, declared, shared, created_at)"
                " VALUES (%s, 'Oefendam', true, '{gemeente,brug,straat}', 'communication', '', '', now(),"
                " '', '', '', 90, 'active', '[]', '', now())",
                [self.organisation],
            )
            self.channel, self.floor = (
                self._channel(made, name) for name in (f"weg {time.time()}", f"vloer {time.time()}")
            )
            connection.execute(
                "INSERT INTO channels_channelsecret (organisation_id, channel_id, ciphertext) VALUES (%s, %s, %s)",
                [self.organisation, self.channel, encrypt({})],
            )

    def _channel(self, made: Any, name: str) -> int:
        source = made(
            "INSERT INTO channels_source (kind, address, cursor, failure, next_fetch_at)"
            " VALUES ('mastodon', %s, '{}', '', now() + interval '10 years') RETURNING id",
            name,
        )
        return int(
            made(
                "INSERT INTO channels_channel (organisation_id, source_id, kind, name, settings, enabled, created_at)"
                " VALUES (%s, %s, 'mastodon', %s, '{}', true, now()) RETURNING id",
                self.organisation,
                source,
                name,
            )
        )

    def bring_in(self, arrivals: list[tuple[str, bytes]]) -> float:
        """The raw arrivals on the organisation's own pile; seconds."""
        from klankbord.channels import actions
        from klankbord.channels.models import Channel, Landing
        from klankbord.tenancy.fence import acting_for

        began = time.perf_counter()
        for start in range(0, len(arrivals), 500):
            with acting_for(self.organisation):
                channel = Channel.objects.get(pk=self.channel)
                few = arrivals[start : start + 500]
                actions.bring_in(channel, [Landing(key=key, body=body, received_at=END) for key, body in few])
        return time.perf_counter() - began

    def take_in(self) -> float:
        """Everything from parsing to telling open browsers; seconds."""
        from klankbord.intake.flow import take_in

        began = time.perf_counter()
        take_in(self.organisation, self.channel)
        return time.perf_counter() - began

    def insert(self, turn: int) -> float:
        """The floor: the posts of this turn once more, as plain rows from arrays, in equal batches; seconds."""
        from django.db import connection

        from klankbord.posts.models import Post
        from klankbord.tenancy.fence import acting_for

        with acting_for(self.organisation):
            posts = list(Post.objects.filter(channel=self.channel).order_by("-pk")[:TURN])
        names = "visibility private parent_uri subject text quoted html warning language web_url edited_at tokens"
        batches: list[dict[str, Any]] = [
            {name: [getattr(post, name) for post in few] for name in (*names.split(), "published_at")}
            | {
                "organisation": self.organisation,
                "channel": self.floor,
                "author": [post.author_id for post in few],
                "uri": [f"floor:{turn}:{post.uri}" for post in few],
                "root_uri": [f"floor:{turn}:{post.root_uri}" for post in few],
                "reply_data": [json.dumps(post.reply_data) for post in few],
            }
            for few in (posts[start : start + 500] for start in range(0, TURN, 500))
        ]
        began = time.perf_counter()
        for batch in batches:
            with acting_for(self.organisation), connection.cursor() as cursor:
                cursor.execute(PLAIN, batch)
        return time.perf_counter() - began


def main() -> None:
    parser = arguments("Measure the road of a post.")
    parser.add_argument("--posts", type=int, default=20_000)
    parser.add_argument("--profile", action="store_true", help="show where the road spends its time")
    options = parser.parse_args()
    with ground(options) as cluster:
        import django

        django.setup()
        road = Road(cluster.owner_url)
        chance = random.Random(7)
        words = Words(chance)
        profile = cProfile.Profile()
        pile, taken, floor = [], [], []
        for turn in range(-1, options.posts // TURN):
            if turn == 0:
                analyse(cluster.owner_url)
            arrivals = envelopes((turn + 1) * TURN, TURN, words, chance)
            brought = road.bring_in(arrivals)
            if options.profile and turn >= 0:
                profile.enable()
            seconds = road.take_in()
            profile.disable()
            plain = road.insert(turn)
            if turn >= 0:  # the turn before is to warm up
                pile.append(brought)
                taken.append(seconds)
                floor.append(plain)
        check(road, options.posts + TURN)
        report("raw onto the pile", pile)
        report("the road: take_in", taken)
        report("floor: plain INSERT of the same posts", floor)
        print(f"share of the floor: {statistics.median(floor) / statistics.median(taken):.2f} (aim 0.50)")
        if options.profile:
            pstats.Stats(profile).sort_stats("tottime").print_stats(45)


def analyse(owner_url: str) -> None:
    """What PostgreSQL does by itself within seconds on a table that grows; this measurement is shorter than that."""
    import psycopg

    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("ANALYZE")


def report(what: str, seconds: list[float]) -> None:
    rates = sorted(TURN / one for one in seconds)
    print(f"{what:<40} {statistics.median(rates):8.0f} posts/s   ({rates[0]:.0f} to {rates[-1]:.0f})")


def check(road: Road, posts: int) -> None:
    """What was measured did happen."""
    from klankbord.channels.models import Arrival
    from klankbord.inbox.models import Conversation
    from klankbord.posts.models import Post
    from klankbord.tenancy.fence import acting_for

    with acting_for(road.organisation):
        stored = Post.objects.filter(channel=road.channel).count()
        left = Arrival.objects.filter(channel=road.channel).exclude(state=Arrival.State.PARSED).count()
        opened = Conversation.objects.filter(channel=road.channel).count()
    if stored != posts or left:
        raise SystemExit(f"{stored} posts stored of {posts}, {left} arrivals left")
    print(f"{stored} posts in {opened} conversations")


if __name__ == "__main__":
    main()
