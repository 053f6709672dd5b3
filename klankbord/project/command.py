"""The command ``klankbord``."""

from __future__ import annotations

import argparse
import os
import sys
from types import ModuleType

from klankbord.base.language import gettext as _
from klankbord.base.problem import REFUSED, Problem
from klankbord.project.commands import (
    listen,
    manage,
    migrate,
    start,
    web,
    work,
)

_COMMANDS: dict[str, ModuleType] = {
    "start": start,
    "web": web,
    "work": work,
    "listen": listen,
    "migrate": migrate,
    "manage": manage,
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="klankbord", description=_("Klankbord: listen, answer and learn, together."))
    commands = parser.add_subparsers(dest="command", required=True, metavar=_("command"))
    for name, module in _COMMANDS.items():
        module.arguments(commands.add_parser(name, help=module.help(), description=module.help()))
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Runs one command; a :class:`Problem` becomes its sentence on standard error."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klankbord.project.settings")
    options = _parser().parse_args(arguments)
    try:
        return int(_COMMANDS[options.command].run(options))
    except Problem as problem:
        print(f"klankbord: {problem}", file=sys.stderr)
        return REFUSED
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
