"""Files that came along: kept at once where the network sent them, fetched by a job where it sent an address."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from klankbord.base.jobs import defer_once
from klankbord.base.trouble import on_its_own
from klankbord.channels.contract import ChannelError, NotSent
from klankbord.channels.media import fetch_media
from klankbord.posts.actions import fetch_attachment_later, fill_attachment, refuse_attachment
from klankbord.posts.files import remove_unused
from klankbord.posts.models import Attachment
from klankbord.posts.queries import wanted_files
from klankbord.tenancy.fence import acting_for, for_all_organisations
from klankbord.tenancy.models import Organisation

LARGEST = 25 * 1024 * 1024  # bytes
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(hours=1)
GIVE_UP_AFTER = timedelta(hours=24)


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
        files = wanted_files(timezone.now()).filter(organisation_id=organisation_id)
        wanted = list(files.order_by("pk"))
    for attachment in wanted:
        got = _fetched(attachment.url)
        with acting_for(organisation_id):
            # its message may have been taken away meanwhile, and the file with it
            still = Attachment.objects.select_for_update(of=("self",)).filter(pk=attachment.pk).first()
            if still is not None:
                _settle(still, got)


def _fetched(url: str) -> bytes | ChannelError:
    try:
        return fetch_media(url, LARGEST)
    except ChannelError as problem:
        return problem


def _settle(attachment: Attachment, got: bytes | ChannelError) -> None:
    match got:
        case NotSent():
            _later(attachment, got, timezone.now())
        case ChannelError():
            refuse_attachment(attachment, str(got))
        case _:
            fill_attachment(attachment, got)


def _later(attachment: Attachment, problem: NotSent, now: datetime) -> None:
    """Try again, twice as long after its arrival each time, and give up after a day."""
    age = now - attachment.post.received_at
    if age > GIVE_UP_AFTER:
        refuse_attachment(attachment, str(problem))
        return
    wait = min(max(age, SHORTEST_WAIT), LONGEST_WAIT)
    fetch_attachment_later(attachment, str(problem), now + max(wait, timedelta(seconds=problem.retry_after or 0)))


def remove_unused_files() -> None:
    """What was taken away by its author goes from the disk too, within two hours."""
    older_than = timezone.now() - timedelta(hours=1)
    with for_all_organisations("removing files that no message names any more"):
        organisations = list(Organisation.objects.values_list("pk", flat=True))
    for organisation in organisations:
        with on_its_own(organisation=organisation):
            _remove_unused(organisation, older_than)


def _remove_unused(organisation: int, older_than: datetime) -> None:
    with acting_for(organisation):
        used = set(Attachment.objects.filter(organisation_id=organisation).values_list("sha256", flat=True))
    remove_unused(organisation, used, older_than)
