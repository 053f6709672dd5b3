"""The road of a post, on one page.

    collect   a connector hands over raw envelopes: durable on the doormat, together with the cursor
    route     each organisation that wants the source gets its own copy
    take_in   understood, stored once, matched, opened on the desk, told to open browsers

Every step may be killed at any point and simply runs again: the doormat, the arrivals and the posts are each unique by
the network's own ids, and each step empties what it worked on in the transaction that stores the result.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from klankbord.base.jobs import defer_once
from klankbord.base.trouble import is_passing
from klankbord.channels.actions import (
    bring_in,
    clear_doormat,
    land,
    lease_due_source,
    mark_failing,
    note_silence,
    quarantine,
    rest,
    settle_arrivals,
)
from klankbord.channels.contract import (
    ChannelError,
    Connector,
    DeliveryFailed,
    DeliverySeen,
    Event,
    Ignored,
    NotSent,
    PostArrived,
    PostDeleted,
    Unparseable,
)
from klankbord.channels.models import Arrival, Channel, Landing, Source
from klankbord.channels.registry import connector_class, connector_for
from klankbord.inbox import sending
from klankbord.inbox.threads import (
    acknowledge_receipt,
    lock_late_threads,
    move_conversations,
    open_conversations,
    touch_thread,
)
from klankbord.intake import media
from klankbord.listening.actions.edits import match_again
from klankbord.listening.actions.matching import asked_for, match_posts
from klankbord.listening.queries import known_accounts
from klankbord.posts.actions import (
    Stored,
    bring_finds_under,
    bury_post,
    join_threads,
    keep_attachments,
    reveal_finds,
    revise_post,
    store_posts,
)
from klankbord.posts.models import Post
from klankbord.posts.overheard import Overheard, cover, disguise, find_uri, pseudonym
from klankbord.posts.queries import held_messages, held_threads, objectors
from klankbord.tenancy.fence import acting_for, for_all_organisations

BATCH = 500
LONGEST_URI = 1000
NOT_ASKED = "Niet aan ons gericht en door geen dossier gevraagd; niet bewaard."

logger = structlog.get_logger()


def collect(now: datetime) -> bool:
    """Fetch one source whose turn it is. False when there is nothing to do. No transaction is open while it talks."""
    with transaction.atomic():
        source = lease_due_source(now)
    if source is None:
        return False
    try:
        with for_all_organisations("collecting: whose account opens this source"):
            connector = _opened(list(Channel.objects.filter(source=source, enabled=True).order_by("pk")))
    except ChannelError as problem:
        mark_failing(source, str(problem), now)
        return True
    if connector is None:
        rest(source, now)
    else:
        _fetch(source, connector, now)
    return True


def _opened(channels: list[Channel]) -> Connector | None:
    """The connector of the first that can be opened; ChannelError when none can, None when nobody wants the source.

    Several share what is open to all only, so whichever it is fetches with nobody's access.
    """
    trouble: ChannelError | None = None
    for channel in channels:
        try:
            return connector_for(channel)
        except ChannelError as problem:
            trouble = trouble or problem
    if trouble:
        raise trouble
    return None


def _fetch(source: Source, connector: Connector, now: datetime) -> None:
    try:
        batch = connector.fetch(source.cursor)
    except ChannelError as problem:
        mark_failing(source, str(problem), now, problem.retry_after if isinstance(problem, NotSent) else None)
        return
    except Exception as problem:
        # a fault in one connector must not stop the listening of all others
        logger.exception("fetching failed unexpectedly", kind=source.kind)
        mark_failing(source, _("Unexpected fault: %(fault)s") % {"fault": type(problem).__name__}, now)
        return
    with transaction.atomic():
        if connector.loss_window:
            note_silence(source, connector.loss_window, now)
        landed = land(source, batch, connector.poll_every, timezone.now())
    if landed:
        route(source)


def route(source: Source) -> None:
    """Give each organisation that wants this source its own copy, then clear the doormat of what all of them have."""
    landings = list(Landing.objects.filter(source=source).order_by("pk")[:BATCH])
    with for_all_organisations("collecting: who wants this source"):
        channels = list(Channel.objects.filter(source=source, enabled=True))
    if not channels:
        # switched off since the fetch: what landed waits on the doormat until somebody wants it again
        return
    for channel in channels:
        with acting_for(channel.organisation_id):
            bring_in(channel, landings)
            ask_to_take_in(channel)
    clear_doormat(landings)


def ask_to_take_in(channel: Channel) -> None:
    """Have what is new on a channel taken in after commit."""
    defer_once("intake.take_in", f"take-in:{channel.pk}", organisation=channel.organisation_id, channel=channel.pk)


@dataclass(slots=True)
class Understood:
    """What a batch of arrivals turned out to be."""

    arrived: list[tuple[int, PostArrived]] = field(default_factory=list)
    """The arrival it came in, and the message."""
    others: list[Event] = field(default_factory=list)
    outcomes: dict[int, str] = field(default_factory=dict)


def take_in(organisation_id: int, channel_id: int) -> int:
    """Take in what is new on a channel, a batch in a transaction; how many arrivals were handled."""
    handled = 0
    while True:
        with acting_for(organisation_id):
            channel = Channel.objects.filter(pk=channel_id).first()
            if channel is None:
                # removed since this job was asked for, and what waited on it went along
                return handled
            arrivals = list(
                Arrival.objects.select_for_update(skip_locked=True)
                .filter(channel=channel, state=Arrival.State.NEW)
                .order_by("pk")[:BATCH]
            )
            _take_in_batch(channel, arrivals, timezone.now())
        handled += len(arrivals)
        if len(arrivals) < BATCH:
            return handled


def _take_in_batch(channel: Channel, arrivals: list[Arrival], now: datetime) -> None:
    try:
        with transaction.atomic():
            _store(channel, _understand(channel, arrivals, now), now)
    except (DatabaseError, ValueError) as problem:
        if isinstance(problem, DatabaseError) and is_passing(problem):
            # the database is in trouble, not the message: everything stays new and the sweep tries again
            raise
        if len(arrivals) <= 1:
            for arrival in arrivals:
                logger.exception("an arrival could not be stored", arrival=arrival.pk)
                quarantine(arrival, _("Could not be stored: %(fault)s") % {"fault": type(problem).__name__}, now)
            return
        # one bad apple: halve until it stands alone
        middle = len(arrivals) // 2
        _take_in_batch(channel, arrivals[:middle], now)
        _take_in_batch(channel, arrivals[middle:], now)


def _understand(channel: Channel, arrivals: list[Arrival], now: datetime) -> Understood:
    connector = connector_for(channel)
    understood = Understood()
    for arrival in arrivals:
        try:
            events = connector.parse(bytes(arrival.body or b""))
            for event in events:
                _check(event)
        except Unparseable as problem:
            quarantine(arrival, str(problem), now)
            continue
        except Exception as problem:
            logger.exception("parsing failed unexpectedly", arrival=arrival.pk)
            quarantine(arrival, _("Unexpected fault: %(fault)s") % {"fault": type(problem).__name__}, now)
            continue
        understood.outcomes[arrival.pk] = "; ".join(event.reason for event in events if isinstance(event, Ignored))
        understood.arrived += [(arrival.pk, event) for event in events if isinstance(event, PostArrived)]
        understood.others += [event for event in events if not isinstance(event, PostArrived)]
    return understood


def _check(event: Event) -> None:
    """What the columns cannot hold is not cut off in silence."""
    if isinstance(event, PostArrived):
        uris = (event.uri, event.parent_uri, event.root_uri, event.web_url)
        if not event.uri or any(len(uri) > LONGEST_URI or "\0" in uri for uri in uris):
            raise Unparseable(_("The address of the message is missing or too long."))
        if event.published_at.tzinfo is None:
            raise Unparseable(_("The time of the message has no time zone."))
    if isinstance(event, (DeliverySeen, DeliveryFailed)) and not event.external_id:
        # answers on their way have no identity yet on some networks: this would speak of all of those
        raise Unparseable(_("The address of the message is missing or too long."))


def _store(channel: Channel, understood: Understood, now: datetime) -> None:
    organisation_id = channel.organisation_id
    kept = _kept(channel, understood.arrived)
    wanted = list(kept.values())
    if wanted:
        counted = reveal_finds(organisation_id, wanted)
        stored, known = store_posts(channel, wanted, now)
        _settle_new(channel, stored, counted, now)
        for event in known:
            _revise(channel, event, now)
    for other in understood.others:
        _apply(organisation_id, other, now)
    # what was not said to us leaves no raw copy with its author's name behind
    unwanted = {arrival for arrival, _event in understood.arrived} - set(kept)
    emptied = unwanted | {arrival for arrival, event in kept.items() if isinstance(event, Overheard)}
    settle_arrivals(understood.outcomes | dict.fromkeys(unwanted, NOT_ASKED), emptied, now)


def _kept(channel: Channel, arrived: list[tuple[int, PostArrived]]) -> dict[int, PostArrived]:
    """What is kept, per arrival: what was said to us as it is, what dossiers and threads of ours ask for in disguise.

    What nobody said to us, no dossier asked for and no thread of ours holds is never written, nor is what somebody said
    who objected (AVG: minimisation, objection).
    """
    kept = {arrival: event for arrival, event in arrived if event.addressed}
    others = {arrival: event for arrival, event in arrived if not event.addressed}
    if not others:
        return kept
    organisation_id, kind = channel.organisation_id, channel.kind
    known = known_accounts(organisation_id)
    overheard = {arrival: cover(event, known) for arrival, event in others.items()}
    asked = asked_for(channel, list(overheard.values()))
    names = {event.uri: find_uri(organisation_id, event.uri) for event in overheard.values()}
    here = held_messages(organisation_id, {*names, *names.values()})
    held = held_threads(
        organisation_id, {u for e in overheard.values() for u in (e.uri, e.parent_uri, e.root_uri) if u}
    )
    in_ours = {e.uri for e in overheard.values() if {e.uri, e.parent_uri, e.root_uri} & held}
    # a find that changed comes in also when no dossier asks for its new words: then it must go
    wanted = asked | in_ours | {uri for uri, name in names.items() if name in here}
    finds = {arrival: event for arrival, event in overheard.items() if event.uri in wanted}
    people = {
        event.author.network_id: pseudonym(organisation_id, kind, event.author.network_id) for event in finds.values()
    }
    objected = objectors(organisation_id, kind, people.values()) if people else set()
    for arrival, event in finds.items():
        if event.uri in here:
            # said to us before, now heard a second time: covered it would look like an edit
            kept[arrival] = others[arrival]
        elif people[event.author.network_id] not in objected:
            kept[arrival] = disguise(event, organisation_id, kind, in_our_thread=event.uri in in_ours)
    return dict(sorted(kept.items()))


def _settle_new(channel: Channel, stored: list[Stored], counted: set[str], now: datetime) -> None:
    if not stored:
        return
    lock_late_threads(channel.organisation_id, stored)
    bring_finds_under(channel.organisation_id, stored)
    move_conversations(channel.organisation_id, join_threads(channel.organisation_id, stored))
    media.keep(channel.organisation_id, keep_attachments(channel.organisation_id, stored))
    match_posts(channel, stored, counted, now)
    open_conversations(channel, stored, now)
    acknowledge_receipt(channel, stored, now)


def _revise(channel: Channel, event: PostArrived, now: datetime) -> None:
    """The same uri again: an edit, when this network has edits and it comes from the one who wrote it.

    What dossiers found follows: under its new words it is held against all of them again.
    """
    if not connector_class(channel.kind).has_edits:
        return
    post = (
        Post.objects.filter(organisation_id=channel.organisation_id, uri=event.uri, direction=Post.Direction.IN)
        .select_related("author")
        .select_for_update(of=("self",))
        .defer("tokens")
        .first()
    )
    if post is None or post.author is None or post.author.network_id != event.author.network_id:
        return
    changed = revise_post(post, event, now)
    if changed:
        touch_thread(channel.organisation_id, post.root_uri)
    if changed or event.matched_text:
        # behind an unchanged headline the article may be another
        match_again(channel, post, event, now)


def _apply(organisation_id: int, event: Event, now: datetime) -> None:
    match event:
        case PostDeleted():
            # what we said ourselves is ours to keep: the network can take it away there, not here
            post = (
                Post.objects.filter(
                    organisation_id=organisation_id,
                    uri__in=[event.uri, find_uri(organisation_id, event.uri)],
                    direction=Post.Direction.IN,
                )
                .defer("tokens")
                .first()
            )
            if post is not None and bury_post(post, event):
                touch_thread(organisation_id, post.root_uri)
        case DeliverySeen():
            sending.came_back(organisation_id, event.external_id, now)
        case DeliveryFailed():
            sending.bounced(organisation_id, event.external_id, event.reason, event.permanent, now)
        case Ignored() | PostArrived():
            return
