"""Times as figures: medians and 95th percentiles, printed as a table next to the floor of the same run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class Times:
    """How long something took, in milliseconds."""

    median: float
    p95: float
    count: int


def times_of(seconds: Sequence[float]) -> Times:
    ordered = sorted(seconds)
    return Times(statistics.median(ordered) * 1000, ordered[int(len(ordered) * 0.95)] * 1000, len(ordered))


def measure(act: Callable[[], object], times: int, warm: int = 3) -> Times:
    """Do something ``warm`` times for nothing and ``times`` times with the clock on."""
    for _ in range(warm):
        act()
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        act()
        taken.append(time.perf_counter() - began)
    return times_of(taken)


def processor_time(*roots: int) -> float:
    """Seconds of processor time that these processes and their children used so far; other work does not disturb it."""
    total = 0.0
    for root in roots:
        family = [psutil.Process(root), *psutil.Process(root).children(recursive=True)]
        for process in family:
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
    return total
