"""All writes to exercises: hold, start, pause, change the pace, put back, end. Where one is stands in its channels."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import datetime

from django.utils.translation import gettext as _

from klankbord.base.jobs import defer_once
from klankbord.base.realtime import announce
from klankbord.channels.actions import connect_channel, fetch_now
from klankbord.channels.contract import Json
from klankbord.channels.exercise.channel import Exercise
from klankbord.channels.exercise.clock import Clock, clock_from
from klankbord.channels.exercise.scenario import NETWORKS, Scenario
from klankbord.channels.models import Arrival, Channel, Delivery, Gap, Landing, Source
from klankbord.exercises.queries import Held
from klankbord.inbox.models import Conversation, Opening
from klankbord.listening.actions.matching import take_back_counts
from klankbord.posts.models import Author, Post
from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Organisation, User

LONGEST_NAME = 80


class Busy(Exception):
    """An answer is on its way out, or the exercise is being put back, at this very moment: try again in a while."""


def hold_exercise(organisation: Organisation, scenario: Scenario, town: str, speed: float, *, by: User) -> str:
    """Make a channel for each network of the scenario, labelled as exercise; nothing is said yet. Returns its key."""
    key = uuid.uuid4().hex[:12]
    settings: Json = {
        "scenario": scenario.name,
        "title": scenario.title,
        "town": town,
        "exercise": key,
        "round": 1,
        "clock": Clock(opens=scenario.opens, speed=speed).as_json(),
    }
    for network in scenario.networks(town):
        label = _("(exercise)")
        name = f"{NETWORKS[network].label}: {scenario.title}"[: LONGEST_NAME - len(label) - 1]
        connect_channel(organisation, Exercise.kind, f"{name} {label}", settings | {"network": network}, {}, by=by)
    record(organisation.pk, "oefening klaarzetten", f"oefening:{key}", by=by, details={"scenario": scenario.title})
    return key


def start_exercise(held: Held, now: datetime, *, by: User) -> None:
    _steer(held, lambda clock: clock.started(now), "oefening starten", now, by)


def pause_exercise(held: Held, now: datetime, *, by: User) -> None:
    _steer(held, lambda clock: clock.paused(now), "oefening pauzeren", now, by)


def pace_exercise(held: Held, speed: float, now: datetime, *, by: User) -> None:
    _steer(held, lambda clock: clock.at_speed(speed, now), "oefening tempo", now, by, {"tempo": speed})


def _locked(held: Held) -> list[Channel]:
    return list(
        Channel.objects.select_for_update(of=("self",))
        .filter(organisation=held.organisation, settings__exercise=held.key)
        .order_by("pk")
    )


def _steer(
    held: Held, change: Callable[[Clock], Clock], act: str, now: datetime, by: User, details: Json | None = None
) -> None:
    """One clock for all networks: each channel gets the same, in one transaction. Raises Busy."""
    channels = _locked(held)
    if any("clearing" in channel.settings for channel in channels):
        raise Busy
    for channel in channels:
        channel.settings["clock"] = change(clock_from(channel.settings["clock"])).as_json()
        channel.save(update_fields=["settings"])
        fetch_now(channel.source_id, now)
    record(held.organisation.pk, act, f"oefening:{held.key}", by=by, details=details)


def put_back_exercise(held: Held, *, by: User, end: bool = False) -> None:
    """Have everything that this exercise brought taken away, and with ``end`` its channels as well; a job does it.

    From this moment on it is another round: what still comes in from the old one is not taken in. Asked for once more
    before the job came, it stays one round; it ends when that was asked at all.
    """
    channels = _locked(held)
    # without its file nothing is said any more: then it does not matter where the clock begins
    opens = held.scenario.opens if held.scenario else 0
    for channel in channels:
        clock, asked = clock_from(channel.settings["clock"]), channel.settings.get("clearing")
        channel.settings["clock"] = Clock(opens=opens, speed=clock.speed).as_json()
        channel.settings["round"] += 0 if asked else 1
        channel.settings["clearing"] = {"by": by.pk, "end": end or bool(asked and asked["end"])}
        channel.save(update_fields=["settings"])
    if channels:
        first = channels[0]
        defer_once("exercises.clear", f"clear:{first.pk}", organisation=first.organisation_id, channel=first.pk)


def clear_exercise(organisation_id: int, channel_id: int) -> None:
    """Take away what the rounds before this one brought: messages, what the desk did with them, finds and counts.

    One transaction; killed in it, nothing has happened and the job runs again. Raises Busy.
    """
    with acting_for(organisation_id):
        channels = _channels_to_clear(organisation_id, channel_id)
        if not channels:
            return
        asked, ids = dict(channels[0].settings), [channel.pk for channel in channels]
        end = asked["clearing"]["end"]
        # whoever takes arrivals in holds them: after this nobody does
        Arrival.objects.filter(channel__in=ids).delete()
        Landing.objects.filter(source__in=[channel.source_id for channel in channels]).delete()
        if Delivery.objects.select_for_update().filter(channel__in=ids, state=Delivery.State.SENDING).exists():
            raise Busy
        gone = _remove_what_was_said(organisation_id, ids)
        for channel in channels:
            earlier = Exercise(channel.settings | {"round": channel.settings["round"] - 1}, {})
            earlier.forget()
        if end:
            _remove_channels(channels)
        else:
            for channel in channels:
                del channel.settings["clearing"]
                channel.save(update_fields=["settings"])
        record(
            organisation_id,
            "oefening beëindigen" if end else "oefening terugzetten",
            f"oefening:{asked['exercise']}",
            by=User.objects.filter(pk=asked["clearing"]["by"]).first(),
            details=gone,
        )


def _channels_to_clear(organisation_id: int, channel_id: int) -> list[Channel]:
    asked = Channel.objects.filter(organisation=organisation_id, pk=channel_id, settings__has_key="clearing").first()
    if asked is None:
        return []
    return list(
        Channel.objects.select_for_update(of=("self",))
        .filter(organisation=organisation_id, settings__exercise=asked.settings["exercise"])
        .order_by("pk")
    )


def _remove_what_was_said(organisation_id: int, channels: list[int]) -> dict[str, int]:
    posts = Post.objects.filter(organisation=organisation_id, channel__in=channels)
    conversations = Conversation.objects.filter(organisation=organisation_id, channel__in=channels)
    authors = list(posts.exclude(author=None).values_list("author", flat=True).distinct())
    gone = {"berichten": posts.count(), "gesprekken": conversations.count()}
    take_back_counts(organisation_id, channels=channels)
    for private in (False, True):
        for channel in channels:
            ids = list(conversations.filter(channel=channel, private=private).values_list("pk", flat=True))
            announce(channel, ids, private=private)
    Opening.objects.filter(organisation=organisation_id, root_uri__in=conversations.values("root_uri")).delete()
    conversations.delete()
    posts.delete()
    Delivery.objects.filter(organisation=organisation_id, channel__in=channels).delete()
    spoke = Author.objects.filter(organisation=organisation_id, pk__in=authors)
    # the same made-up resident may speak in another exercise too
    spoke.exclude(pk__in=Post.objects.filter(author__in=authors).values("author")).delete()
    return gone


def _remove_channels(channels: list[Channel]) -> None:
    sources = [channel.source_id for channel in channels]
    Channel.objects.filter(pk__in=[channel.pk for channel in channels]).delete()
    Gap.objects.filter(source__in=sources).delete()
    Source.objects.filter(pk__in=sources).delete()
