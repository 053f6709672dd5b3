"""Searching a million posts with the query language: median and 95th percentile of a first page of fifty finds.

    python -m benchmarks.search_archive --data FOLDER      (made by benchmarks.seed)

In this process, behind the fence, each search in a transaction of its own. Floor in the same run: entering the fence
and reading fifty posts by their keys. ``found`` and ``examined`` are finds on the page and candidates looked at.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any

from benchmarks.country import RARE_WORD
from benchmarks.figures import measure
from benchmarks.ground import arguments, ground
from benchmarks.queue import words_in

TIMES = 40


def queries(words: dict[int, str], said: list[str]) -> dict[str, str]:
    """A name for people, and a query; ``said`` are words that stand side by side in some public post."""
    return {
        "word, rare": RARE_WORD,
        "word, 1 post in 10,000": words[10_000],
        "word, 1 post in 100": words[100],
        "word, common": "gemeente",
        "word, nowhere": "bestaatnergens",
        "place AND topic NOT": f"gemeente {words[100]} NOT brug",
        "phrase, common words": '"de brug"',
        "phrase, from one post": f'"{" ".join(said[:3])}"',
        "phrase, never said so": '"brug water boom licht"',
        "NEAR, common words": "brug NEAR/5 water",
        "NEAR, one rare": f"gemeente NEAR/5 {words[10_000]}",
        "wildcard, beginning": "klan*",
        "wildcard, beginning of one letter": "s* brug",
        "wildcard, end, common": "*aan",
        "wildcard, end, nowhere": "*bestaatnergens",
        "wildcard, end AND word": f"*aan {words[100]}",
        "spelling, common word": "=gemeente",
        "spelling, never so": "=GemeentE",
        "place": "plaats:Brug",
        "channel": "gemeente kanaal:mastodon",
        "a choice of twenty": " OR ".join([*said[:18], words[100], words[1000]]),
    }


def main() -> None:
    parser = arguments("Measure archive search on a full database.")
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--only", default="", help="only queries whose name holds this")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    with ground(options) as cluster:
        import django

        django.setup()
        from benchmarks.seed import DESK_USER, LARGEST_USER

        words = words_in(cluster.owner_url)
        print(f"load of this machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for name, user in (("largest organisation", LARGEST_USER), ("desk of five mandates and its own", DESK_USER)):
            report(name, user, words, options.times, options.only)


def report(name: str, user_id: int, words: dict[int, str], times: int, only: str) -> None:
    """One line for each query, for one colleague."""
    from klankbord.listening.query import parse
    from klankbord.posts.models import Post
    from klankbord.tenancy.fence import entered
    from klankbord.tenancy.models import User

    user = User.objects.get(pk=user_id)
    with entered(user) as sight:
        channels = list(sight.public_channels)
        public = Post.objects.filter(channel_id__in=channels, private=False, direction=Post.Direction.IN)
        keys = list(public.order_by("-published_at").values_list("pk", flat=True)[:50])
        count = public.count()
        said = next(post.text.split() for post in public.order_by("pk")[1_000:2_000] if len(post.text.split()) > 20)

    def floor() -> None:
        with entered(user):
            list(Post.objects.filter(pk__in=keys).select_related("channel").defer("tokens", "html", "quoted"))

    print(f"\n{name}: {count:,} public posts of others")
    print(f"{'':<36} {'median':>8} {'p95':>8} {'found':>6} {'examined':>9}   (ms, {times} searches each)")
    taken = measure(floor, times)
    print(f"{'floor: fifty posts by key':<36} {taken.median:8.1f} {taken.p95:8.1f}")
    for what, text in queries(words, said).items():
        if only in what:
            query = parse(text)
            taken = measure(partial(search, user, query, channels), times, warm=2)
            found, examined = search(user, query, channels)
            print(f"{what:<36} {taken.median:8.1f} {taken.p95:8.1f} {found:6} {examined:9}", flush=True)


def search(user: Any, query: Any, channels: list[int]) -> tuple[int, int]:
    """One first page: how many finds, and how many candidates were looked at."""
    from klankbord.listening import archive
    from klankbord.tenancy.fence import entered

    with entered(user):
        page = archive.search_archive(query, channels)
    return len(page.finds), page.examined


if __name__ == "__main__":
    main()
