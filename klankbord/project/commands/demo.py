"""``klankbord demo``: fills an empty installation with the exercise towns."""

from __future__ import annotations

import argparse
import os

from klankbord.base.language import gettext as _
from klankbord.project.installation import data_dir, owner_database

TRIED = "demo"
"""In the data folder once an installation has had its chance of a demo: what was removed does not come back."""


def help() -> str:
    return _("fills an empty installation with the exercise towns")


def arguments(parser: argparse.ArgumentParser) -> None:
    del parser


def run(options: argparse.Namespace) -> int:
    del options
    with owner_database() as owner:
        os.environ["DATABASE_URL"] = owner
        os.environ["KLANKBORD_POOL_SIZE"] = "0"
        import django

        django.setup()
        from django.utils import timezone

        from klankbord.project import demo

        if demo.load(timezone.now()):
            print(_("The demo is ready: four made-up towns."))
    (data_dir() / TRIED).touch()
    return 0
