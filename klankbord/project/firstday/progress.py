"""The list of the first day: what is done, what comes next."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from klankbord.channels.models import Channel
from klankbord.listening.models import Dossier
from klankbord.tenancy.actions import installation
from klankbord.tenancy.models import AuditEntry, Membership, Organisation
from klankbord.tenancy.queries import open_invitations


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the list; without a ``url`` there is nothing to do any more."""

    title: str
    text: str
    done: bool
    url: str = ""
    act: str = ""


def steps(organisation: Organisation) -> list[Step]:
    """Judged by what there is, so that one can stop and go on at any moment. Inside the fence."""
    here = f"?organisation={organisation.pk}"
    known = installation()
    channels = Channel.objects.filter(organisation=organisation).count()
    colleagues = Membership.objects.filter(organisation=organisation, ended_at__isnull=True).count() > 1
    dossier = Dossier.objects.filter(organisation=organisation, is_place=True).first()
    words = (
        bool(dossier)
        and AuditEntry.objects.filter(
            organisation=organisation, object=f"dossier:{dossier.pk if dossier else 0}", actie="dossier wijzigen"
        ).exists()
    )
    demo = Organisation.objects.filter(is_demo=True).exists()
    return [
        Step(_("The organisation"), organisation.name, True),
        Step(_("Your account"), _("With a password and a second step."), True),
        Step(
            _("Address and mail"),
            known.address or _("Where colleagues find Klankbord, and by which server it mails invitations."),
            bool(known.address or known.mail_host),
            reverse("first-day-installation"),
            _("Change") if known.address or known.mail_host else _("Fill in"),
        ),
        Step(
            _("The first channel"),
            _("The mailbox or the account to which residents write."),
            channels > 0,
            reverse("channels") + here + "#connect",
            _("Connect") if not channels else _("Connect another"),
        ),
        Step(
            _("Invite colleagues"),
            _("Each with one or more roles. Alone for now? You can do this later under People."),
            colleagues or bool(open_invitations(organisation)),
            reverse("people") + here + "#invite",
            _("Invite"),
        ),
        Step(
            _("What to listen for"),
            _("We propose the names of your municipality and its places. Look whether they are right."),
            words,
            reverse("place-dossier") + here + "#words",
            _("Look at the words"),
        ),
        Step(
            _("Remove the demo"),
            _("The made-up towns, people and messages go. Nothing of you is touched.")
            if demo
            else _("The demo is not here any more."),
            not demo,
            reverse("first-day-demo") if demo else "",
            _("Remove the demo"),
        ),
    ]
