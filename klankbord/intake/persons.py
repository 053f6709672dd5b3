"""Forgetting one person (AVG 17) in every room, from the raw copy to the line in the log. Each room forgets its own.

Inside the fence of the organisation; who may ask for it is decided before.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Q

from klankbord.channels.actions import empty_arrivals, forget_arrivals, forget_delivery
from klankbord.channels.contract import ChannelError, PostArrived
from klankbord.channels.models import Arrival, Channel, Delivery
from klankbord.channels.registry import connector_for
from klankbord.inbox.threads import forget_in_conversations, lock_threads
from klankbord.listening.actions.finds import forget_in_dossiers
from klankbord.posts.forgetting import Traces, forget_author, forget_in_posts, traces_of
from klankbord.posts.models import Author, Post
from klankbord.posts.overheard import SOMEBODY, pseudonym
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import AuditEntry, User


@dataclass(frozen=True, slots=True)
class Known:
    """What there is of one person."""

    author: Author
    posts: int

    @property
    def overheard(self) -> bool:
        """Known by a pseudonym only."""
        return self.author.network_id.startswith(SOMEBODY)


def known_as(organisation_id: int, address: str) -> list[Known]:
    """Who is known by exactly this address, handle or id on a network; never by a name alone.

    Who was only overheard is known by the pseudonym that this address gives, as long as some find of theirs is kept.
    """
    asked = address.strip()
    kinds = Channel.objects.filter(organisation=organisation_id).values_list("kind", flat=True).distinct()
    disguised = [pseudonym(organisation_id, kind, asked) for kind in kinds]
    found = Author.objects.filter(
        (Q(network_id__iexact=asked) | Q(handle__iexact=asked) | Q(handle__iexact=f"@{asked}")) & ~Q(handle="")
        | Q(network_id__in=disguised),
        organisation_id=organisation_id,
        forgotten_at__isnull=True,
    )
    return [Known(author, Post.objects.filter(author=author).count()) for author in found.order_by("kind", "pk")[:20]]


def forget_person(author: Author, now: datetime, *, by: User | None) -> None:
    """Take one person out of everything this organisation holds. The log keeps that it was done, and no name."""
    organisation_id = author.organisation_id
    lock_threads(organisation_id, set(Post.objects.filter(author=author).values_list("root_uri", flat=True)))
    own, naming = arrivals_of(author)
    forget_in_dossiers(organisation_id, author.pk, traces_of(author))
    traces = forget_author(author, now)
    forget_arrivals(own)
    empty_arrivals(naming)
    forget_in_posts(organisation_id, traces)
    forget_in_conversations(organisation_id, author.pk, traces)
    _forget_deliveries(organisation_id, traces)
    _forget_log(organisation_id, traces)
    details = {"berichten": len(traces.renamed), "gesprekken": len(traces.threads)}
    record(organisation_id, "persoon vergeten", f"persoon:{author.pk}", by=by, details=details)


def arrivals_of(author: Author) -> tuple[list[Arrival], list[Arrival]]:
    """Raw copies: those of what this person said, and those of others in which this person is named.

    What is new and not understood yet is left for its turn; it is looked at when it is forgotten again.
    """
    organisation_id, network_id, kind = author.organisation_id, author.network_id, author.kind
    uris = set(Post.objects.filter(author=author).values_list("uri", flat=True)) - {""}
    words = [word.casefold() for word in traces_of(author).words]
    own: list[Arrival] = []
    naming: list[Arrival] = []
    for channel in Channel.objects.filter(organisation=organisation_id):
        try:
            connector = connector_for(channel)
        except ChannelError:
            connector = None
        for arrival in Arrival.objects.filter(channel=channel).iterator(chunk_size=500):
            body = bytes(arrival.body or b"")
            try:
                events = connector.parse(body) if connector and body else []
            except Exception:  # noqa: BLE001  # a connector may stumble over anything; then the bytes decide
                events = []
            told = f"{events} {body.decode(errors='replace')}".casefold()
            spoke = channel.kind == kind and any(
                isinstance(one, PostArrived) and one.author.network_id == network_id for one in events
            )
            key = arrival.key.casefold()
            if spoke or any(word in key for word in words) or any(uri in arrival.key for uri in uris):
                own.append(arrival)
            elif any(word in told for word in words):
                # in quarantine nobody knows whose it is: then it goes as a whole
                (own if arrival.state == Arrival.State.QUARANTINED else naming).append(arrival)
    return own, naming


def _forget_deliveries(organisation_id: int, traces: Traces) -> None:
    for delivery in Delivery.objects.filter(organisation_id=organisation_id).prefetch_related("posts"):
        near = any(post.root_uri in traces.threads for post in delivery.posts.all())
        outgoing = _scrubbed(delivery.outgoing, traces, near=near)
        if near:
            # its subject is that of the message it answers
            nobody = {"network_id": "", "handle": "", "name": ""}
            outgoing = outgoing | {"to": nobody, "reply_data": {}, "subject": ""}
        problem = traces.without(delivery.problem, near=near)
        if (outgoing, problem) != (delivery.outgoing, delivery.problem):
            forget_delivery(delivery, outgoing, problem)


def _scrubbed(value: Any, traces: Traces, *, near: bool) -> Any:
    match value:
        case str():
            return traces.without(traces.rename(value), near=near)
        case dict():
            return {key: _scrubbed(inner, traces, near=near) for key, inner in value.items()}
        case list():
            return [_scrubbed(inner, traces, near=near) for inner in value]
    return value


def _forget_log(organisation_id: int, traces: Traces) -> None:
    """Lines of the log that name this person lose their readable part; the chain stays whole."""
    entries = AuditEntry.objects.filter(organisation=organisation_id, erased_at__isnull=True)
    named = [
        pk
        for pk, details in entries.values_list("pk", "details").iterator(chunk_size=2000)
        if any(word.casefold() in json.dumps(details, ensure_ascii=False).casefold() for word in traces.words)
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase(%s, %s::bigint[])", [organisation_id, named])
