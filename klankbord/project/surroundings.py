"""The checks of ``klankbord doctor`` about what stands around the house: environment, address, mail, networks.

Asked after Django has started, with the database at hand. Each says one sentence, and a repair.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from klankbord.base.language import gettext as _
from klankbord.channels.models import Source
from klankbord.project.diagnosis import Diagnosis
from klankbord.project.environment import unknown
from klankbord.project.mail import MailNotSent, reach
from klankbord.project.provider import LOOPBACK
from klankbord.project.signing_in import provider_trouble
from klankbord.tenancy.actions import installation
from klankbord.tenancy.models import User

SILENT = timedelta(minutes=30)


def surroundings() -> Iterator[Diagnosis]:
    """Every check, those without a network first."""
    yield from _environment()
    address = settings.ADDRESS or installation().address
    yield _address(address)
    yield from _demo(address)
    yield _jobs()
    yield _sources()
    yield from _mail()
    yield from _provider()


def _environment() -> Iterator[Diagnosis]:
    """Names that begin like ours and mean nothing: mostly a typing error."""
    for name, meant in unknown(os.environ):
        repair = _("Did you mean {meant}? Change it, or take it away.") if meant else _("Take it away.")
        yield Diagnosis(
            False,
            _("The environment variable {name} means nothing to Klankbord.").format(name=name),
            f"{repair.format(meant=meant)} (docs/environment.md)",
        )


def _is_near(address: str) -> bool:
    return not address or urlsplit(address).hostname in LOOPBACK


def _address(address: str) -> Diagnosis:
    if not address:
        return Diagnosis(True, _("Klankbord answers on this machine only."))
    return Diagnosis(
        address.startswith("https:") or _is_near(address),
        _("The address of Klankbord is {address}.").format(address=address),
        _("Without https anybody in between can read along. Put a reverse proxy with TLS in front: docs/hosting.md."),
    )


def _demo(address: str) -> Iterator[Diagnosis]:
    """The log-ins of the demo are known to everybody."""
    if not _is_near(address) and User.objects.filter(is_demo=True).exists():
        yield Diagnosis(
            False,
            _("The made-up people of the demo can log in at {address}, with a password that everybody knows.").format(
                address=address
            ),
            _("Let an administrator remove the demo on the page First day."),
        )


def _jobs() -> Diagnosis:
    failed = ProcrastinateJob.objects.filter(status="failed").count()
    return Diagnosis(
        not failed,
        _("No job has failed for good.") if not failed else _("{number} jobs failed for good.").format(number=failed),
        _("Look in the log for their traceback. Answers that were not sent are shown at their conversation."),
    )


def _sources() -> Diagnosis:
    since = timezone.now() - SILENT
    silent = list(
        Source.objects.filter(failing_since__lt=since).order_by("kind", "address").values_list("kind", "address")
    )
    named = ", ".join(f"{kind} {address}" for kind, address in silent[:5])
    return Diagnosis(
        not silent,
        _("Every channel could be heard in the last half hour.")
        if not silent
        else _("Not heard for more than half an hour: {named}.").format(named=named),
        _("Open the channel in Klankbord: it says what the other side answered. Often a password has changed."),
    )


def _mail() -> Iterator[Diagnosis]:
    known = installation()
    if not known.mail_host:
        return
    trouble = ""
    try:
        reach(known).close()
    except MailNotSent as problem:
        trouble = str(problem)
    yield Diagnosis(
        not trouble,
        trouble or _("The mail server {host} answers.").format(host=known.mail_host),
        _("Look at the mail server on the page First day, Address and mail; or open its port in the firewall."),
    )


def _provider() -> Iterator[Diagnosis]:
    if settings.OIDC is None:
        return
    trouble = provider_trouble(settings.OIDC)
    yield Diagnosis(
        not trouble,
        _("The identity provider {name} answers.").format(name=settings.OIDC.name)
        if not trouble
        else _("The identity provider {name} cannot be used: {trouble}.").format(
            name=settings.OIDC.name, trouble=trouble
        ),
        _(
            "Check KLANKBORD_OIDC_ADDRESS. A provider in the own network also stands in KLANKBORD_ALLOWED_HOSTS:"
            " docs/log-in.md."
        ),
    )
    path = os.environ.get("KLANKBORD_OIDC_SECRET_FILE", "")
    if path:
        good = Path(path).stat().st_mode & 0o007 == 0
        yield Diagnosis(
            good,
            _("The secret for the identity provider is not for everybody.")
            if good
            else _("Everybody on this machine can read the secret for the identity provider {path}.").format(path=path),
            f"chmod o= '{path}'",
        )
