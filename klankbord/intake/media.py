"""Files that came along: kept at once where the network sent them, fetched by a job where it sent an address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from klankbord.base.jobs import defer_once
from klankbord.channels.contract import ChannelError
from klankbord.channels.media import fetch_media
from klankbord.posts.actions import fill_attachment, refuse_attachment
from klankbord.posts.files import remove_unused
from klankbord.posts.models import Attachment
from klankbord.tenancy.fence import acting_for, for_all_organisations
from klankbord.tenancy.models import Organisation

LARGEST = 25 * 1024 * 1024  # bytes


def keep(organisation_id: int, files: Sequence[tuple[Attachment, bytes | None]]) -> None:
    """Keep the contents that came in the message itself; leave the rest to a job."""
    wanted = False
    for attachment, content in files:
        if content is None:
            wanted = True
        elif len(content) > LARGEST:
            refuse_attachment(attachment, _("The file is too large."))
        else:
            fill_attachment(attachment, content)
    if wanted:
        defer_once("intake.fetch_files", f"files:{organisation_id}", organisation=organisation_id)


def fetch(organisation_id: int) -> None:
    """Fetch the files that are still wanted, behind the guard against private addresses."""
    with acting_for(organisation_id):
        wanted = list(
            Attachment.objects.filter(organisation_id=organisation_id, state=Attachment.State.WANTED).order_by("pk")
        )
    for attachment in wanted:
        content, reason = None, ""
        try:
            content = fetch_media(attachment.url, LARGEST)
        except ChannelError as problem:
            reason = str(problem)
        with acting_for(organisation_id):
            if content is None:
                refuse_attachment(attachment, reason)
            else:
                fill_attachment(attachment, content)


def remove_unused_files() -> None:
    """What was taken away by its author goes from the disk too, within two hours."""
    older_than = timezone.now() - timedelta(hours=1)
    with for_all_organisations("removing files that no message names any more"):
        organisations = list(Organisation.objects.values_list("pk", flat=True))
    for organisation in organisations:
        with acting_for(organisation):
            used = set(Attachment.objects.filter(organisation_id=organisation).values_list("sha256", flat=True))
        remove_unused(organisation, used, older_than)
