"""``klankbord upgrade-database``: to the PostgreSQL of this version."""

from __future__ import annotations

import argparse
from pathlib import Path

from klankbord.base.language import gettext as _
from klankbord.base.lock import FolderLock
from klankbord.base.postgres.upgrade import upgrade
from klankbord.project.installation import data_dir


def help() -> str:
    return _("moves the embedded database to the next major version of PostgreSQL")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--old-programs", type=Path, help=_("folder with the programs of the old PostgreSQL"))


def run(options: argparse.Namespace) -> int:
    folder = data_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FolderLock(folder):
        kept = upgrade(folder, print, options.old_programs)
    if kept is None:
        print(_("The database is up to date already."))
    else:
        print(
            _("Done: every row was counted. The old database is kept in {kept}; remove it when all is well.").format(
                kept=kept
            )
        )
    return 0
