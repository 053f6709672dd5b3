"""Every hour: mail colleagues who follow a dossier. No transaction is open while a mail goes out."""

from __future__ import annotations

import structlog
from django.conf import settings
from django.core.mail import send_mail
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from klankbord.listening.actions.finds import note_told
from klankbord.listening.telling import News, news
from klankbord.tenancy.actions import installation
from klankbord.tenancy.fence import acting_for, for_all_organisations
from klankbord.tenancy.models import Organisation

logger = structlog.get_logger()


def tell_followers() -> None:
    """The demo mails nobody, nor does an installation without a mail server: the list of dossiers shows what is new."""
    if not installation().mail_host:
        return
    now = timezone.now()
    with for_all_organisations("telling: whose colleagues follow a dossier"):
        organisations = list(Organisation.objects.filter(is_demo=False).values_list("pk", flat=True))
    for organisation in organisations:
        with acting_for(organisation):
            due = list(news(organisation, now))
        told = [one.follower for one in due if _mail(one)]
        with acting_for(organisation):
            note_told(told, now)


def _mail(one: News) -> bool:
    address = (installation().address or settings.ADDRESS).rstrip("/") + reverse("dossier", args=[one.dossier])
    with translation.override(settings.LANGUAGE_CODE):
        subject, text = _words(one, address)
    try:
        send_mail(" ".join(subject.split()), text, None, [one.email])
    except OSError as problem:
        logger.warning("a mail about a dossier could not be sent", dossier=one.dossier, problem=type(problem).__name__)
        return False
    return True


def _words(one: News, address: str) -> tuple[str, str]:
    """Subject and text: figures and a link, no text of residents."""
    found = ngettext("%(number)d find", "%(number)d finds", one.number) % {"number": one.number}
    if one.usual is None:
        subject = _("%(name)s: %(found)s") % {"name": one.name, "found": found}
        said = _("New in the dossier “%(name)s”: %(found)s.") % {"name": one.name, "found": found}
    else:
        subject = _("%(name)s: more than usual") % {"name": one.name}
        said = _("The dossier “%(name)s” has %(found)s in the last day. Usual is %(usual).1f a day.") % {
            "name": one.name,
            "found": found,
            "usual": one.usual,
        }
    return subject, f"{said}\n\n{address}\n\n" + _("You get this because you follow this dossier. You stop it there.")
