"""How the installation sends its own mail: through the mail server that its administrator filled in."""

from __future__ import annotations

import smtplib
from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils.translation import gettext as _

from klankbord.base.outside.mail import (
    MailServerUnreachable,
    MailServerUntrusted,
    MailUnencrypted,
    Security,
    open_smtp,
)
from klankbord.tenancy.actions import installation, mail_password
from klankbord.tenancy.models import Installation

PATIENCE = 20.0  # seconds


class MailNotSent(OSError):
    """The mail is not on its way; the text is for people, in their language."""


def reach(known: Installation) -> smtplib.SMTP:
    """A connection with the mail server that was filled in. Raises MailNotSent with why there is none."""
    try:
        return open_smtp(known.mail_host, known.mail_port, Security(known.mail_security), PATIENCE)
    except (MailServerUnreachable, MailUnencrypted):
        raise MailNotSent(
            _("The mail server %(host)s does not answer on port %(port)s.")
            % {"host": known.mail_host, "port": known.mail_port}
        ) from None
    except MailServerUntrusted:
        raise MailNotSent(
            _("The connection with %(host)s cannot be encrypted. Choose another kind of encryption.")
            % {"host": known.mail_host}
        ) from None


class InstallationBackend(BaseEmailBackend):
    """Django's way out for mail, named in the setting EMAIL_BACKEND. Raises MailNotSent."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        known = installation()
        if not known.mail_host:
            raise MailNotSent(_("No mail server has been filled in yet."))
        client = reach(known)
        try:
            if known.mail_user:
                client.login(known.mail_user, mail_password(known))
            for message in email_messages:
                message.from_email = known.mail_from
                client.send_message(message.message(), known.mail_from, message.recipients())
        except smtplib.SMTPAuthenticationError:
            raise MailNotSent(_("The mail server does not accept this user name and password.")) from None
        except (smtplib.SMTPSenderRefused, smtplib.SMTPRecipientsRefused):
            raise MailNotSent(_("The mail server does not accept this sender or this recipient.")) from None
        except (OSError, smtplib.SMTPException):
            raise MailNotSent(_("The mail server broke off before the mail was sent.")) from None
        finally:
            client.close()
        return len(email_messages)
