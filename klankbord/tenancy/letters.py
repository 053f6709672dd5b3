"""Mail that the installation itself sends about joining; never to residents."""

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


def send(invite: Invite) -> Mailed:
    """Mail the link; no transaction may be open. The demo mails nobody: its log-ins are known to everybody."""
    if invite.is_demo or not installation().mail_host:
        return Mailed.NO_MAIL
    subject = _("%(name)s invites you for Klankbord") % {"name": invite.invited_by}
    text = render_to_string("tenancy/invite.txt", {"invite": invite})
    try:
        send_mail(" ".join(subject.split()), text, None, [invite.email])
    except OSError:
        return Mailed.FAILED
    return Mailed.SENT
