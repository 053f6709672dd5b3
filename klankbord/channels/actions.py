"""All writes to sources, channels and what arrived raw."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from klankbord.base.jobs import defer_once
from klankbord.base.keyed_hash import keyed_hash
from klankbord.channels.contract import Batch, Envelope, Json
from klankbord.channels.models import Arrival, Channel, ChannelSecret, Delivery, Gap, Landing, Source
from klankbord.channels.registry import connector_class, encrypt
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import Organisation, User


class Refused(Exception):
    """It cannot be done like this; the text is for the one who asked."""


LEASE = timedelta(minutes=1)
BACK_OFF = (5, 15, 30, 60, 120, 300)  # seconds, by how long it has been failing
KEEP_RAW = timedelta(days=7)


def connect_channel(
    organisation: Organisation, kind: str, name: str, settings: Json, secrets: dict[str, str], *, by: User | None
) -> Channel:
    """Connect an account: a source that is open to all is shared with who has it already; secrets are encrypted."""
    source = _source_of(organisation.pk, kind, settings)
    channel, _created = Channel.objects.update_or_create(
        organisation=organisation,
        source=source,
        defaults={"kind": kind, "name": name, "settings": settings, "enabled": True},
    )
    ChannelSecret.objects.update_or_create(
        organisation=organisation, channel=channel, defaults={"ciphertext": encrypt(secrets)}
    )
    Source.objects.filter(pk=source.pk).update(next_fetch_at=timezone.now())
    record(organisation.pk, "kanaal verbinden", f"kanaal:{channel.pk}", by=by, details={"naam": name, "soort": kind})
    return channel


def change_channel(channel: Channel, name: str, settings: Json, secrets: dict[str, str], *, by: User) -> None:
    """Other settings for a channel; with another address it listens to another source, what came in stays.

    Whoever calls this has tried the settings on the network.
    """
    source = _source_of(channel.organisation_id, channel.kind, settings)
    if source.pk != channel.source_id:
        if Channel.objects.filter(organisation=channel.organisation_id, source=source).exists():
            raise Refused(_("This account is already connected as another channel."))
        channel.source = source
    channel.name, channel.settings = name, settings
    channel.save(update_fields=["name", "settings", "source"])
    ChannelSecret.objects.update_or_create(
        organisation_id=channel.organisation_id, channel=channel, defaults={"ciphertext": encrypt(secrets)}
    )
    Source.objects.filter(pk=channel.source_id).update(next_fetch_at=timezone.now())
    record(channel.organisation_id, "kanaal wijzigen", f"kanaal:{channel.pk}", by=by, details={"naam": name})


def _source_of(organisation_id: int, kind: str, settings: Json) -> Source:
    """What is fetched with these settings: by everybody together where it is open to all, else by each with its own."""
    connector = connector_class(kind)
    address = connector.address(settings)
    if not connector.open_to_all:
        address = f"{address} #{organisation_id}"
    source, _created = Source.objects.get_or_create(
        kind=kind, address=address, defaults={"next_fetch_at": timezone.now()}
    )
    return source


def switch_channel(channel: Channel, enabled: bool, *, by: User) -> None:
    channel.enabled = enabled
    channel.save(update_fields=["enabled"])
    Source.objects.filter(pk=channel.source_id).update(next_fetch_at=timezone.now())
    act = "kanaal aanzetten" if enabled else "kanaal uitzetten"
    record(channel.organisation_id, act, f"kanaal:{channel.pk}", by=by, details={"naam": channel.name})


def beat_clocks(organisation_id: int, kinds: Collection[str], now: datetime) -> None:
    """Channels of these kinds hear that the house is there, all of an organisation in one transaction."""
    for channel in Channel.objects.select_for_update(of=("self",)).filter(organisation=organisation_id, kind__in=kinds):
        settings = connector_class(channel.kind).beat(channel.settings, now)
        if settings != channel.settings:
            channel.settings = settings
            channel.save(update_fields=["settings"])


def lease_due_source(now: datetime) -> Source | None:
    """Take one source whose turn it is, so that no other process fetches it; None when there is nothing to do."""
    source = (
        Source.objects.select_for_update(skip_locked=True)
        .filter(next_fetch_at__lte=now)
        .exclude(leased_until__gt=now)
        .order_by("next_fetch_at")
        .first()
    )
    if source is None:
        return None
    source.leased_until = now + LEASE
    source.save(update_fields=["leased_until"])
    return source


def land(source: Source, batch: Batch, every: timedelta, now: datetime) -> int:
    """Keep what a fetch brought and move the cursor, in one transaction; how many were new on the doormat."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO channels_landing (source_id, key, body, received_at)"
            " SELECT %s, key, body, %s FROM unnest(%s::text[], %s::bytea[]) AS new (key, body)"
            " ON CONFLICT (source_id, key) DO NOTHING",
            [source.pk, now, [e.key for e in batch.envelopes], [e.body for e in batch.envelopes]],
        )
        landed = int(cursor.rowcount)
    if batch.gap:
        Gap.objects.create(source=source, since=batch.gap.since, until=batch.gap.until, reason=batch.gap.reason)
    source.cursor = batch.cursor
    source.last_ok_at = now
    source.failing_since = None
    source.failure = ""
    # a hint that came while we were reading counts for what comes next
    hinted = Source.objects.filter(pk=source.pk, next_fetch_at__gt=source.next_fetch_at).exists()
    source.next_fetch_at = now if batch.more or hinted else now + every
    source.leased_until = None
    source.save()
    return landed


def take_at_the_door(source_id: int, envelope: Envelope, now: datetime) -> None:
    """Somebody hands a message in at our own door: on the doormat, to be routed after commit. Twice is once."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO channels_landing (source_id, key, body, received_at) VALUES (%s, %s, %s, %s)"
            " ON CONFLICT (source_id, key) DO NOTHING",
            [source_id, envelope.key, envelope.body, now],
        )
    defer_once("intake.route", f"route:{source_id}", source=source_id)


def clear_doormat(landings: Sequence[Landing]) -> None:
    """What every organisation that wants it has, goes."""
    Landing.objects.filter(pk__in=[landing.pk for landing in landings]).delete()


def fetch_now(source_id: int, now: datetime) -> None:
    """The network hinted at something new: do not wait for the next turn, unless the source is failing."""
    Source.objects.filter(pk=source_id, failing_since__isnull=True).update(next_fetch_at=now)


def mark_failing(source: Source, failure: str, now: datetime, retry_after: float | None = None) -> None:
    """A fetch failed: remember since when, and wait longer the longer it lasts."""
    source.failing_since = source.failing_since or now
    source.failure = failure
    failing_for = (now - source.failing_since).total_seconds()
    wait = next((step for step in BACK_OFF if failing_for < step * 4), BACK_OFF[-1])
    source.next_fetch_at = now + timedelta(seconds=max(wait, retry_after or 0))
    source.leased_until = None
    source.save()


def rest(source: Source, now: datetime) -> None:
    """Nobody wants this source at the moment: look again in a minute."""
    source.next_fetch_at = now + timedelta(minutes=1)
    source.leased_until = None
    source.save(update_fields=["next_fetch_at", "leased_until"])


def note_silence(source: Source, window: timedelta, now: datetime) -> None:
    """We were away longer than the network keeps things: record the gap before going on."""
    if source.last_ok_at and now - source.last_ok_at > window:
        Gap.objects.create(
            source=source,
            since=source.last_ok_at,
            until=now,
            reason="Langer niet geluisterd dan het netwerk berichten bewaart.",
        )


def bring_in(channel: Channel, landings: Sequence[Landing]) -> int:
    """Give an organisation its own copy of what landed; how many were new to it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO channels_arrival"
            " (organisation_id, channel_id, private, key, body, state, outcome, received_at)"
            " SELECT %s, %s, true, key, body, 'new', '', received_at"
            " FROM unnest(%s::text[], %s::text[], %s::bytea[], %s::timestamptz[])"
            " AS new (key, forgotten, body, received_at)"
            " WHERE NOT EXISTS (SELECT FROM channels_arrival known"
            "   WHERE known.channel_id = %s AND known.key = new.forgotten)"
            " ON CONFLICT (channel_id, key) DO NOTHING",
            [
                channel.organisation_id,
                channel.pk,
                [landing.key for landing in landings],
                [forgotten_key(channel.organisation_id, landing.key) for landing in landings],
                [bytes(landing.body) for landing in landings],
                [landing.received_at for landing in landings],
                channel.pk,
            ],
        )
        return int(cursor.rowcount)


def settle_arrivals(outcomes: dict[int, str], emptied: Collection[int], now: datetime) -> None:
    """These were understood; the text says why one was ignored.

    Of ``emptied`` the raw copy goes at once, and so does the key, which may name who said it: its hash knows it again.
    """
    known = Arrival.objects.filter(pk__in=emptied).values_list("pk", "organisation_id", "key") if emptied else ()
    keys = {pk: forgotten_key(organisation_id, key) for pk, organisation_id, key in known}
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE channels_arrival SET state = 'parsed', outcome = new.outcome, parsed_at = %s,"
            " body = CASE WHEN new.key = '' THEN body END,"
            " key = CASE WHEN new.key = '' THEN channels_arrival.key ELSE new.key END"
            " FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS new (id, outcome, key)"
            " WHERE channels_arrival.id = new.id",
            [now, list(outcomes), list(outcomes.values()), [keys.get(pk, "") for pk in outcomes]],
        )


def quarantine(arrival: Arrival, why: str, now: datetime) -> None:
    """It cannot be understood: kept whole and shown, never dropped."""
    arrival.state = Arrival.State.QUARANTINED
    arrival.outcome = why
    arrival.parsed_at = now
    arrival.save(update_fields=["state", "outcome", "parsed_at"])


def replay_quarantine(channel: Channel, *, by: User) -> int:
    """Try everything in quarantine again, after the connector was mended; how many go back to the start."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT quarantine_replay(%s)", [channel.pk])
        (replayed,) = cursor.fetchone()
    record(channel.organisation_id, "quarantaine opnieuw", f"kanaal:{channel.pk}", by=by, details={"aantal": replayed})
    return int(replayed)


def empty_old_arrivals(now: datetime) -> int:
    """Raw copies of what was understood a week ago go; the key stays, so that nothing arrives twice."""
    return Arrival.objects.filter(state=Arrival.State.PARSED, parsed_at__lt=now - KEEP_RAW, body__isnull=False).update(
        body=None
    )


def forgotten_key(organisation_id: int, key: str) -> str:
    """Under which name an arrival is remembered whose sender was forgotten: it never comes in again."""
    return "vergeten:" + keyed_hash(organisation_id, "arrival", key)


def forget_arrivals(arrivals: Collection[Arrival]) -> None:
    """The raw copies of somebody who is forgotten go, and what they were called."""
    for arrival in arrivals:
        arrival.key = forgotten_key(arrival.organisation_id, arrival.key)
        arrival.body, arrival.outcome = None, ""
        if arrival.state == Arrival.State.QUARANTINED:
            arrival.state = Arrival.State.PARSED
        arrival.save(update_fields=["key", "body", "outcome", "state"])


def empty_arrivals(arrivals: Collection[Arrival]) -> None:
    """Raw copies of what was understood go before their day; the keys stay."""
    Arrival.objects.filter(pk__in=[arrival.pk for arrival in arrivals]).update(body=None)


def forget_delivery(delivery: Delivery, outgoing: Json, problem: str) -> None:
    """An answer keeps what it said without whom it went to; what is not out yet does not go any more."""
    delivery.outgoing, delivery.problem = outgoing, problem
    if delivery.state in (Delivery.State.PENDING, Delivery.State.UNCERTAIN) and not outgoing["to"]["network_id"]:
        delivery.state, delivery.next_attempt_at = Delivery.State.FAILED, None
    delivery.save(update_fields=["outgoing", "problem", "state", "next_attempt_at"])
