"""``klankbord backup``: everything of this installation in one sealed file."""

from __future__ import annotations

import argparse
from pathlib import Path

from klankbord.base.language import gettext as _
from klankbord.project import archive
from klankbord.project.commands import passphrase
from klankbord.project.installation import data_dir


def help() -> str:
    return _("writes database, files and secrets to one file, sealed with a passphrase")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", type=Path, help=_("the file to write"))
    passphrase.arguments(parser)


def run(options: argparse.Namespace) -> int:
    secret = passphrase.passphrase(options, new=True)
    archive.write_backup(data_dir(), options.file, secret)
    archive.check_backup(options.file, secret)
    print(
        _(
            "The backup is complete and was read back: {file} ({size} MB). Without the passphrase nobody can open it."
        ).format(file=options.file, size=round(options.file.stat().st_size / 1e6, 1))
    )
    return 0
