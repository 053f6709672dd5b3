"""``klankbord work``: does the jobs."""

from __future__ import annotations

import argparse

from klankbord.base.language import gettext as _
from klankbord.base.postgres.roles import refuse_power
from klankbord.project.commands import parts
from klankbord.project.installation import app_url


def help() -> str:
    return _("does the jobs: sends answers, reads what came in")


def arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(options: argparse.Namespace) -> int:
    import django

    parts.stop_with_parent()
    refuse_power(app_url())
    django.setup()
    from klankbord.base.jobs import beat, run_worker

    beat("work")
    run_worker()
    return 0
