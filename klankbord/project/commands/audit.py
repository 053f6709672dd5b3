"""``klankbord audit verify``: recomputes the hash chain of every organisation's log."""

from __future__ import annotations

import argparse

from klankbord.base.language import gettext as _


def help() -> str:
    return _("checks that nothing in the log was changed")


def arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("act", choices=["verify"], help=_("verify: recompute every line and the chain"))


def run(options: argparse.Namespace) -> int:
    del options
    import django

    django.setup()
    from klankbord.tenancy.audit import verify
    from klankbord.tenancy.fence import acting_for
    from klankbord.tenancy.models import Organisation

    whole = True
    for pk in _organisations():
        with acting_for(pk):
            verdict = verify(Organisation.objects.get(pk=pk))
        whole = whole and verdict.whole
        print(
            _("{organisation}: {sealed} lines sealed, {unsealed} not yet, {erased} erased: {verdict}").format(
                organisation=verdict.organisation,
                sealed=verdict.sealed,
                unsealed=verdict.unsealed,
                erased=verdict.erased,
                verdict=_("whole") if verdict.whole else _("BROKEN"),
            )
        )
        for line in verdict.broken:
            print(f"  {line}")
    return 0 if whole else 1


def _organisations() -> list[int]:
    from django.db import transaction

    from klankbord.tenancy.models import Organisation

    with transaction.atomic():
        return list(Organisation.objects.values_list("pk", flat=True))
