"""``klankbord restore``: a backup becomes an installation, here or on another machine."""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path

from klankbord.base.language import gettext as _
from klankbord.base.lock import FolderLock
from klankbord.base.problem import REFUSED
from klankbord.project import archive
from klankbord.project.commands import passphrase
from klankbord.project.installation import data_dir, own_command


def help() -> str:
    return _("puts a backup back into an empty folder, also on another machine")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=_("the backup to read"))
    parser.add_argument("--check", action="store_true", help=_("only read the backup and say whether it is whole"))
    passphrase.arguments(parser)


def run(options: argparse.Namespace) -> int:
    secret = passphrase.passphrase(options, new=False)
    if options.check:
        about = archive.check_backup(options.file, secret)
        print(_("The backup is whole; it was made at {moment}.").format(moment=about["made_at"]))
        return 0
    folder = data_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FolderLock(folder):
        archive.restore_backup(folder, options.file, secret)
        # In a process of its own, because Django reads the secrets only once.
        migrated = subprocess.run(own_command("migrate"), check=False)
    if migrated.returncode:
        return REFUSED
    print(_("Restored into {folder}. Start it with: klankbord start --data {folder}").format(folder=folder))
    return 0
