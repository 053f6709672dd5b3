"""``klankbord manage``: Django's own management commands."""

from __future__ import annotations

import argparse

from klankbord.base.language import gettext as _


def help() -> str:
    return _("Django's management commands, for developers")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...")


def run(options: argparse.Namespace) -> int:
    from django.core.management import execute_from_command_line

    execute_from_command_line(["klankbord manage", *options.rest])
    return 0
