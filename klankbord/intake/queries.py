"""Reading what came in raw."""

from __future__ import annotations

from collections.abc import Collection

from klankbord.channels import registry
from klankbord.channels.models import Arrival, Channel
from klankbord.tenancy.fence import Sight


def channels_by_hand(sight: Sight) -> list[Channel]:
    """The channels on which somebody may bring things in by hand, those of the own organisation first."""
    kinds = [kind for kind, connector in registry.connectors().items() if connector.taken_by_hand]
    found = Channel.objects.filter(pk__in=sight.desk_channels, kind__in=kinds, enabled=True)
    named = found.select_related("organisation").order_by("organisation__name", "name")
    return sorted(named, key=lambda one: one.organisation_id in sight.mandated)


def already_here(channel: Channel, keys: Collection[str]) -> set[str]:
    """Which of these came in on this channel before."""
    return set(Arrival.objects.filter(channel=channel, key__in=keys).values_list("key", flat=True))
