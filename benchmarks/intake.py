"""How many posts a second travel the whole road, beside the plain INSERT of the same rows as floor.

The road: raw notifications of a fediverse server land, are routed, parsed, stored, matched with the place dossier,
opened as conversations and announced. The floor: ``INSERT … SELECT unnest`` of posts that are ready made, into the
same table, with the same indexes, under the same fence. Both in the same run, by turns.

Run: ``python -m benchmarks.intake``
"""

from __future__ import annotations

import random
import statistics
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.ground import arguments, ground
from benchmarks.tokenizer import posts as texts

BATCH = 500
FLOOR = """
INSERT INTO posts_post (
    organisation_id, channel_id, author_id, direction, visibility, private, uri, parent_uri, root_uri,
    subject, text, quoted, html, warning, language, web_url, reply_data, signed, tokens, published_at, received_at)
SELECT %(organisation)s, %(channel)s, %(author)s, 'in', 'public', false, uri, '', uri, '', text, '', html, '', 'nl',
       uri, reply_data::jsonb, '', array_to_tsvector(string_to_array(terms, chr(31))), published_at, published_at
FROM unnest(%(uri)s::text[], %(text)s::text[], %(html)s::text[], %(reply_data)s::text[], %(terms)s::text[],
            %(published_at)s::timestamptz[]) AS new (uri, text, html, reply_data, terms, published_at)
"""


def notification(number: int, text: str, at: datetime) -> dict[str, Any]:
    """A mention as a Mastodon server gives it, all fields that servers send; made up."""
    who = f"bewoner{number % 997}"
    server = "https://buurtnet.example"
    return {
        "id": str(10_000_000 + number),
        "type": "mention",
        "created_at": at.isoformat(),
        "account": {},
        "status": {
            "id": str(20_000_000 + number),
            "uri": f"{server}/users/{who}/statuses/{number}",
            "url": f"{server}/@{who}/{number}",
            "created_at": at.isoformat(),
            "edited_at": None,
            "in_reply_to_id": None,
            "in_reply_to_account_id": None,
            "sensitive": False,
            "spoiler_text": "",
            "visibility": "public",
            "language": "nl",
            "content": f'<p><span class="h-card"><a href="{server}/@stad" class="u-url">@stad</a></span> {text}</p>',
            "media_attachments": [],
            "mentions": [],
            "tags": [],
            "emojis": [],
            "account": {
                "id": str(number % 997),
                "acct": f"{who}@buurtnet.example",
                "username": who,
                "display_name": f"Bewoner {number % 997}",
                "uri": f"{server}/users/{who}",
                "url": f"{server}/@{who}",
            },
        },
    }


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--posts", type=int, default=10_000, help="posts in each round")
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with ground(options):
        import django

        django.setup()
        run(options.posts, options.rounds)


def run(number: int, rounds: int) -> None:
    from klankbord.channels.contract import Batch
    from klankbord.channels.mastodon.status import envelope_of

    channel = prepare()
    roads, floors = [], []
    said = texts(number, accented=True)
    for one in range(rounds):
        began = datetime.now(UTC) - timedelta(days=2)
        envelopes = [
            envelope_of("notification", notification(one * number + i, text, began + timedelta(seconds=i)), {})
            for i, text in enumerate(said)
        ]
        batches = [Batch(envelopes[at : at + BATCH], {}) for at in range(0, number, BATCH)]
        roads.append(number / road(channel, batches))
        floors.append(number / floor(channel, said, one))
        print(f"round {one + 1}: road {roads[-1]:,.0f} posts/s, floor {floors[-1]:,.0f} posts/s", flush=True)
    shares = [road / floor for road, floor in zip(roads, floors, strict=True)]
    print(
        f"median of {rounds}: road {statistics.median(roads):,.0f} posts/s,"
        f" floor {statistics.median(floors):,.0f} posts/s, share {statistics.median(shares):.2f} (aim: 0.50)"
    )


def prepare() -> Any:
    """An organisation with a place dossier and a fediverse channel, made as the application."""
    from django.db import transaction

    from klankbord.channels.actions import connect_channel
    from klankbord.listening.actions import open_place_dossier
    from klankbord.tenancy.actions import found_organisation
    from klankbord.tenancy.fence import acting_for
    from klankbord.tenancy.models import User

    with transaction.atomic():
        user = User.objects.create(email=f"{random.random()}@bench.example", name="Bench")
        organisation = found_organisation("Gemeente Meetdam", None, ["webcare"], by=user)
    with acting_for(organisation.pk):
        open_place_dossier(organisation, ["Klankendam", "Marktplein", "Klankbrug"], by=user)
        settings = {"server": "https://stad.example", "account": "stad"}
        return connect_channel(organisation, "mastodon", "Fediverse", settings, {"token": "x"}, by=user)


def road(channel: Any, batches: list[Any]) -> float:
    """Seconds for everything between the network and the browser's notice."""
    from django.db import transaction
    from django.utils import timezone

    from klankbord.channels.actions import land
    from klankbord.channels.models import Source
    from klankbord.intake.flow import route, take_in

    source = Source.objects.get(pk=channel.source_id)
    began = time.perf_counter()
    for batch in batches:
        with transaction.atomic():
            land(source, batch, timedelta(seconds=5), timezone.now())
        route(source)
        take_in(channel.organisation_id, channel.pk)
    return time.perf_counter() - began


def floor(channel: Any, said: list[str], one: int) -> float:
    """Seconds for inserting the same texts, ready made, in batches of the same size."""
    from django.db import connection

    from klankbord.base.text.tokens import index_terms
    from klankbord.posts.models import Author
    from klankbord.tenancy.fence import acting_for

    now = datetime.now(UTC)
    with acting_for(channel.organisation_id):
        author = Author.objects.filter(organisation=channel.organisation_id).values_list("pk", flat=True)[0]
    ready = [
        {
            "organisation": channel.organisation_id,
            "channel": channel.pk,
            "author": author,
            "uri": [f"https://floor.example/{one}/{at + i}" for i in range(len(part))],
            "text": part,
            "html": [f"<p>{text}</p>" for text in part],
            "reply_data": ['{"status_id": "1", "mention": "bewoner@buurtnet.example"}'] * len(part),
            "terms": ["\x1f".join(index_terms(text)) for text in part],
            "published_at": [now] * len(part),
        }
        for at in range(0, len(said), BATCH)
        for part in [said[at : at + BATCH]]
    ]
    began = time.perf_counter()
    for rows in ready:
        with acting_for(channel.organisation_id), connection.cursor() as cursor:
            cursor.execute(FLOOR, rows)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
