"""All writes at the front door."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from klankbord.channels.actions import take_at_the_door
from klankbord.channels.form.message import Submission
from klankbord.public.models import Visit
from klankbord.public.queries import Door

PER_VISITOR = 10
"""Messages per hour from one address on the internet; a library or a town hall has one for everybody inside."""
PER_PAGE = 5
"""Messages per hour from one page that was asked for once."""
CONFIRMATIONS = 3
"""Confirmations per hour to one mail address; what is handed in after that arrives as well."""


class TooOften(Exception):
    """This visitor handed in more than anybody needs to."""


def hand_in(door: Door, said: Submission, internet_address: str, now: datetime) -> Submission:
    """Keep what a resident wrote: durable when this returns. The same page sent twice is one message.

    Returns the message as it was kept: without confirmation when its address was sent enough of those.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    with transaction.atomic():
        if (
            _count(hour, f"visitor {door.channel} {_neighbourhood(internet_address)}") > PER_VISITOR
            or _count(hour, f"page {said.id}") > PER_PAGE
        ):
            raise TooOften
        if said.email:
            said = replace(said, confirm=_count(hour, f"mail {said.email}") <= CONFIRMATIONS)
        take_at_the_door(door.source, said.envelope(), now)
    return said


def forget_visits(now: datetime) -> None:
    """What is older than this hour goes."""
    Visit.objects.filter(hour__lt=now.replace(minute=0, second=0, microsecond=0)).delete()


def _count(hour: datetime, who: str) -> int:
    """How often this was counted in this hour, in all processes together, this time included."""
    mark = hmac.new(settings.SECRET_KEY.encode(), f"{hour.isoformat()} {who}".encode(), hashlib.sha256).digest()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO public_visit (hour, who, times) VALUES (%s, %s, 1)"
            " ON CONFLICT (hour, who) DO UPDATE SET times = public_visit.times + 1 RETURNING times",
            [hour, mark],
        )
        return int(cursor.fetchone()[0])


def _neighbourhood(internet_address: str) -> str:
    """One household: an IPv4 address, or the half of an IPv6 address that a provider gives out."""
    try:
        address = ipaddress.ip_address(internet_address.partition("%")[0])
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped
        return str(inner or ipaddress.ip_network((address, 64), strict=False))
    return str(address)
