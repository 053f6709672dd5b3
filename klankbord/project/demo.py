"""The demo: four made-up towns, their people and an exercise that runs while one watches. Everything is labelled so."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.db import transaction
from django.utils import timezone

from klankbord.channels.actions import bring_in, connect_channel
from klankbord.channels.contract import Envelope
from klankbord.channels.exercise.channel import Exercise
from klankbord.channels.form.exercise import IN_EXERCISE
from klankbord.channels.form.message import Submission
from klankbord.channels.models import Channel, Delivery, Landing
from klankbord.channels.tip.message import Note
from klankbord.inbox import actions, sending
from klankbord.inbox.models import Conversation
from klankbord.intake.flow import collect, take_in
from klankbord.listening.actions.dossiers import Wording, make_dossier, start_dossier
from klankbord.listening.actions.finds import share_counts
from klankbord.listening.actions.place import open_place_dossier
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Mandate, Membership, Organisation, Team, TeamMember, User

CAST: dict[str, Any] = json.loads((Path(__file__).parent / "demo_cast.json").read_text(encoding="utf-8"))


@dataclass
class Made:
    """What has been made so far, by the names the cast uses."""

    organisations: dict[str, Organisation] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    channels: list[Channel] = field(default_factory=list)


@transaction.atomic
def load(now: datetime) -> bool:
    """Make the demo, as the owner of the tables; False when there is an organisation already."""
    if Organisation.objects.exists():
        return False
    made = _make(now)
    _follow(made, now)
    # the road itself brings in what was said in the past two days
    while collect(timezone.now()):
        continue
    for channel in made.channels:
        take_in(channel.organisation_id, channel.pk)
    _hear(made, now)
    _age(made, now)
    for past in CAST["history"]:
        _replay(made, past, now)
    return True


def _make(now: datetime) -> Made:
    made = Made()
    for one in CAST["organisations"]:
        organisation = Organisation.objects.create(name=one["name"], is_demo=True)
        made.organisations[one["key"]] = organisation
        open_place_dossier(organisation, one["place_words"], by=None)
    for one in CAST["teams"]:
        made.teams[one["name"]] = Team.objects.create(
            organisation=made.organisations[one["organisation"]], name=one["name"]
        )
    for one in CAST["people"]:
        _make_person(made, one)
    for one in CAST["mandates"]:
        Mandate.objects.create(
            organisation=made.organisations[one["organisation"]],
            desk_organisation=made.organisations[one["desk_organisation"]],
            desk_team=made.teams[one["desk_team"]],
            all_channels=one["all_channels"],
            roles=one["roles"],
            decision=one["decision"],
            processor_agreement=one["processor_agreement"],
            valid_from=now + timedelta(days=one["valid_from_days"]),
            valid_until=now + timedelta(days=one["valid_until_days"]),
        )
    for one in CAST["channels"]:
        settings = {
            "scenario": CAST["scenario"],
            "town": one["organisation"],
            "network": one["network"],
            "started_at": now.isoformat(),
        }
        organisation = made.organisations[one["organisation"]]
        made.channels.append(connect_channel(organisation, "exercise", one["name"], settings, {}, by=None))
    for one in CAST["doors"]:
        _open_door(made, one, now)
    return made


def _open_door(made: Made, one: dict[str, Any], now: datetime) -> None:
    """A way in at our own door, with what came in by it already. Nothing of it needs a network."""
    organisation, id = made.organisations[one["organisation"]], str(uuid.uuid4())
    settings = one["settings"] | {"id": id}
    if "page" in settings:
        settings["page"] = settings["page"] | {IN_EXERCISE: id}
    channel = connect_channel(organisation, one["kind"], one["name"], settings, {}, by=None)
    envelopes = [_taken(one["kind"], said, now) for said in one["taken"]]
    with acting_for(organisation.pk):
        bring_in(channel, [Landing(key=each.key, body=each.body, received_at=now) for each in envelopes])
    made.channels.append(channel)


def _taken(kind: str, said: dict[str, Any], now: datetime) -> Envelope:
    """What somebody wrote on the form, or what a colleague took down."""
    words = {name: value for name, value in said.items() if name not in ("day", "clock")}
    at = _moment(said, now)
    if kind == "tip":
        return Note(mark=str(uuid.uuid4()), at=at, **words).envelope()
    return Submission(id=uuid.uuid4(), at=at, confirm=False, **words).envelope()


def _make_person(made: Made, one: dict[str, Any]) -> None:
    user = User(email=one["email"], name=one["name"], is_demo=True)
    user.set_password(CAST["password"])
    user.save()
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    made.people[one["key"]] = user
    places = [{"organisation": one["organisation"], "roles": one["roles"]}, *one["also"]]
    memberships = [
        Membership.objects.create(organisation=made.organisations[p["organisation"]], user=user, roles=p["roles"])
        for p in places
    ]
    for team in one["teams"]:
        TeamMember.objects.create(
            organisation=memberships[0].organisation, team=made.teams[team], membership=memberships[0]
        )


def _follow(made: Made, now: datetime) -> None:
    """What they follow: dossiers that run already."""
    today = timezone.localdate(now)
    for one in CAST["dossiers"]:
        ends = today + timedelta(days=one["days"])
        wording = Wording(
            **{name: one[name] for name in ("name", "query", "purpose", "legal_basis", "reason", "topic", "phase")},
            ends_on=ends,
            review_on=today + timedelta(days=one["days"] // 2),
            retention_days=one["retention_days"],
            shared=one["shared"],
        )
        owner = made.people[one["owner"]]
        dossier = make_dossier(made.organisations[one["organisation"]], wording, [], by=owner)
        start_dossier(dossier, by=owner, now=now - timedelta(days=28))


def _hear(made: Made, now: datetime) -> None:
    """What was said about it in the past weeks, by the ordinary road, so that the figures have a past."""
    for number, one in enumerate(CAST["finds"]):
        organisation = made.organisations[one["organisation"]]
        channel = next(
            channel
            for channel in made.channels
            if channel.organisation_id == organisation.pk and channel.settings.get("network") == one["network"]
        )
        network = Exercise(channel.settings, {})
        days = [int(day) for day, count in one["per_day"].items() for _once in range(count)]
        said = [
            network.overheard(
                f"{number}-{place}",
                place % 23,
                one["texts"][place % len(one["texts"])],
                _moment({"day": day, "clock": f"{7 + place * 5 % 15:02d}:{place * 17 % 60:02d}"}, now),
            )
            for place, day in enumerate(days)
        ]
        landings = [Landing(key=each.key, body=each.body, received_at=now) for each in said]
        with acting_for(organisation.pk):
            bring_in(channel, landings)
        take_in(organisation.pk, channel.pk)
    for organisation in made.organisations.values():
        with acting_for(organisation.pk):
            share_counts(organisation.pk, now)


def _age(made: Made, now: datetime) -> None:
    """What is older than the day before was seen by somebody at the time."""
    Conversation.objects.filter(last_post_at__lt=now - timedelta(hours=20)).update(seen_at=now)


def _replay(made: Made, past: dict[str, Any], now: datetime) -> None:
    """What the team did with a message in the past two days."""
    post = Post.objects.filter(uri__endswith=f"/{past['post']}").defer("tokens").first()
    if post is None:
        raise LookupError(f"the demo has no message {past['post']!r}")
    for act in past["acts"]:
        by, at = made.people[act["by"]], _moment(act, now)
        with acting_for(post.organisation_id):
            conversation = Conversation.objects.select_related("channel").get(
                organisation=post.organisation_id, root_uri=post.root_uri
            )
            match act["do"]:
                case "assign":
                    actions.assign_conversation(conversation, by, by=by)
                case "note":
                    actions.write_note(conversation, act["text"], by=by, now=at)
                case "close":
                    actions.close_conversation(conversation, by=by, now=at)
                case "reply":
                    actions.reply(conversation, act["text"], by=by, client_id=uuid.uuid4(), seen=post.pk, now=at)
        for delivery in Delivery.objects.filter(state=Delivery.State.PENDING):
            sending.send(delivery.organisation_id, delivery.pk)
            Delivery.objects.filter(pk=delivery.pk).update(sent_at=at)


def _moment(act: dict[str, Any], now: datetime) -> datetime:
    day = timezone.localdate(now) + timedelta(days=act["day"])
    at = datetime.combine(day, time.fromisoformat(act["clock"]), timezone.get_current_timezone())
    return min(at, now)
