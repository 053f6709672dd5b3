"""The desk as whole requests on a full database: median, 95th percentile and queries of every list, page and search.

    python -m benchmarks.queue --data FOLDER      (made by benchmarks.seed)

Each request goes over HTTP to the real web server: middleware, session, fence, templates. The number of queries is
counted in a second round inside this process. Floors in the same run: an empty page, and the list by primary key.
"""

from __future__ import annotations

import os
import re
from functools import partial
from urllib.parse import quote

import psycopg

from benchmarks.country import RARE_WORD
from benchmarks.figures import measure, processor_time
from benchmarks.ground import arguments, ground
from benchmarks.web import Desk, log_in, web_server

TIMES = 60
OLDER = re.compile(r'class="queue__older"><a class="nl-link" href="([^"]+)"')
ROW = re.compile(r'data-id="(\d+)"')


def older(desk: Desk, address: str, pages: int) -> str:
    """The address of a page that many pages back."""
    for _ in range(pages):
        found = OLDER.search(desk.get(address))
        if found is None:
            break
        address = found[1].replace("&amp;", "&")
    return address


def pages(desk: Desk, one_organisation: int, words: dict[int, str]) -> dict[str, str]:
    """What a colleague looks at: a name for people, and the address."""
    rows = ROW.findall(desk.get("/desk/?view=all"))
    search = "/desk/?q="
    return {
        "floor: empty page inside the fence": "/floor/empty",
        "floor: the list by primary key": f"/floor/keys?keys={','.join(rows)}",
        "to do": "/desk/",
        "mine": "/desk/?view=mine",
        "waiting": "/desk/?view=waiting",
        "closed": "/desk/?view=closed",
        "all": "/desk/?view=all",
        "all, one organisation": f"/desk/?view=all&organisation={one_organisation}",
        "closed, 40 pages back": older(desk, "/desk/?view=closed", 40),
        "mine, 4 pages back": older(desk, "/desk/?view=mine", 4),
        "one conversation": f"/desk/{rows[0]}",
        "search, rare word": search + RARE_WORD,
        "search, common word (de)": search + "de",
        "search, common word (gemeente)": search + "gemeente",
        "search, word of 1 in 100 posts": search + words[100],
        "search, word of 1 in 1,000": search + words[1000],
        "search, word of 1 in 10,000": search + words[10_000],
        "search, two common words": search + quote("fiets brug"),
        "search, two words of 1 in 100": search + quote(f"{words[100]} {words[100]}"),
        "search, common and rare word": search + quote(f"de {words[10_000]}"),
        "search, prefix of one letter": search + "s",
        "search, prefix of three letters": search + "kla",
        "search, nonsense": search + quote("bestaatnergens qqq"),
        "search, a resident": search + "bewoner1234",
        "search, one organisation": f"{search}{words[1000]}&organisation={one_organisation}",
    }


def words_in(url: str) -> dict[int, str]:
    """A word for each share of the posts that hold it: one in 100, in 1,000, in 10,000; from a sample."""
    sample = "SELECT tokens FROM posts_post WHERE id % 20 = 0"
    with psycopg.connect(url) as connection:
        counted = connection.execute(
            "SELECT word, ndoc FROM ts_stat(%s) WHERE word ~ '^[a-z]+$' ORDER BY ndoc DESC, word", [sample]
        ).fetchall()
        (posts,) = connection.execute(f"SELECT count(*) FROM ({sample}) sample".encode()).fetchone() or (0,)
    return {share: next(word for word, found in counted if found <= posts / share) for share in (100, 1000, 10_000)}


def queries_of(user_id: int, address: str) -> int:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from klankbord.tenancy.models import User

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(pk=user_id), "allauth.account.auth_backends.AuthenticationBackend")
    with CaptureQueriesContext(connection) as captured:
        client.get(address)
    return len(captured)


def main() -> None:
    parser = arguments("Measure the desk on a full database.")
    parser.add_argument("--times", type=int, default=TIMES)
    parser.add_argument("--only", default="", help="only pages whose name holds this")
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    with ground(options) as cluster:
        import django

        django.setup()
        from benchmarks.seed import DESK_USER, LARGEST_USER, MANDATES

        words = words_in(cluster.owner_url)
        with web_server() as (port, web):
            for name, user, organisation in (
                ("largest organisation", LARGEST_USER, 1),
                ("desk of five mandates and its own", DESK_USER, MANDATES[0]),
            ):
                desk = Desk(port, log_in(user))
                found = pages(desk, organisation, words)
                chosen = {page: at for page, at in found.items() if options.only in page}
                report(name, desk, user, chosen, options.times, (web, cluster.pid or 0))


def report(name: str, desk: Desk, user: int, pages: dict[str, str], times: int, servers: tuple[int, ...]) -> None:
    """One line for each page; ``cpu`` is processor time of web server and database together, per request."""
    print(f"\n{name:<40} {'median':>8} {'p95':>8} {'cpu':>7} {'queries':>8} {'rows':>5}   (ms, {times} requests each)")
    for page, address in pages.items():
        measure(partial(desk.get, address), 1, warm=2)
        before = processor_time(*servers)
        taken = measure(partial(desk.get, address), times, warm=0)
        cpu = (processor_time(*servers) - before) / times * 1000
        rows = len(ROW.findall(desk.get(address)))
        count = queries_of(user, address)
        print(f"{page:<40} {taken.median:8.1f} {taken.p95:8.1f} {cpu:7.1f} {count:8} {rows:5}", flush=True)


if __name__ == "__main__":
    main()
