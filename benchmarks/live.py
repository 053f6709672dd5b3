"""Two hundred open event streams on a database pool of four: from NOTIFY to socket, and what pages cost meanwhile.

    python -m benchmarks.live --data FOLDER      (made by benchmarks.seed)

The floor in the same run: the same NOTIFY to a bare LISTEN of this process.
"""

from __future__ import annotations

import asyncio
import json
import os
import time

import psycopg

from benchmarks.figures import Times, times_of
from benchmarks.ground import arguments, ground
from benchmarks.web import log_in, web_server

POOL = 4
FIRST_LISTENER = 100_000  # ids of the colleagues made for this


def hire(url: str, number: int) -> list[int]:
    """So many more colleagues of the largest organisation."""
    users = list(range(FIRST_LISTENER, FIRST_LISTENER + number))
    with psycopg.connect(url) as connection:
        connection.execute(
            "INSERT INTO tenancy_user (id, password, email, name, is_active, is_demo, date_joined)"
            " SELECT id, '!', 'luisteraar' || id || '@oefendam.example', 'Luisteraar', true, true, now()"
            " FROM unnest(%s::bigint[]) AS new (id) ON CONFLICT DO NOTHING",
            [users],
        )
        connection.execute(
            "INSERT INTO tenancy_membership (id, organisation_id, user_id, roles, created_at)"
            " SELECT id, 1, id, '{webcare}', now() FROM unnest(%s::bigint[]) AS new (id) ON CONFLICT DO NOTHING",
            [users],
        )
    return users


class Stream:
    """One browser with an open stream; notes when each id came."""

    def __init__(self) -> None:
        self.came: dict[int, float] = {}
        self.ready = asyncio.Event()

    async def run(self, port: int, cookie: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /desk/live HTTP/1.1\r\nHost: localhost\r\nCookie: sessionid={cookie}\r\n\r\n".encode())
        while line := await reader.readline():
            if line.startswith(b"event: hello"):
                self.ready.set()
            elif line.startswith(b'data: {"id"'):
                self.came[json.loads(line[5:])["id"]] = time.perf_counter()


async def page(port: int, cookie: str, address: str) -> float:
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {address} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nCookie: sessionid={cookie}\r\n\r\n"
    writer.write(request.encode())
    answer = await reader.read()
    writer.close()
    if not answer.startswith(b"HTTP/1.1 200"):
        raise SystemExit(f"{address}: {answer[:80]!r}")
    return time.perf_counter() - began


async def notify(url: str, events: range, pause: float) -> dict[int, float]:
    """Announce these ids one by one; when each left."""
    left = {}
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        for event in events:
            left[event] = time.perf_counter()
            await connection.execute(
                "SELECT pg_notify('klankbord', %s)", [json.dumps({"channel": 1, "private": True, "ids": [event]})]
            )
            await asyncio.sleep(pause)
    return left


async def bare(url: str, events: range) -> Times:
    """NOTIFY to a LISTEN in this process: what no stream can beat."""
    came: dict[int, float] = {}

    async def listen() -> None:
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as ear:
            await ear.execute("LISTEN klankbord")
            async for notice in ear.notifies():
                came[json.loads(notice.payload)["ids"][0]] = time.perf_counter()

    listening = asyncio.create_task(listen())
    await asyncio.sleep(0.5)
    left = await notify(url, events, 0.02)
    await asyncio.sleep(0.5)
    listening.cancel()
    return times_of([came[event] - left[event] for event in events])


def connections_of(url: str) -> int:
    """How many connections the application has open, this one left out."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = current_user AND pid <> pg_backend_pid()"
        ).fetchone()
    assert row is not None
    return int(row[0])


async def measure_streams(port: int, app_url: str, cookies: list[str]) -> None:
    before = connections_of(app_url)
    quiet = [await page(port, cookies[0], "/floor/empty") for _ in range(40)]
    print_line("empty page, no streams", times_of(quiet))
    print_line("floor: NOTIFY to a bare LISTEN", await bare(app_url, range(1, 41)))
    streams = [Stream() for _ in cookies]
    began = time.perf_counter()
    running = [asyncio.create_task(s.run(port, cookie)) for s, cookie in zip(streams, cookies, strict=True)]
    await asyncio.wait_for(asyncio.gather(*(stream.ready.wait() for stream in streams)), 60)
    print(f"{len(streams)} streams open in {time.perf_counter() - began:.1f} s, on a pool of {POOL}")
    events = range(1001, 1031)
    pages = asyncio.gather(*(later(port, cookies[0], number * 0.1) for number in range(30)))
    left = await notify(app_url, events, 0.1)
    busy = await pages
    await asyncio.sleep(2)
    missing = sum(event not in stream.came for stream in streams for event in events)
    print_line(
        f"NOTIFY to {len(streams)} streams",
        times_of([s.came[event] - left[event] for s in streams for event in events if event in s.came]),
    )
    print(f"events that did not come: {missing}")
    print(f"connections with the database: {connections_of(app_url)}, before {before}")
    print_line("empty page, streams open and events flowing", times_of(busy))
    for task in running:
        task.cancel()


async def later(port: int, cookie: str, wait: float) -> float:
    await asyncio.sleep(wait)
    return await page(port, cookie, "/floor/empty")


def print_line(what: str, times: Times) -> None:
    print(f"{what:<50} {times.median:8.1f} {times.p95:8.1f}   (median and p95 in ms, {times.count})", flush=True)


def main() -> None:
    parser = arguments("Measure live events.")
    parser.add_argument("--streams", type=int, default=200)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    with ground(options) as cluster:
        import django

        django.setup()
        cookies = [log_in(user) for user in hire(cluster.owner_url, options.streams)]
        with web_server(POOL) as (port, _):
            asyncio.run(measure_streams(port, cluster.app_url, cookies))


if __name__ == "__main__":
    main()
