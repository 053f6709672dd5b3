"""Giving and ending a mandate. It stands here and not in ``tenancy``, because a mandate opens channels."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils import timezone

from klankbord.channels.models import Channel, MandatedChannel
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import Mandate, Organisation, User
from klankbord.tenancy.queries import Desk


def give_mandate(
    principal: Organisation,
    desk: Desk,
    channels: Collection[Channel] | None,
    roles: Collection[str],
    decision: str,
    processor_agreement: str,
    valid_from: datetime,
    valid_until: datetime,
    *,
    by: User,
) -> Mandate:
    """Let a team of another organisation act for this one; ``channels`` None means all of them, also later ones."""
    mandate = Mandate.objects.create(
        organisation=principal,
        desk_organisation_id=desk.organisation_id,
        desk_team_id=desk.team_id,
        all_channels=channels is None,
        roles=sorted(roles),
        decision=decision,
        processor_agreement=processor_agreement,
        valid_from=valid_from,
        valid_until=valid_until,
    )
    MandatedChannel.objects.bulk_create(
        MandatedChannel(organisation=principal, mandate=mandate, channel=channel) for channel in channels or ()
    )
    details = {
        "aan": f"{desk.team} ({desk.organisation})",
        "kanalen": "alle" if channels is None else [channel.name for channel in channels],
        "rollen": mandate.roles,
        "tot": timezone.localtime(valid_until).isoformat(sep=" ", timespec="minutes"),
        "besluit": decision,
    }
    record(principal.pk, "mandaat geven", f"mandaat:{mandate.pk}", by=by, details=details)
    return mandate


def end_mandate(mandate: Mandate, *, by: User) -> None:
    """The desk sees nothing of this organisation any more, from this minute; the mandate stays readable."""
    now = timezone.now()
    if mandate.valid_from >= now:
        # it never began: it then lasted no time at all, at a moment in the past
        mandate.valid_from = now - timedelta(seconds=1)
    mandate.valid_until = now
    mandate.save(update_fields=["valid_from", "valid_until"])
    record(mandate.organisation_id, "mandaat beëindigen", f"mandaat:{mandate.pk}", by=by)
