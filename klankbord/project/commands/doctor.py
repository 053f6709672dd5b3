"""``klankbord doctor``: what is wrong, and how to repair it."""

from __future__ import annotations

import argparse

from klankbord.base.language import gettext as _


def help() -> str:
    return _("says what is wrong and how to repair it")


def arguments(parser: argparse.ArgumentParser) -> None:
    """It has none."""


def run(options: argparse.Namespace) -> int:
    from klankbord.project.diagnosis import diagnose

    good, bad = _("good"), _("WRONG")
    wrong = 0
    for finding in diagnose():
        print(f"{good if finding.ok else bad:<6} {finding.sentence}")
        if not finding.ok:
            wrong += 1
            print(f"       → {finding.repair}")
    print(_("Everything is in order.") if not wrong else _("To repair: {number}.").format(number=wrong))
    return 1 if wrong else 0
