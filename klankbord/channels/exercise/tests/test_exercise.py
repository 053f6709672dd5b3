"""The exercise network keeps the promises of every connector, and its residents behave."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from klankbord.channels.contract import (
    Outgoing,
    OutgoingFile,
    Permanent,
    PostArrived,
    PostDeleted,
    Unparseable,
    Visibility,
)
from klankbord.channels.exercise import scenario as scenario_file
from klankbord.channels.exercise.channel import Exercise
from klankbord.channels.exercise.scenario import FOLDER, load_scenario


@pytest.fixture(autouse=True)
def data_folder(settings: Any, tmp_path: Path) -> Path:
    settings.DATA = tmp_path / "een map met spaties"
    return Path(settings.DATA)


def exercise(ago: float = 0, **more: Any) -> Exercise:
    """Klankendam's fediverse, in an exercise that began so many seconds ago."""
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=ago)
    basis = {"scenario": "klankendam", "town": "klankendam", "network": "fediverse", "started_at": start.isoformat()}
    return Exercise(basis | more, {})


def events(connector: Exercise, cursor: Any = None) -> list[Any]:
    return [event for one in connector.fetch(cursor or {}).envelopes for event in connector.parse(one.body)]


def answer_to(post: PostArrived, text: str = "Dank, wij kijken.") -> Outgoing:
    return Outgoing(
        client_id=str(uuid4()),
        text=text,
        visibility=post.visibility,
        to=post.author,
        parent_uri=post.uri,
        root_uri=post.root_uri,
        reply_data=post.reply_data,
        sender_name="Amal",
    )


def named(found: list[Any], name: str) -> PostArrived:
    return next(event for event in found if isinstance(event, PostArrived) and event.uri.endswith(f"/{name}"))


def test_what_is_already_there_comes_at_the_first_fetch_oldest_first() -> None:
    found = events(exercise(ago=1))
    moments = [event.published_at for event in found]
    assert len(found) > 8
    assert moments == sorted(moments)
    assert max(moments) < datetime.now(UTC)
    assert named(found, "container-galmstraat").published_at.astimezone(scenario_file.HERE).strftime("%H:%M") == "09:41"


def test_the_rest_comes_when_its_time_has_come_and_nothing_comes_twice() -> None:
    start = exercise().settings["started_at"]
    begun = datetime.fromisoformat(start)
    seen: list[str] = []
    cursor: Any = {}
    for seconds in (1, 7, 7, 100, 125, 700):
        later = exercise(started_at=(begun - timedelta(seconds=seconds)).isoformat())
        if cursor:
            cursor["run"] = later._run()
        batch = later.fetch(json.loads(json.dumps(cursor)))
        seen += [envelope.key.rpartition("/")[2] for envelope in batch.envelopes]
        cursor = batch.cursor
    assert len(seen) == len(set(seen))
    assert seen.index("brug-open") < seen.index("gerucht-verzakt") < seen.index("brug-open-bewerkt")
    assert "brug-dank" not in seen


def test_speed_brings_what_is_to_come_sooner_but_leaves_the_past_alone() -> None:
    slow, fast = exercise(ago=60), exercise(ago=60, speed=10)
    assert len(events(fast)) > len(events(slow))
    assert named(events(fast), "bieb-open").published_at == named(events(slow), "bieb-open").published_at


def test_an_exercise_begun_again_is_another_one() -> None:
    first, second = exercise(ago=10), exercise(ago=5)
    batch = first.fetch({})
    assert len(second.fetch(batch.cursor).envelopes) == len(second.fetch({}).envelopes) > 0
    assert {one.key for one in batch.envelopes}.isdisjoint(one.key for one in second.fetch({}).envelopes)


def test_an_edit_has_another_key_and_the_same_uri_and_time() -> None:
    connector = exercise(ago=130)
    found = [
        event for event in events(connector) if isinstance(event, PostArrived) and event.uri.endswith("/brug-open")
    ]
    assert [bool(event.edited_at) for event in found] == [False, True]
    assert found[0].published_at == found[1].published_at
    assert "half uur" in found[1].text
    assert found[0].attachments[0].content == (FOLDER / "pictures" / "klankbrug-open.png").read_bytes()
    assert found[0].attachments == found[1].attachments


def test_a_deletion_takes_the_post_away() -> None:
    connector = exercise(ago=400)
    (gone,) = [event for event in events(connector) if isinstance(event, PostDeleted)]
    assert gone.uri == connector._base() + "trol-scheld"
    assert gone.uri not in {said.uri for said in connector.residents_side(datetime.now(UTC))}


def test_mail_is_private_and_has_a_subject_to_answer_under() -> None:
    post = named(events(exercise(network="mail", ago=1)), "paspoort-vraag")
    assert post.visibility is Visibility.DIRECT
    assert post.reply_data["subject"] == "Re: Paspoort verlopen, wij gaan over 16 dagen weg"


def test_an_answer_is_kept_once_however_often_it_is_sent(data_folder: Path) -> None:
    connector = exercise(ago=10)
    outgoing = answer_to(named(events(connector), "brug-open"))
    assert connector.look_up(outgoing) is None
    first = connector.send(outgoing)
    assert connector.send(outgoing) == connector.look_up(outgoing) == first
    assert first.external_id == connector.identity(outgoing)
    (file,) = (data_folder / "exercise").iterdir()
    assert len(file.read_text().splitlines()) == 1


def test_many_senders_at_once_lose_nothing_and_double_nothing() -> None:
    connector = exercise(ago=10)
    post = named(events(connector), "brug-open")
    outgoing = [answer_to(post, f"antwoord {number}") for number in range(10)]
    threads = [threading.Thread(target=connector.send, args=(one,)) for one in outgoing * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sent = connector._ledger().answers()
    assert sorted(answer.text for answer in sent) == sorted(one.text for one in outgoing)


def test_a_line_cut_off_by_a_crash_is_no_answer_and_spoils_no_other() -> None:
    connector = exercise(ago=10)
    post = named(events(connector), "brug-open")
    first, second = answer_to(post), answer_to(post)
    connector.send(first)
    path = connector._ledger().path
    path.write_bytes(path.read_bytes()[:-20])
    assert connector.look_up(first) is None
    connector.send(second)
    connector.send(first)
    assert connector.look_up(first)
    assert connector.look_up(second)


def test_a_resident_reacts_only_after_our_answer_and_again_only_after_the_next() -> None:
    connector = exercise(ago=10, speed=1_000_000)
    batch = connector.fetch({})
    post = named(events(connector), "brug-open")
    connector.send(answer_to(post))
    later = connector.fetch(batch.cursor)
    (reaction,) = [event for one in later.envelopes for event in connector.parse(one.body)]
    assert isinstance(reaction, PostArrived)
    assert (reaction.uri, reaction.parent_uri) == (connector._base() + "brug-dank", post.uri)
    assert connector.fetch(later.cursor).envelopes == []
    connector.send(answer_to(reaction))
    (again,) = connector.fetch(later.cursor).envelopes
    assert again.key.endswith("/brug-dank-2")


def test_residents_see_both_sides_in_order() -> None:
    connector = exercise(ago=10)
    post = named(events(connector), "brug-open")
    connector.send(answer_to(post, "De monteur is onderweg."))
    thread = [said for said in connector.residents_side(datetime.now(UTC)) if said.root_uri == post.uri]
    assert [(said.ours, said.name) for said in thread] == [(False, "Bas"), (True, "Amal")]


def test_a_file_is_refused_for_good() -> None:
    connector = exercise(ago=10)
    outgoing = answer_to(named(events(connector), "brug-open"))
    file = OutgoingFile("brug.png", "image/png", b"x", "de brug")
    with pytest.raises(Permanent):
        connector.send(Outgoing(**{name: getattr(outgoing, name) for name in Outgoing.__slots__} | {"files": (file,)}))
    assert connector.look_up(outgoing) is None


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"{}", b'{"deleted": false, "uri": "x"}'])
def test_what_is_not_an_exercise_message_is_not_understood(body: bytes) -> None:
    with pytest.raises(Unparseable):
        exercise().parse(body)


@pytest.mark.parametrize(
    "wrong", [{"scenario": "../geheim"}, {"scenario": "weg"}, {"started_at": ""}, {"started_at": None}]
)
def test_wrong_settings_are_said_at_the_check(wrong: dict[str, Any]) -> None:
    with pytest.raises(Permanent):
        exercise(**wrong).check()


def test_the_check_counts_the_messages() -> None:
    count = len(load_scenario("klankendam").of("klankendam", "fediverse"))
    assert str(count) in exercise().check()


@pytest.mark.parametrize(
    "row",
    [
        {"at_seconds": 1, "day": -1, "clock": "09:00"},
        {},
        {"day": -1, "clock": "negen uur"},
        {"at_seconds": 1, "parent": "weg"},
        {"at_seconds": 1, "attachments": [{"file": "weg.png", "alt": ""}]},
        {"at_seconds": 1, "visibility": "geheim"},
        {"at_seconds": 1, "onbekend": 1},
    ],
)
def test_a_wrong_line_in_a_scenario_is_pointed_out(
    row: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    basis = {"id": "a", "town": "t", "network": "mail", "handle": "h", "name": "n", "text": "x"}
    (tmp_path / "proef.jsonl").write_text(json.dumps(basis | row) + "\n")
    monkeypatch.setattr(scenario_file, "FOLDER", tmp_path)
    with pytest.raises(Permanent):
        load_scenario("proef")


def test_the_scenario_of_klankendam_is_whole_and_fictional() -> None:
    lines = load_scenario("klankendam").lines.values()
    assert len(lines) >= 60
    assert {line.town for line in lines} == {"klankendam", "luisterveen", "stilbroek", "zwijgerswaard"}
    assert 20 <= sum(line.day is not None or (line.at_seconds or 0) < 0 for line in lines) <= 30
    assert all(line.handle.endswith(".example") for line in lines)
    assert all(picture.alt for line in lines for picture in line.pictures)
    assert all(line.text or line.deletes for line in lines)
    live = sorted(line.at_seconds for line in lines if line.at_seconds is not None and line.at_seconds > 0)
    assert 5 <= live[0] <= 10
    assert all(after - before <= 40 for before, after in pairwise(live) if after <= 600)


def test_residents_name_the_town() -> None:
    assert exercise().accounts(exercise().settings) == ("@klankendam",)
    assert {"@klankendam", "@luisterveen"} < set(Exercise.accounts(exercise(town="").settings))
