"""Mail that the installation itself sends to colleagues about getting in; never to residents."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from klankbord.tenancy.actions import installation


@dataclass(frozen=True, slots=True)
class Invite:
    """What stands in the mail of an invitation, and on the screen for who must pass the link on."""

    email: str
    link: str
    organisation: str
    invited_by: str
    is_demo: bool


class Mailed(StrEnum):
    """What became of a mail."""

    SENT = "sent"
    NO_MAIL = "no mail"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Reset:
    """What stands in the mail to somebody whose second step was wiped."""

    email: str
    organisation: str
    reset_by: str
    is_demo: bool


def send(invite: Invite) -> Mailed:
    """Mail the link; no transaction may be open."""
    subject = _("%(name)s invites you for Klankbord") % {"name": invite.invited_by}
    return _send(invite, subject, render_to_string("tenancy/invite.txt", {"invite": invite}))


def send_reset(reset: Reset) -> Mailed:
    """Tell somebody that their second step was wiped; no transaction may be open."""
    subject = _("Your second step for Klankbord was wiped")
    return _send(reset, subject, render_to_string("tenancy/second_step_reset.txt", {"reset": reset}))


def _send(letter: Invite | Reset, subject: str, text: str) -> Mailed:
    """The demo mails nobody: its log-ins are known to everybody."""
    if letter.is_demo or not installation().mail_host:
        return Mailed.NO_MAIL
    try:
        send_mail(" ".join(subject.split()), text, None, [letter.email])
    except OSError:
        return Mailed.FAILED
    return Mailed.SENT
