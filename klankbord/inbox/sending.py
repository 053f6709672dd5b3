"""An answer goes out: claimed in one transaction, sent with none open, recorded in another.

Whatever dies in between, the row tells how far it came: an answer that was claimed and never recorded is uncertain. It
is looked up at the network and never sent again blindly.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.utils import timezone
from django.utils.translation import gettext as _

from klankbord.base.jobs import defer_once
from klankbord.base.realtime import announce
from klankbord.base.trouble import is_passing
from klankbord.channels.contract import (
    AuthorData,
    ChannelError,
    Connector,
    NotSent,
    Outgoing,
    OutgoingFile,
    Permanent,
    Receipt,
    Uncertain,
    Visibility,
)
from klankbord.channels.models import Delivery
from klankbord.channels.registry import connector_for
from klankbord.inbox.models import Conversation
from klankbord.posts.files import read_file
from klankbord.posts.models import Post
from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import User
from klankbord.tenancy.queries import signature

RETRY_AFTER = (10, 30, 120, 600, 1800, 3600)  # seconds, by number of attempts
GIVE_UP_AFTER = timedelta(hours=24)
SWITCHED_OFF = 300  # seconds until we look whether the channel is on again
LOOK_UP_AFTER = (35, 60, 120, 300, 660)  # seconds since the attempt
RECORD_AGAIN_AFTER = (0.5, 1, 2, 4)  # seconds
State = Delivery.State

logger = structlog.get_logger()


def outgoing_of(delivery: Delivery) -> Outgoing:
    """The answer as the connector gets it, with its files read from the files folder."""
    content = dict(delivery.outgoing)
    return Outgoing(
        **{
            **content,
            "visibility": Visibility(content["visibility"]),
            "to": AuthorData(**content["to"]),
            "files": tuple(
                OutgoingFile(
                    file["filename"],
                    file["content_type"],
                    read_file(delivery.organisation_id, file["sha256"]),
                    file["alt_text"],
                )
                for file in content["files"]
            ),
            "attempted_at": delivery.attempted_at,
        }
    )


def lock_answer(delivery_id: int) -> Delivery | None:
    """An answer for who changes it, until the transaction ends; None when it is gone, taken back for instance.

    Its conversation is locked before it. Everybody takes them in this order, and the messages of the thread last: who
    writes at the desk (``views/acts.writable``), who takes back (``undoing.take_back``) and what comes in
    (``threads.lock_late_threads``). Two who took them crosswise would wait for each other, and one would be broken off.
    """
    thread = Post.objects.filter(delivery=delivery_id).values_list("organisation_id", "root_uri").first()
    if thread is not None:
        list(Conversation.objects.select_for_update().filter(organisation_id=thread[0], root_uri=thread[1]))
    answers = Delivery.objects.select_for_update(of=("self",)).select_related("channel")
    return answers.filter(pk=delivery_id).first()


def send(organisation_id: int, delivery_id: int) -> None:
    """Send one pending answer, once."""
    now = timezone.now()
    with acting_for(organisation_id):
        delivery = lock_answer(delivery_id)
        # taken back, sent already, or not due yet
        if delivery is None or delivery.state != State.PENDING:
            return
        if delivery.next_attempt_at and delivery.next_attempt_at > now:
            return
        if not delivery.channel.enabled:
            _settle(delivery, _try_again, NotSent(_("This channel is switched off."), retry_after=SWITCHED_OFF), now)
            return
        delivery.state = State.SENDING
        delivery.attempts += 1
        delivery.attempted_at = now
        delivery.next_attempt_at = now + timedelta(seconds=settings.SENDING_LEASE_SECONDS)
        delivery.save(update_fields=["state", "attempts", "attempted_at", "next_attempt_at"])
        try:
            connector, outgoing = connector_for(delivery.channel), outgoing_of(delivery)
        except (ChannelError, OSError) as problem:
            _settle(delivery, _failed, str(problem), now)
            return
    _record(organisation_id, delivery_id, State.SENDING, _attempt(connector, outgoing))


def look_up(organisation_id: int, delivery_id: int) -> None:
    """Ask the network whether an uncertain answer got through, and decide as far as that is sure."""
    with acting_for(organisation_id):
        delivery = lock_answer(delivery_id)
        if delivery is None or delivery.state != State.UNCERTAIN:
            return
        try:
            connector, outgoing = connector_for(delivery.channel), outgoing_of(delivery)
        except (ChannelError, OSError) as problem:
            _settle(delivery, _still_uncertain, str(problem), timezone.now())
            return
    try:
        receipt = connector.look_up(outgoing)
    except ChannelError as problem:
        outcome: Outcome = (_still_uncertain, str(problem))
    except Exception as problem:
        logger.exception("look-up failed unexpectedly", delivery=delivery_id)
        outcome = (_still_uncertain, type(problem).__name__)
    else:
        outcome = (_sent, receipt) if receipt else (_try_again, NotSent(_("It is not on the network.")))
    _record(organisation_id, delivery_id, State.UNCERTAIN, outcome)


def expire_sending(delivery_id: int, now: datetime) -> None:
    """Whoever was sending this died, unless it was recorded meanwhile: it may or may not be out."""
    delivery = lock_answer(delivery_id)
    if delivery and delivery.state == State.SENDING and (delivery.next_attempt_at or now) <= now:
        _settle(delivery, _uncertain, _("Klankbord stopped while this answer was being sent."), now)


def decide(delivery_id: int, decision: str, *, by: User) -> None:
    """A colleague decides about an answer that is uncertain or failed: ``confirm``, ``resend`` or ``lookup``."""
    now = timezone.now()
    delivery = lock_answer(delivery_id)
    if delivery is None or delivery.state not in (State.UNCERTAIN, State.FAILED):
        return
    record(
        delivery.organisation_id,
        {"confirm": "antwoord is aangekomen", "resend": "antwoord opnieuw sturen", "lookup": "antwoord opzoeken"}[
            decision
        ],
        f"antwoord:{delivery.pk}",
        by=by,
        actor=signature(by, delivery.organisation_id),
    )
    arguments = {"organisation": delivery.organisation_id, "delivery": delivery.pk}
    if decision == "confirm":
        _settle(delivery, _sent, Receipt(delivery.external_id), now)
    elif decision == "resend":
        delivery.created_at = now
        _settle(delivery, _try_again, NotSent("", retry_after=0), now)
        defer_once("inbox.send_answer", f"delivery:{delivery.pk}", **arguments)
    else:
        # until the network has answered, the screen says that it is being asked
        delivery.next_attempt_at = now
        delivery.save(update_fields=["next_attempt_at"])
        defer_once("inbox.look_up_answer", f"delivery:{delivery.pk}", **arguments)


Settle = Callable[[Delivery, object, datetime], None]
Outcome = tuple[Settle, object]


def _attempt(connector: Connector, outgoing: Outgoing) -> Outcome:
    try:
        return _sent, connector.send(outgoing)
    except Permanent as problem:
        return _failed, str(problem)
    except NotSent as problem:
        return _try_again, problem
    except Uncertain as problem:
        return _uncertain, str(problem)
    except Exception as problem:
        # an unknown fault says nothing about what the network did
        logger.exception("sending failed unexpectedly")
        return _uncertain, type(problem).__name__


def _record(organisation_id: int, delivery_id: int, expected: State, outcome: Outcome) -> None:
    settle, what = outcome
    for wait in (*RECORD_AGAIN_AFTER, None):
        try:
            with acting_for(organisation_id):
                delivery = lock_answer(delivery_id)
                # a lapsed lease made it uncertain, or even due again: our knowledge is better than those guesses
                guesses = (State.UNCERTAIN, State.PENDING) if settle is _sent else (State.UNCERTAIN,)
                if delivery and delivery.state in (expected, *guesses):
                    _settle(delivery, settle, what, timezone.now())
            return
        except (DatabaseError, InterfaceError) as problem:
            # what we know now is worth waiting for a database that starts again; without it we would have to look it up
            if wait is None or not is_passing(problem):
                raise
            connection.close()
            time.sleep(wait)


def _settle(delivery: Delivery, settle: Settle, what: object, now: datetime) -> None:
    settle(delivery, what, now)
    delivery.save()
    post = Post.objects.filter(delivery=delivery).defer("tokens").first()
    if post is None:
        return
    if delivery.state == State.SENT and delivery.external_id and post.uri != delivery.external_id:
        _rename(post, delivery)
    thread = Post.objects.filter(organisation_id=post.organisation_id, root_uri=post.root_uri)
    problem = thread.filter(delivery__state__in=[State.UNCERTAIN, State.FAILED]).exists()
    # locked: a message that comes in at this moment may be opening it again
    for conversation in Conversation.objects.select_for_update().filter(
        organisation_id=post.organisation_id, root_uri=post.root_uri
    ):
        conversation.delivery_problem = problem
        if delivery.state == State.FAILED:
            conversation.status, conversation.closed_at = Conversation.Status.OPEN, None
        conversation.save(update_fields=["delivery_problem", "status", "closed_at"])
        announce(conversation.channel_id, [conversation.pk], private=conversation.private)


def _rename(post: Post, delivery: Delivery) -> None:
    """Known from now on as the network knows it, unless somebody else's channel of ours heard it there already."""
    post.web_url = delivery.web_url
    if not Post.objects.filter(organisation_id=post.organisation_id, uri=delivery.external_id).exists():
        post.uri = delivery.external_id
    post.save(update_fields=["uri", "web_url"])


def _sent(delivery: Delivery, receipt: object, now: datetime) -> None:
    assert isinstance(receipt, Receipt)
    delivery.state = State.SENT
    delivery.external_id = receipt.external_id or delivery.external_id
    delivery.web_url = receipt.web_url
    delivery.sent_at = receipt.sent_at or now
    delivery.problem = ""
    delivery.next_attempt_at = None


def _failed(delivery: Delivery, reason: object, now: datetime) -> None:
    delivery.state = State.FAILED
    delivery.problem = str(reason)
    delivery.next_attempt_at = None


def _try_again(delivery: Delivery, problem: object, now: datetime) -> None:
    assert isinstance(problem, NotSent)
    if now - delivery.created_at > GIVE_UP_AFTER:
        _failed(delivery, problem, now)
        return
    wait: float = RETRY_AFTER[min(delivery.attempts, len(RETRY_AFTER)) - 1] if delivery.attempts else 0
    if problem.retry_after is not None:
        wait = max(problem.retry_after, 0)
    delivery.state = State.PENDING
    delivery.problem = str(problem)
    delivery.next_attempt_at = now + timedelta(seconds=wait)


def _uncertain(delivery: Delivery, reason: object, now: datetime) -> None:
    delivery.state = State.UNCERTAIN
    delivery.problem = str(reason)
    delivery.next_attempt_at = _next_look_up(delivery, now)


def _still_uncertain(delivery: Delivery, reason: object, now: datetime) -> None:
    delivery.looked_up_at = now
    _uncertain(delivery, reason, now)


def _next_look_up(delivery: Delivery, now: datetime) -> datetime | None:
    """When to look again; None when a colleague must decide."""
    tried = delivery.attempted_at or now
    return next(
        (tried + timedelta(seconds=after) for after in LOOK_UP_AFTER if tried + timedelta(seconds=after) > now), None
    )


def came_back(organisation_id: int, external_id: str, now: datetime) -> None:
    """Our own answer was seen on the network: it is out, also when we took it for lost and were to send it again."""
    for pk in _known_as(organisation_id, external_id):
        delivery = lock_answer(pk)
        if delivery and delivery.state in (State.PENDING, State.SENDING, State.UNCERTAIN):
            _settle(delivery, _sent, Receipt(external_id, delivery.web_url), now)


def bounced(organisation_id: int, external_id: str, reason: str, permanent: bool, now: datetime) -> bool:
    """The network says afterwards that an answer did not arrive. False when it is no answer of ours."""
    known = _known_as(organisation_id, external_id)
    delivery = lock_answer(known[0]) if known else None
    if delivery is None:
        return False
    if permanent:
        _settle(delivery, _failed, reason, now)
    else:
        delivery.problem = reason
        delivery.save(update_fields=["problem"])
    return True


def _known_as(organisation_id: int, external_id: str) -> list[int]:
    known = Delivery.objects.filter(organisation_id=organisation_id, external_id=external_id)
    return list(known.order_by("pk").values_list("pk", flat=True))
