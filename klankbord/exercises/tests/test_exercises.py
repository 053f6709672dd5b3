"""Holding an exercise: who may, the clock it shares, and putting back exactly what it brought."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone

from klankbord.channels import registry
from klankbord.channels.exercise.channel import Exercise
from klankbord.channels.models import Channel, Delivery, Source
from klankbord.exercises import actions, queries
from klankbord.exercises.queries import Held
from klankbord.inbox import actions as desk
from klankbord.inbox.models import Conversation
from klankbord.intake import sweeping
from klankbord.intake.flow import collect
from klankbord.listening.models import Count, Match
from klankbord.posts.models import Author, Post
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import AuditEntry, User
from tests.cast import Cast
from tests.failpoints import Killed, an_hour_later, at_every_statement, do_jobs, kill
from tests.paper import Paper

ROWS: list[dict[str, Any]] = [
    {"scenario": "Proef (oefening)"},
    {"id": "a", "network": "fediverse", "handle": "@a@b.example", "name": "A", "text": "Is het Marktplein open?",
     "moment": "08:15"},
    {"id": "b", "network": "mail", "handle": "b@b.example", "name": "B", "text": "Een vraag", "subject": "Vraag",
     "moment": "08:20"},
    {"id": "c", "network": "fediverse", "handle": "@a@b.example", "name": "A", "text": "Marktplein?", "parent": "a",
     "moment": "09:00"},
    {"id": "d", "network": "fediverse", "handle": "@d@b.example", "name": "D", "text": "Ander Marktplein",
     "moment": "20:00", "addressed": False},
]  # fmt: skip

NAMES = {row["text"]: row["id"] for row in ROWS[1:]}


def file(*rows: Any) -> SimpleUploadedFile:
    return SimpleUploadedFile("proef.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())


@pytest.fixture
def house(cast: Cast, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Cast:
    settings.DATA = tmp_path
    monkeypatch.setattr(registry, "connectors", lambda: {"paper": Paper, "exercise": Exercise})
    return cast


@pytest.fixture
def held(house: Cast, client_of: Callable[[User], Client]) -> Callable[[], Held]:
    """An exercise of four messages, ready, held by the coordinator; asked for it as it is now."""
    data = {"scenario": "own", "file": file(*ROWS), "town": "", "speed": "60"}
    response = client_of(house.gijs).post("/exercises/", data)
    assert response.status_code == 302, response.content.decode()
    key = response["Location"].strip("/").rpartition("/")[2]

    def now() -> Held:
        with acting_for(house.klankendam.pk):
            (one,) = queries.exercises_of([house.klankendam.pk], key)
            return one

    return now


def listen(house: Cast, held: Callable[[], Held]) -> None:
    """What the listening part and the worker do for a moment."""
    Source.objects.filter(pk__in=[channel.source_id for channel in held().channels]).update(
        next_fetch_at=timezone.now() - timedelta(days=1)
    )
    for _source in held().channels:
        collect(timezone.now())
    do_jobs()


def said(house: Cast, held: Callable[[], Held]) -> list[str]:
    with acting_for(house.klankendam.pk):
        found = Post.objects.filter(channel__in=[channel.pk for channel in held().channels], direction="in")
        # what was only overheard does not keep its address
        return sorted(NAMES[text] for text in found.values_list("text", flat=True))


def at(seconds: float) -> datetime:
    return timezone.now() + timedelta(seconds=seconds)


def run_to(house: Cast, held: Callable[[], Held], moment: str) -> None:
    """The exercise was started so long ago that its clock now shows this moment; the house was there all the time."""
    hours, minutes = map(int, moment.split(":"))
    started = at(-(hours * 3600 + minutes * 60 - 8.25 * 3600) / 60 - 0.01)
    with acting_for(house.klankendam.pk):
        actions.start_exercise(held(), started, by=house.gijs)
        clocked = held().clock
        while clocked.last_beat and clocked.last_beat < timezone.now() - timedelta(seconds=1):
            clocked = clocked.beat(min(clocked.last_beat + timedelta(seconds=10), timezone.now()))
        for channel in held().channels:
            channel.settings["clock"] = clocked.as_json()
            channel.save(update_fields=["settings"])


def test_each_network_is_a_channel_with_the_word_exercise(house: Cast, held: Callable[[], Held]) -> None:
    names = [channel.name for channel in held().channels]
    assert len(names) == 2
    assert all(name.endswith("(oefening)") for name in names)
    with acting_for(house.klankendam.pk):
        assert AuditEntry.objects.filter(actie="oefening klaarzetten", actor=house.gijs.name).exists()


def test_nothing_is_said_before_it_starts(house: Cast, held: Callable[[], Held]) -> None:
    listen(house, held)
    assert said(house, held) == []


def test_it_says_what_is_due_on_all_networks_and_rests_when_paused(
    house: Cast, held: Callable[[], Held], client_of: Callable[[User], Client]
) -> None:
    run_to(house, held, "08:30")
    listen(house, held)
    assert said(house, held) == ["a", "b"]
    client = client_of(house.gijs)
    assert client.post(f"/exercises/{held().key}/pause").status_code == 302
    position = held().clock.position(timezone.now())
    assert not held().clock.running
    assert held().clock.position(at(3600)) == position
    with acting_for(house.klankendam.pk):
        post = Post.objects.get(uri__endswith="/a")
        # eight fifteen in the exercise is a moment of today
        assert timezone.now() - timedelta(seconds=30) < post.published_at < timezone.now()
        assert Conversation.objects.get(root_uri=post.uri).private is False
        assert Conversation.objects.get(root_uri__endswith="/b").private is True
    assert client.post(f"/exercises/{held().key}/speed", {"speed": "600"}).status_code == 302
    assert client.post(f"/exercises/{held().key}/start").status_code == 302
    assert held().clock.running
    assert held().clock.speed == 600
    listen(house, held)
    assert said(house, held) == ["a", "b"]


def test_the_whole_exercise_comes_once_with_what_nobody_said_to_us_by_the_dossier(
    house: Cast, held: Callable[[], Held]
) -> None:
    run_to(house, held, "20:01")
    for _time in range(3):
        listen(house, held)
    assert said(house, held) == ["a", "b", "c", "d"]
    assert [part.told for part in held().parts] == [part.total for part in held().parts] == [3, 1]


def test_the_house_that_was_away_goes_on_where_it_was(house: Cast, held: Callable[[], Held]) -> None:
    run_to(house, held, "08:30")
    listen(house, held)
    before = held().clock
    assert before.last_beat
    later = before.last_beat + timedelta(hours=6)
    sweeping.beat_clocks(later)
    assert held().clock.position(later) == pytest.approx(before.position(before.last_beat) + 15 * 60)
    clocks = [channel.settings["clock"] for channel in held().channels]
    assert clocks[0] == clocks[1]


# ---- putting back ------------------------------------------------------------------------------------------

PASSING = (
    "procrastinate",
    "tenancy_user",
    "django_",
    "tenancy_audit",
    "tenancy_session",
    "base_cache",
    "base_heartbeat",
    "pg_",
    "channels_source",
    "channels_channel",
)


def everything(cast: Cast) -> dict[str, list[str]]:
    """All rows of the house as text, seen by a job of each organisation; without what only passes by."""
    found: dict[str, list[str]] = {}
    for organisation in (cast.klankendam, cast.luisterveen, cast.zwijgerswaard):
        with acting_for(organisation.pk), connection.cursor() as cursor:
            for table in connection.introspection.table_names(cursor):
                if not table.startswith(PASSING):
                    cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
                    found[f"{organisation.name} {table}"] = [row for (row,) in cursor.fetchall()]
    return found


def answer_and_note(house: Cast) -> None:
    with acting_for(house.klankendam.pk):
        for name in ("/a", "/b"):
            conversation = Conversation.objects.select_related("channel").get(root_uri__endswith=name)
            post = Post.objects.get(uri=conversation.root_uri)
            desk.assign_conversation(conversation, house.amal, by=house.amal)
            desk.write_note(conversation, "Notitie", by=house.amal, now=timezone.now())
            desk.reply(conversation, "Ja hoor", by=house.amal, client_id=uuid4(), seen=post.pk, now=timezone.now())
    do_jobs()


@pytest.mark.parametrize("end", [False, True])
def test_putting_back_takes_what_it_brought_and_only_that(
    house: Cast, held: Callable[[], Held], say: Callable[..., None], client_of: Callable[[User], Client], end: bool
) -> None:
    say(house.square, "paper:1", "Is het Marktplein echt open?")
    before = everything(house)
    run_to(house, held, "20:01")
    listen(house, held)
    answer_and_note(house)
    with acting_for(house.klankendam.pk):
        assert Delivery.objects.filter(state="sent").count() == 2
        assert Match.objects.count() == 4
        assert Count.objects.filter(aspect="total", number__gte=2).exists()
    assert everything(house) != before
    client = client_of(house.gijs)
    response = client.post(f"/exercises/{held().key}/back", {"end": "yes"} if end else {})
    assert response.status_code == 302
    key = held().key
    assert "wordt teruggezet" in client.get(f"/exercises/{key}/").content.decode().lower()
    do_jobs()
    after = everything(house)
    if end:
        after = {name: rows for name, rows in after.items() if not name.endswith("channels_channelsecret")}
        kept = {name: rows for name, rows in before.items() if not name.endswith("channels_channelsecret")}
        assert after == kept
    else:
        assert after == before
    with acting_for(house.klankendam.pk):
        entry = AuditEntry.objects.get(actie="oefening beëindigen" if end else "oefening terugzetten")
        assert (entry.actor, entry.details) == (house.gijs.name, {"berichten": 8, "gesprekken": 2})
        assert Channel.objects.filter(settings__has_key="exercise").count() == (0 if end else 2)
        assert not Author.objects.filter(kind="exercise").exists()
    assert not list((settings.DATA / "exercise").glob("*"))
    if not end:
        assert not held().clearing
        listen(house, held)
        assert said(house, held) == []
        run_to(house, held, "08:30")
        listen(house, held)
        assert said(house, held) == ["a", "b"]


@pytest.mark.parametrize("order", [(True, False), (False, True), (False, False)])
def test_asked_for_twice_it_is_put_back_once_and_ended_when_that_was_asked(
    house: Cast, held: Callable[[], Held], order: tuple[bool, bool]
) -> None:
    run_to(house, held, "20:01")
    listen(house, held)
    answer_and_note(house)
    with acting_for(house.klankendam.pk):
        for end in order:
            actions.put_back_exercise(held(), by=house.gijs, end=end)
        with pytest.raises(actions.Busy):
            actions.start_exercise(held(), timezone.now(), by=house.gijs)
    do_jobs()
    assert not list((settings.DATA / "exercise").glob("*"))
    with acting_for(house.klankendam.pk):
        assert Channel.objects.filter(settings__has_key="exercise").count() == (0 if any(order) else 2)


def test_what_was_on_its_way_from_the_old_round_is_not_taken_in(house: Cast, held: Callable[[], Held]) -> None:
    run_to(house, held, "08:30")
    Source.objects.filter(pk__in=[channel.source_id for channel in held().channels]).update(
        next_fetch_at=timezone.now() - timedelta(days=1)
    )
    collect(timezone.now())
    collect(timezone.now())
    with acting_for(house.klankendam.pk):
        actions.put_back_exercise(held(), by=house.gijs)
    do_jobs()
    assert said(house, held) == []


def test_killed_anywhere_while_putting_back_it_is_put_back_in_the_end(house: Cast, held: Callable[[], Held]) -> None:
    before = everything(house)

    def scenario(_number: int) -> Any:
        run_to(house, held, "09:01")
        listen(house, held)
        assert said(house, held) == ["a", "b", "c"]
        with acting_for(house.klankendam.pk):
            actions.put_back_exercise(held(), by=house.gijs)
        channel = held().channels[0].pk
        yield
        with suppress(Killed):
            actions.clear_exercise(house.klankendam.pk, channel)
        yield
        actions.clear_exercise(house.klankendam.pk, channel)
        do_jobs()
        assert not held().clearing
        assert everything(house) == before

    assert at_every_statement(kill, scenario) > 15


def test_killed_anywhere_while_it_plays_nothing_is_lost_and_nothing_comes_twice(
    house: Cast, held: Callable[[], Held]
) -> None:
    def scenario(_number: int) -> Any:
        run_to(house, held, "20:01")
        Source.objects.filter(pk__in=[channel.source_id for channel in held().channels]).update(
            next_fetch_at=timezone.now() - timedelta(days=1), leased_until=None
        )
        yield
        with suppress(Killed):
            collect(timezone.now())
            collect(timezone.now())
            do_jobs()
        yield
        Source.objects.update(leased_until=None)
        an_hour_later(house.klankendam.pk)
        assert said(house, held) == ["a", "b", "c", "d"]
        with acting_for(house.klankendam.pk):
            actions.put_back_exercise(held(), by=house.gijs)
        do_jobs()

    assert at_every_statement(kill, scenario) > 15


# ---- who may ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["amal", "bram", "daan", "fatma", "eva"])
def test_who_may_not_hold_exercises_meets_nothing(
    house: Cast, held: Callable[[], Held], client_of: Callable[[User], Client], who: str
) -> None:
    client, key = client_of(house.everybody[who]), held().key
    assert client.get("/exercises/").status_code == 403
    assert client.post("/exercises/", {"scenario": "klankendam", "speed": "1"}).status_code == 403
    for address in ("", "state"):
        assert client.get(f"/exercises/{key}/{address}").status_code == 404
    before = held().clock
    for act in ("start", "pause", "speed", "back"):
        assert client.post(f"/exercises/{key}/{act}", {"speed": "600", "end": "yes"}).status_code == 404
    assert held().clock == before
    assert not held().clearing


def test_the_administrator_may_and_sees_no_content(
    house: Cast, held: Callable[[], Held], client_of: Callable[[User], Client]
) -> None:
    run_to(house, held, "20:01")
    listen(house, held)
    client = client_of(house.chantal)
    for address in ("/exercises/", f"/exercises/{held().key}/", f"/exercises/{held().key}/state"):
        page = client.get(address)
        assert page.status_code == 200
        assert "Marktplein" not in page.content.decode()
    assert client.post(f"/exercises/{held().key}/back").status_code == 302


def test_a_faulty_file_is_told_line_by_line_and_nothing_is_kept(
    house: Cast, client_of: Callable[[User], Client]
) -> None:
    data = {"scenario": "own", "file": file(*ROWS, ROWS[1], {"id": "x"}), "speed": "1"}
    page = client_of(house.gijs).post("/exercises/", data)
    assert page.status_code == 422
    shown = page.content.decode()
    assert "Regel 6" in shown
    assert "Regel 7" in shown
    with acting_for(house.klankendam.pk):
        assert not Channel.objects.filter(settings__has_key="exercise").exists()
    assert not (settings.DATA / "media" / "exercises").exists()


@pytest.mark.parametrize(
    "data",
    [
        {"scenario": "", "speed": "1"},
        {"scenario": "own", "speed": "1"},
        {"scenario": "weg", "speed": "1"},
        {"scenario": "ordinary_day", "speed": "7"},
        {"scenario": "ordinary_day", "speed": "1", "town": "elders"},
    ],
)
def test_what_cannot_be_held_is_refused(house: Cast, client_of: Callable[[User], Client], data: Any) -> None:
    assert client_of(house.gijs).post("/exercises/", data).status_code == 422


def test_the_ordinary_day_can_be_held_for_one_town(house: Cast, client_of: Callable[[User], Client]) -> None:
    client = client_of(house.gijs)
    response = client.post("/exercises/", {"scenario": "ordinary_day", "town": "luisterveen", "speed": "600"})
    page = client.get(response["Location"]).content.decode()
    assert "Een gewone dag (oefening)" in page
    assert client.get("/exercises/").status_code == 200
