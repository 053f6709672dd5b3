"""``klankbord listen``: hears the channels."""

from __future__ import annotations

import argparse

from klankbord.base.language import gettext as _
from klankbord.base.postgres.roles import refuse_power
from klankbord.project.commands import parts
from klankbord.project.installation import app_url


def help() -> str:
    return _("listens to the channels and stores what arrives")


def arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(options: argparse.Namespace) -> int:
    import django

    parts.stop_with_parent()
    refuse_power(app_url())
    django.setup()
    from klankbord.intake import listen

    listen.run()
    return 0
