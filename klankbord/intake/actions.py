"""What people bring in themselves, instead of a network."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from klankbord.channels.actions import bring_in
from klankbord.channels.contract import Envelope
from klankbord.channels.models import Channel, Landing
from klankbord.intake.flow import ask_to_take_in
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import User
from klankbord.tenancy.queries import signature


def bring_by_hand(channel: Channel, envelopes: Sequence[Envelope], *, by: User, now: datetime) -> int:
    """A colleague brings in what was said elsewhere: all of it or nothing; how many were new."""
    landings = [Landing(key=one.key, body=one.body, received_at=now) for one in envelopes]
    added = bring_in(channel, landings)
    if added:
        organisation = channel.organisation_id
        details = {"aantal": added}
        actor = signature(by, organisation)
        record(organisation, "met de hand innemen", f"kanaal:{channel.pk}", by=by, actor=actor, details=details)
        ask_to_take_in(channel)
    return added
