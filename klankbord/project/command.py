"""The command ``klankbord``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from types import ModuleType

import psycopg

from klankbord.base.language import gettext as _
from klankbord.base.problem import REFUSED, Problem
from klankbord.project.commands import (
    audit,
    backup,
    demo,
    doctor,
    listen,
    manage,
    match,
    migrate,
    restore,
    start,
    upgrade_database,
    web,
    work,
)

_COMMANDS: dict[str, ModuleType] = {
    "start": start,
    "web": web,
    "work": work,
    "listen": listen,
    "migrate": migrate,
    "doctor": doctor,
    "backup": backup,
    "restore": restore,
    "upgrade-database": upgrade_database,
    "audit": audit,
    "demo": demo,
    "match": match,
    "manage": manage,
}


def _translate_argparse() -> None:
    """Argparse has sentences of its own, and looks for their translation where ours are not."""
    words = {
        "usage: ": _("usage: "),
        "positional arguments": _("positional arguments"),
        "options": _("options"),
        "show this help message and exit": _("show this help message and exit"),
        "%(prog)s: error: %(message)s\n": _("%(prog)s: error: %(message)s\n"),
        "the following arguments are required: %s": _("the following arguments are required: %s"),
        "unrecognized arguments: %s": _("unrecognized arguments: %s"),
        "argument %(argument_name)s: %(message)s": _("argument %(argument_name)s: %(message)s"),
        "expected one argument": _("expected one argument"),
        "invalid %(type)s value: %(value)r": _("invalid %(type)s value: %(value)r"),
        "invalid choice: %(value)r (choose from %(choices)s)": _("invalid choice: %(value)r (choose from %(choices)s)"),
    }
    argparse._ = lambda text: words.get(text, text)  # type: ignore[attr-defined]  # the name it looks them up by


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="klankbord", description=_("Klankbord: listen, answer and learn, together."))
    commands = parser.add_subparsers(dest="command", required=True, metavar=_("command"))
    for name, module in _COMMANDS.items():
        command = commands.add_parser(name, help=module.help(), description=module.help())
        module.arguments(command)
        if module is not manage:
            command.add_argument(
                "--data", type=Path, help=_("folder with everything this installation keeps (default: data)")
            )
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; a :class:`Problem` becomes its sentence on standard error."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klankbord.project.settings")
    _translate_argparse()
    options = _parser().parse_args(arguments)
    if getattr(options, "data", None):
        os.environ["KLANKBORD_DATA"] = str(options.data.absolute())
    try:
        return int(_COMMANDS[options.command].run(options))
    except Problem as problem:
        print(f"klankbord: {problem}", file=sys.stderr)
        return REFUSED
    except psycopg.OperationalError as error:
        said = str(error).strip().splitlines()[0]
        print("klankbord: " + _("The database cannot be reached: {why}").format(why=said), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
