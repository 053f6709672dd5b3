"""``klankbord start``: up, down, again, beside another one, and after every kind of violent end."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from klankbord.base.postgres.cluster import APP, OWNER, running_sockets, url
from klankbord.base.problem import REFUSED
from klankbord.project.tests.running import Started, klankbord

PARTS = ("web", "work", "listen")


def owner_url(data_dir: Path) -> str:
    sockets = running_sockets(data_dir)
    assert sockets is not None
    return url(data_dir, OWNER, sockets)


def part_process(started: Started, name: str) -> psutil.Process:
    children = psutil.Process(started.process.pid).children()
    return next(child for child in children if name in child.cmdline()[5:6])


def wait_for(condition: object, patience: float = 120) -> None:
    deadline = time.monotonic() + patience
    assert callable(condition)
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One folder with a space for all tests here: every start but the first is a second start."""
    folder = tmp_path_factory.mktemp("start") / "mijn gegevens"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


def test_everything_comes_up_and_stops_in_order_and_a_second_start_keeps_the_data(data_dir: Path, log: Path) -> None:
    with Started(data_dir, log) as started:
        started.wait_until_up()
        assert all(started.health()["checks"][part]["ok"] for part in ("database", "migrations", "work", "listen"))
        with psycopg.connect(owner_url(data_dir)) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS id")
        children = psutil.Process(started.process.pid).children(recursive=True)
        assert started.stop() == 0
    assert not [child for child in children if child.is_running()]
    # a part that outlived the database would complain of it
    _before, stopping, after = log.read_text(encoding="utf-8").partition("Klankbord stopt…\n")
    assert stopping
    [last] = after.splitlines()
    assert str(data_dir) in last
    with Started(data_dir, log) as started:
        started.wait_until_up()
        with psycopg.connect(owner_url(data_dir)) as connection:
            assert connection.execute("SELECT id FROM kept").fetchone() == (42,)
            connection.execute("DROP TABLE kept")


def test_a_part_or_the_database_that_is_killed_comes_back(data_dir: Path, log: Path) -> None:
    with Started(data_dir, log) as started:
        started.wait_until_up()
        for name in PARTS:
            victim = part_process(started, name)
            victim.kill()
            wait_for(lambda gone=victim: not gone.is_running())
            wait_for(lambda name=name: f"“{name}”" in started.said)
        database = next(
            child for child in psutil.Process(started.process.pid).children() if child.name().startswith("postgres")
        )
        database.kill()
        wait_for(lambda: not database.is_running())
        wait_for(lambda: started.health().get("ok"))


def test_when_the_supervisor_is_killed_nothing_lingers_and_the_next_start_works(data_dir: Path, log: Path) -> None:
    with Started(data_dir, log) as started:
        started.wait_until_up()
        children = psutil.Process(started.process.pid).children(recursive=True)
        started.process.kill()
        _gone, alive = psutil.wait_procs(children, timeout=120)
        assert not alive
    with Started(data_dir, log) as started:
        started.wait_until_up()


def test_sigterm_stops_it_too_even_while_it_is_still_starting(data_dir: Path, log: Path) -> None:
    with Started(data_dir, log) as started:
        wait_for(lambda: started.said)
        started.process.terminate()
        assert started.process.wait(120) == 0
    assert running_sockets(data_dir) is None


def test_a_visitor_waits_in_line_while_the_web_server_comes_back(data_dir: Path, log: Path) -> None:
    with Started(data_dir, log) as started:
        started.wait_until_up()
        part_process(started, "web").kill()
        with socket.create_connection(("127.0.0.1", started.port), timeout=120) as visitor:
            visitor.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            assert visitor.recv(100).startswith(b"HTTP/1.1 ")


@pytest.fixture(scope="module")
def running(data_dir: Path) -> Iterator[Started]:
    """One installation that runs while the tests below look at it."""
    with Started(data_dir, data_dir.with_name("log")) as started:
        started.wait_until_up()
        yield started


def test_the_same_folder_twice_and_a_taken_port_are_refused_in_a_sentence(
    running: Started, data_dir: Path, tmp_path: Path
) -> None:
    again = klankbord("start", "--no-browser", "--data", data_dir, "--port", "8999")
    assert again.returncode == REFUSED
    assert str(data_dir) in again.stderr
    assert str(running.process.pid) in again.stderr
    other = klankbord("start", "--no-browser", "--data", tmp_path / "other", "--port", str(running.port))
    assert other.returncode == REFUSED
    assert "--port" in other.stderr
    assert str(running.port) in other.stderr
    assert running.health()["ok"]


@pytest.mark.parametrize("part", PARTS)
def test_a_part_refuses_a_log_in_that_could_see_through_the_fence(running: Started, data_dir: Path, part: str) -> None:
    refused = klankbord(part, "--data", data_dir, DATABASE_URL=owner_url(data_dir))
    assert refused.returncode == REFUSED
    assert "klankbord_owner" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_serves_people_never_learns_the_owners_password(running: Started, part: str) -> None:
    known = part_process(running, part).environ()
    assert known["DATABASE_URL"].startswith(f"postgresql://{APP}:")
    assert "DATABASE_OWNER_URL" not in known


def test_the_commands_work_beside_it_and_with_the_addresses_of_a_server(
    running: Started, data_dir: Path, tmp_path: Path
) -> None:
    sockets = running_sockets(data_dir)
    assert sockets is not None
    server = {"DATABASE_URL": url(data_dir, APP, sockets), "DATABASE_OWNER_URL": owner_url(data_dir)}
    for command in (["migrate"], ["migrate", "--print-sql"]):
        done = klankbord(*command, "--data", tmp_path / "apart", **server)
        assert done.returncode == 0, done.stderr
    for doctor in (
        klankbord("doctor", "--data", data_dir),
        klankbord("doctor", "--data", tmp_path / "apart", **server),
    ):
        assert doctor.returncode == 0, doctor.stdout
    assert running.health()["ok"]
