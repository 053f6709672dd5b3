"""The embedded server: made, found back, killed, moved, shared and refused, all with a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from klankbord.base.lock import FolderInUse, FolderLock
from klankbord.base.postgres import Cluster
from klankbord.base.postgres.cluster import DiskFull, running_sockets
from klankbord.base.postgres.identity import another_user, in_namespace
from klankbord.base.problem import Problem
from klankbord.base.secrets import secrets_path
from klankbord.base.tests.needs import need

ROOT = os.geteuid() == 0
as_root = pytest.mark.skipif(not ROOT, reason="only root can become another user")


def value(url: str, query: str) -> object:
    with psycopg.connect(url) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def write(url: str, query: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(query.encode())


@pytest.fixture
def data_dir(tmp_path: Path) -> Iterator[Path]:
    """A private folder with a space in its name."""
    folder = tmp_path / "mijn gegevens"
    folder.mkdir(mode=0o700)
    yield folder
    pointer = folder / "postgres" / "elsewhere"
    if pointer.exists():
        shutil.rmtree(pointer.read_text(encoding="utf-8").strip())


def test_the_owner_makes_tables_and_the_app_log_in_owns_nothing_and_has_no_power(data_dir: Path) -> None:
    with Cluster(data_dir, fast=True) as cluster:
        write(cluster.owner_url, "CREATE TABLE kept (id int)")
        assert value(cluster.owner_url, "SELECT current_user") == "klankbord_owner"
        assert value(cluster.app_url, "SELECT current_user") == "klankbord_app"
        powers = (
            "SELECT array[rolsuper, rolbypassrls, rolcreaterole, rolreplication]"
            " FROM pg_roles WHERE rolname = current_user"
        )
        assert value(cluster.owner_url, powers) == [False] * 4
        assert value(cluster.app_url, powers) == [False] * 4
        assert value(cluster.app_url, "SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user") is False
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            write(cluster.app_url, "CREATE TABLE mine (id int)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            value(cluster.app_url, "SELECT count(*) FROM kept")


def test_text_is_utf8_and_passwords_are_needed_and_private(data_dir: Path) -> None:
    with Cluster(data_dir, fast=True) as cluster:
        assert value(cluster.app_url, "SHOW server_encoding") == "UTF8"
        assert value(cluster.app_url, "SELECT upper('één ÿ')") == "ÉÉN Ÿ"
        wrong = cluster.app_url.replace("klankbord_app:", "klankbord_app:not")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(wrong)
        with pytest.raises(psycopg.OperationalError, match="rejects connection"):
            psycopg.connect(cluster.app_url.replace("klankbord_app", "klankbord_super"))
    assert secrets_path(data_dir).stat().st_mode & 0o777 == 0o600


def test_a_second_start_keeps_the_data_also_after_the_folder_moved(data_dir: Path, tmp_path: Path) -> None:
    with Cluster(data_dir, fast=True) as cluster:
        write(cluster.owner_url, "CREATE TABLE kept AS SELECT 42 AS id")
    moved = tmp_path / "elders"
    data_dir.rename(moved)
    with Cluster(moved, fast=True) as cluster:
        assert value(cluster.owner_url, "SELECT id FROM kept") == 42
        assert running_sockets(moved) == cluster.sockets
    assert running_sockets(moved) is None


def test_a_killed_server_comes_back_at_the_same_address_with_every_commit(data_dir: Path) -> None:
    with Cluster(data_dir) as cluster:
        address = cluster.owner_url
        write(address, "CREATE TABLE kept (id int)")
        for number in range(5):
            write(address, f"INSERT INTO kept VALUES ({number})")
            server = cluster.pid
            assert server is not None
            os.kill(server, signal.SIGKILL)
            psutil.Process(server).wait(60)
            assert cluster.pid is None
            cluster.restart()
            assert cluster.owner_url == address
            assert value(address, "SELECT count(*) FROM kept") == number + 1


@pytest.mark.parametrize(("kills", "stands"), [(1, True), (2, True), (100, False)])
def test_a_server_that_is_killed_while_it_recovers_is_tried_again_but_not_for_ever(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, kills: int, stands: bool
) -> None:
    with Cluster(data_dir) as cluster:
        accepts, left = cluster._accepts, iter(range(kills))

        def kill() -> None:
            server = cluster.pid
            assert server is not None
            os.kill(server, signal.SIGKILL)
            while cluster.pid is not None:
                time.sleep(0.01)

        def killed_first() -> bool:
            if next(left, None) is None:
                return accepts()
            kill()
            return False

        kill()
        monkeypatch.setattr(cluster, "_accepts", killed_first)
        if stands:
            cluster.restart()
            assert value(cluster.owner_url, "SELECT 1") == 1
        else:
            with pytest.raises(Problem):
                cluster.restart()


def _supervisor(data_dir: Path) -> subprocess.Popen[str]:
    script = (
        "import sys, time; from pathlib import Path; from klankbord.base.postgres import Cluster\n"
        "cluster = Cluster(Path(sys.argv[1])); cluster.start(); print(cluster.pid, flush=True); time.sleep(600)"
    )
    return subprocess.Popen([sys.executable, "-c", script, str(data_dir)], stdout=subprocess.PIPE, text=True)


def test_when_the_supervisor_is_killed_its_server_goes_too_and_the_next_start_works(data_dir: Path) -> None:
    with _supervisor(data_dir) as supervisor:
        assert supervisor.stdout is not None
        server = psutil.Process(int(supervisor.stdout.readline()))
        with pytest.raises(FolderInUse):
            Cluster(data_dir).start()
        assert server.is_running()
        supervisor.kill()
    if sys.platform == "linux":
        server.wait(60)
    with Cluster(data_dir) as cluster:
        assert value(cluster.app_url, "SELECT 1") == 1


def test_a_server_that_lost_its_supervisor_is_stopped_before_the_next_one_starts(data_dir: Path) -> None:
    cluster = Cluster(data_dir, fast=True)
    cluster.start()
    write(cluster.owner_url, "CREATE TABLE kept AS SELECT 42 AS id")
    assert cluster.pid is not None
    lost = psutil.Process(cluster.pid)
    assert cluster._lock is not None
    cluster._lock.release()
    with Cluster(data_dir, fast=True) as following:
        assert not lost.is_running() or lost.status() == psutil.STATUS_ZOMBIE
        assert value(following.owner_url, "SELECT id FROM kept") == 42
    cluster.stop()


def test_a_pid_file_that_names_another_process_does_not_stop_the_start(data_dir: Path) -> None:
    with Cluster(data_dir, fast=True) as cluster:
        pid_file = cluster.place.pgdata / "postmaster.pid"
        text = pid_file.read_text(encoding="utf-8")
    with subprocess.Popen(["sleep", "60"]) as somebody:
        pid_file.write_text(text.replace(text.split("\n", 1)[0], str(somebody.pid), 1), encoding="utf-8")
        with Cluster(data_dir, fast=True) as cluster:
            assert value(cluster.app_url, "SELECT 1") == 1
        assert somebody.poll() is None
        somebody.kill()


def test_a_start_that_was_killed_halfway_making_the_database_begins_again(data_dir: Path) -> None:
    halfway = data_dir / "postgres" / "pgdata.new"
    halfway.mkdir(parents=True)
    (halfway / "PG_VERSION").write_text("18\n", encoding="ascii")
    with Cluster(data_dir, fast=True) as cluster:
        assert value(cluster.app_url, "SELECT 1") == 1


def test_lost_secrets_are_made_anew_and_the_log_ins_follow(data_dir: Path) -> None:
    with Cluster(data_dir, fast=True) as cluster:
        write(cluster.owner_url, "CREATE TABLE kept AS SELECT 42 AS id")
        before = cluster.owner_url
    secrets_path(data_dir).unlink()
    with Cluster(data_dir, fast=True) as cluster:
        assert cluster.owner_url != before
        assert value(cluster.owner_url, "SELECT id FROM kept") == 42


def test_a_long_path_gets_its_socket_in_a_short_folder_that_is_removed_again(tmp_path: Path) -> None:
    with Cluster(tmp_path / ("x" * 100), fast=True) as cluster:
        assert len(str(cluster.sockets)) < 90
        assert value(cluster.app_url, "SELECT 1") == 1
        sockets = cluster.sockets
    assert not sockets.exists()


def test_what_people_wrote_stays_out_of_the_log(data_dir: Path) -> None:
    with Cluster(data_dir, fast=True) as cluster:
        write(cluster.owner_url, "CREATE TABLE kept (text text UNIQUE)")
        write(cluster.owner_url, "INSERT INTO kept VALUES ('Kattenkwaad')")
        with pytest.raises(psycopg.errors.UniqueViolation):
            write(cluster.owner_url, "INSERT INTO kept VALUES ('Kattenkwaad')")
        log = (cluster.place.home / "postgres.log").read_text(encoding="utf-8")
    assert "duplicate key" in log
    assert "Kattenkwaad" not in log


@as_root
def test_root_runs_it_in_a_user_namespace_inside_its_private_folder(data_dir: Path) -> None:
    with Cluster(data_dir, fast=True) as cluster:
        need(in_namespace().can_use(cluster.place.bin_dir, cluster.place.home), "user namespaces")
        assert cluster.place.identity.kind == "namespace"
        assert cluster.place.home == data_dir / "postgres"


@as_root
def test_root_without_namespaces_runs_it_as_nobody_in_a_readable_place(
    data_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readable = Path("/var/tmp") / f"klankbord-test-{os.getpid()}"
    monkeypatch.setenv("KLANKBORD_POSTGRES_HOME", str(readable))
    try:
        with Cluster(data_dir, fast=True) as cluster:
            write(cluster.owner_url, "CREATE TABLE kept AS SELECT 42 AS id")
        # A system that stops allowing namespaces (an update, another container) takes the same data along.
        with Cluster(data_dir, fast=True, namespace=False) as cluster:
            assert cluster.pid is not None
            assert psutil.Process(cluster.pid).uids().effective != 0
            assert cluster.place.home.is_relative_to(readable)
            assert value(cluster.owner_url, "SELECT id FROM kept") == 42
        moved = tmp_path / "elders"
        data_dir.rename(moved)
        with Cluster(moved, fast=True) as cluster:
            assert value(cluster.owner_url, "SELECT id FROM kept") == 42
    finally:
        shutil.rmtree(readable, ignore_errors=True)


@as_root
@pytest.mark.parametrize(("uid", "kind"), [(65534, "self"), (54321, "namespace")])
def test_a_user_with_or_without_a_name_runs_it_and_root_takes_it_over_as_that_user(uid: int, kind: str) -> None:
    user = another_user(uid)
    readable = dict(
        os.environ, PYTHONPATH=os.pathsep.join(part for part in sys.path if part), PYTHONDONTWRITEBYTECODE="1"
    )
    pythons = [sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"]
    trial = [user.command(python, "-c", "import klankbord.base.postgres") for python in pythons]
    works = [
        subprocess.run(each, env=readable, cwd="/", capture_output=True, check=False).returncode == 0 for each in trial
    ]
    need(any(works), "a Python and a project folder that other users may read")
    folder = Path("/var/tmp") / f"klankbord test {os.getpid()}"
    folder.mkdir(mode=0o755)
    os.chown(folder, user.uid, user.gid)
    script = (
        "import sys; from pathlib import Path; from klankbord.base.postgres import Cluster\n"
        "with Cluster(Path(sys.argv[1]), fast=True) as cluster: print(cluster.place.identity.kind)"
    )
    command = user.command(pythons[works.index(True)], "-c", script, folder / "data")
    try:
        done = subprocess.run(command, env=readable, cwd="/", capture_output=True, text=True, check=False)
        assert done.stdout == f"{kind}\n", done.stderr
        with Cluster(folder / "data", fast=True) as cluster:
            assert cluster.place.identity.kind == "user"
            assert cluster.pid is not None
            assert psutil.Process(cluster.pid).uids().effective == user.uid
    finally:
        shutil.rmtree(folder)


@as_root
@pytest.mark.parametrize(("size", "limit"), [("8m", "before it begins"), ("30m", "while it is being made")])
def test_a_full_disk_is_told_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: str, limit: str
) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", tmp_path], check=False)
    need(mounted.returncode == 0, "the right to mount a small disk")
    if limit == "while it is being made":
        monkeypatch.setattr("klankbord.base.postgres.cluster._ROOM_FOR_NEW", 0)
    try:
        with pytest.raises(DiskFull, match="MB"):
            Cluster(tmp_path / "data").start()
        assert not (tmp_path / "data" / "postgres" / "pgdata").exists()
    finally:
        subprocess.run(["umount", tmp_path], check=True)


@as_root
def test_a_disk_that_got_full_is_told_at_the_next_start_and_what_was_stored_is_there_once_there_is_room(
    tmp_path: Path,
) -> None:
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=280m", "tmpfs", tmp_path], check=False)
    need(mounted.returncode == 0, "the right to mount a small disk")
    try:
        with Cluster(tmp_path / "data", fast=True) as cluster:
            need(cluster.place.home.is_relative_to(tmp_path), "a server that may run inside the small disk")
            write(cluster.owner_url, "CREATE TABLE kept AS SELECT 42 AS id")
        rest = tmp_path / "photos"
        with rest.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(tmp_path).free - 20 * 2**20)
        with pytest.raises(DiskFull, match="MB"):
            Cluster(tmp_path / "data", fast=True).start()
        rest.unlink()
        with Cluster(tmp_path / "data", fast=True) as cluster:
            assert value(cluster.owner_url, "SELECT id FROM kept") == 42
    finally:
        subprocess.run(["umount", tmp_path], check=True)


def test_a_damaged_secrets_file_is_told_and_left_alone(data_dir: Path) -> None:
    secrets_path(data_dir).write_text("{half", encoding="utf-8")
    with pytest.raises(Problem, match=r"secrets\.json"):
        Cluster(data_dir, fast=True).start()
    assert secrets_path(data_dir).read_text(encoding="utf-8") == "{half"


def test_a_lock_is_free_again_the_moment_its_holder_dies(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from klankbord.base.lock import FolderLock\n"
        "lock = FolderLock(Path(sys.argv[1])); lock.take(); print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        with pytest.raises(FolderInUse, match=str(holder.pid)):
            FolderLock(tmp_path).take()
        holder.kill()
        holder.wait()
        started = time.monotonic()
        with FolderLock(tmp_path):
            assert time.monotonic() - started < 20
