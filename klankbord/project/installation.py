"""One installation: its data folder and how to reach its database, as a log-in that may do what is asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from klankbord.base.language import gettext as _
from klankbord.base.postgres.cluster import APP, OWNER, Cluster, running_sockets, url
from klankbord.base.postgres.place import home_of
from klankbord.base.problem import Problem

CHECKOUT = Path(__file__).resolve().parents[2]


def own_command(*arguments: str) -> list[str]:
    """The command line that runs ``klankbord`` from this very checkout, wherever one stands."""
    begin = "import sys; sys.path.insert(0, sys.argv.pop(1)); from klankbord.project import command"
    return [sys.executable, "-P", "-c", f"{begin}; sys.exit(command.main())", str(CHECKOUT), *arguments]


def data_dir() -> Path:
    """The folder with everything this installation keeps: ``KLANKBORD_DATA``, else ``data`` in the checkout."""
    return Path(os.environ.get("KLANKBORD_DATA") or CHECKOUT / "data").absolute()


def app_url() -> str:
    """The address of the database for web, work and listen: ``DATABASE_URL``, else the embedded one.

    Answers also when the embedded database does not run; connecting then fails with a clear error.
    """
    folder = data_dir()
    return os.environ.get("DATABASE_URL") or url(folder, APP, running_sockets(folder) or home_of(folder) / "socket")


@contextmanager
def owner_database() -> Iterator[str]:
    """The address for the log-in that owns the tables, while the block runs.

    With ``DATABASE_URL`` it is ``DATABASE_OWNER_URL``; else the embedded database, which is started for the length of
    the block when it does not run already.
    """
    folder = data_dir()
    if os.environ.get("DATABASE_OWNER_URL"):
        yield os.environ["DATABASE_OWNER_URL"]
        return
    if os.environ.get("DATABASE_URL"):
        raise Problem(
            _(
                "DATABASE_URL is set, but DATABASE_OWNER_URL is not. This command needs the log-in that owns the"
                " tables: set DATABASE_OWNER_URL and try again."
            )
        )
    sockets = running_sockets(folder)
    if sockets:
        yield url(folder, OWNER, sockets)
        return
    with Cluster(folder) as cluster:
        yield cluster.owner_url
