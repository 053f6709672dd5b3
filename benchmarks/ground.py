"""The ground under every benchmark: a PostgreSQL in a folder of its own, migrated, and the house pointed at it."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from klankbord.base.postgres import Cluster


def arguments(description: str) -> argparse.ArgumentParser:
    """The options that every benchmark has."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--data", type=Path, help="folder to keep the database in; default: a temporary one")
    parser.add_argument("--bin", type=Path, help="folder with other PostgreSQL programs, such as those of Debian")
    return parser


@contextmanager
def ground(options: argparse.Namespace) -> Iterator[Cluster]:
    """A running, migrated database with the settings of a real installation; not the fast and unsafe ones of tests."""
    with tempfile.TemporaryDirectory(prefix="klankbord-bench-") as temporary:
        data = options.data or Path(temporary) / "data"
        with Cluster(data, options.bin) as cluster:
            os.environ["KLANKBORD_DATA"] = str(data.absolute())
            os.environ["DATABASE_URL"] = cluster.app_url
            os.environ["DATABASE_OWNER_URL"] = cluster.owner_url
            os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klankbord.project.settings")
            subprocess.run([sys.executable, "-m", "klankbord.project.command", "migrate"], check=True)
            yield cluster
