"""The order in which everything stops: first whoever uses the database, then the database, then the folder is free."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from klankbord.project.supervisor import Part, Supervisor

# takes a moment to finish what it was doing when it is asked to stop
BUSY = "import signal, time; signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.5), exit())); print(flush=True)\n"


class Database:
    """Stands in for the cluster and remembers which parts still ran when it was stopped."""

    def __init__(self, processes: list[subprocess.Popen[bytes]]) -> None:
        self.processes = processes
        self.still_running: list[int] | None = None

    def stop(self) -> None:
        self.still_running = [one.pid for one in self.processes if one.poll() is None]


def test_the_database_stops_when_no_part_runs_any_more(tmp_path: Path) -> None:
    processes = []
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", f"{BUSY}while True: time.sleep(0.1)"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert process.stdout
        process.stdout.readline()
        process.stdout.close()
        processes.append(process)
    database = Database(processes)
    supervisor = Supervisor(tmp_path, "127.0.0.1", 1)
    supervisor._parts = [Part(str(number), [], process=process) for number, process in enumerate(processes)]
    supervisor._cluster = database  # type: ignore[assignment]  # all that stopping asks of it
    supervisor.stop()
    assert database.still_running == []
