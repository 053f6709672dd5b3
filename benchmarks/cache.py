"""What sharing the limits on guessing costs: one look and one note, in memory of one process and in the database.

``python -m benchmarks.cache`` in an environment with ``DATABASE_URL`` on a migrated database.
"""

from __future__ import annotations

import os
import time
from statistics import median

ROUNDS = 500


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klankbord.project.settings")
    import django

    django.setup()
    from django.core.cache import cache
    from django.core.cache.backends.locmem import LocMemCache

    for name, store in (("memory of one process", LocMemCache("floor", {})), ("database, shared", cache)):
        took = []
        for number in range(ROUNDS):
            began = time.perf_counter()
            store.add(f"lock:{number}", True, 10)
            history = store.get("history", [])
            store.set("history", [*history[-5:], began], 300)
            store.delete(f"lock:{number}")
            took.append((time.perf_counter() - began) * 1000)
        print(f"{name}: {median(took):.2f} ms per counted attempt (p95 {sorted(took)[int(ROUNDS * 0.95)]:.2f} ms)")


if __name__ == "__main__":
    main()
