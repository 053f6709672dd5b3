"""Ends what a killed earlier run left behind, before the data are touched again."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

_PATIENCE = 30.0


def end_leftovers(pgdata: Path) -> None:
    """Stops server processes that still work in ``pgdata`` and removes a pid file that names somebody else.

    The caller holds the lock of the home, so whatever still runs there has lost its supervisor. PostgreSQL itself
    judges a pid file by number only; after a restart of the machine that number may belong to any other process.
    """
    pid_file = pgdata / "postmaster.pid"
    if not pid_file.exists():
        return
    main = _main_process(pid_file)
    # The main process is asked first and alone: it stops its own children in good order.
    for chosen, how in ((_only(main), signal.SIGINT), (_anybody, signal.SIGQUIT), (_anybody, signal.SIGKILL)):
        found = [process for process in _at_work(pgdata) if chosen(process.pid)]
        if not found:
            continue
        for process in found:
            _signal(process, how)
        _gone, _alive = psutil.wait_procs(found, timeout=_PATIENCE)
    deadline = time.monotonic() + _PATIENCE
    while _at_work(pgdata) and time.monotonic() < deadline:
        time.sleep(0.05)
    if main is not None and psutil.pid_exists(main):
        pid_file.unlink(missing_ok=True)


def _main_process(pid_file: Path) -> int | None:
    try:
        return int(pid_file.read_text(encoding="utf-8", errors="replace").split("\n", 1)[0])
    except (ValueError, FileNotFoundError):
        return None


def _only(pid: int | None) -> Callable[[int], bool]:
    return lambda number: number == pid


def _anybody(_pid: int) -> bool:
    return True


def _signal(process: psutil.Process, how: signal.Signals) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(how)


def _at_work(pgdata: Path) -> list[psutil.Process]:
    """The server processes whose working folder is ``pgdata``, wherever that folder was when they started."""
    here = os.stat(pgdata)
    found = []
    for process in psutil.process_iter():
        try:
            # A person's shell may stand in this folder too.
            if process.name().startswith("postgres") and os.path.samestat(os.stat(process.cwd()), here):
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found
