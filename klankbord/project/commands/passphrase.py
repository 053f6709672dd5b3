"""Where the passphrase of a backup comes from."""

from __future__ import annotations

import argparse
import getpass
import os
import sys
from pathlib import Path

from klankbord.base.language import gettext as _
from klankbord.base.problem import Problem

VARIABLE = "KLANKBORD_BACKUP_PASSPHRASE"
SHORTEST = 12


def arguments(parser: argparse.ArgumentParser) -> None:
    """The option that backup and restore share."""
    parser.add_argument(
        "--passphrase-file",
        type=Path,
        help=_("file with the passphrase on its first line (or set {variable}; else it is asked)").format(
            variable=VARIABLE
        ),
    )


def passphrase(options: argparse.Namespace, *, new: bool) -> str:
    """The passphrase from the file, the environment or the keyboard; a ``new`` one is asked twice and must be long."""
    given = _given(options.passphrase_file)
    if given is None:
        if not sys.stdin.isatty():
            raise Problem(
                _("A passphrase is needed: use --passphrase-file, or set {variable}.").format(variable=VARIABLE)
            )
        given = getpass.getpass(_("Passphrase: "))
        if new and getpass.getpass(_("Once more: ")) != given:
            raise Problem(_("The two passphrases are not the same. Nothing was done."))
    if new and len(given) < SHORTEST:
        raise Problem(
            _("The passphrase is too short: use at least {number} characters, for instance four words.").format(
                number=SHORTEST
            )
        )
    return given


def _given(file: Path | None) -> str | None:
    if file is None:
        return os.environ.get(VARIABLE)
    try:
        return file.read_text(encoding="utf-8").split("\n", 1)[0]
    except OSError as error:
        raise Problem(
            _("The file with the passphrase, {file}, cannot be read: {why}.").format(file=file, why=error.strerror)
        ) from None
