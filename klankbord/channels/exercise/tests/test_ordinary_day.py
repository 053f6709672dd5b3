"""The ordinary day and its key fit together, and nothing in it exists outside the exercise."""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from importlib import resources
from itertools import pairwise
from typing import Any

import pytest

from klankbord.channels.exercise.scenario import FOLDER, NETWORKS, Line, load_scenario

LINES = list(load_scenario("ordinary_day").lines.values())
KEY: dict[str, Any] = json.loads((FOLDER / "ordinary_day.key.json").read_text(encoding="utf-8"))
STORIES: list[dict[str, Any]] = KEY["stories"]
# Villages that are called like a word with which a Dutch sentence can begin.
WORDS_TOO = {"Een", "Groet", "Kaart"}


def test_it_is_an_exercise_of_about_three_hundred_messages_over_all_networks_and_both_towns() -> None:
    assert "oefening" in load_scenario("ordinary_day").title
    assert KEY["exercise"] is True
    assert 280 <= len(LINES) <= 340
    assert {line.network for line in LINES} == set(NETWORKS)
    assert {line.town for line in LINES} == {"klankendam", "luisterveen"}
    assert {"nl", "fy", "en", "tr", "ar", "pl"} <= {line.language for line in LINES}
    assert all(line.handle.endswith(".example") for line in LINES)


def test_it_is_told_in_order_and_lasts_a_day() -> None:
    moments = [line.at_seconds for line in LINES if line.at_seconds is not None]
    assert len(moments) == len(LINES)
    assert all(before <= after for before, after in pairwise(moments))
    assert 5 * 3600 < moments[0] < 7 * 3600
    assert 23 * 3600 < moments[-1] < 24 * 3600
    by_hour = Counter(int(moment // 3600) for moment in moments)
    assert min(by_hour[hour] for hour in range(7, 22)) >= 5


def test_no_text_is_said_twice_and_lengths_vary() -> None:
    texts = [line.text for line in LINES]
    assert [text for text, count in Counter(texts).items() if count > 1] == []
    lengths = [len(text.split()) for text in texts]
    assert min(lengths) <= 4
    assert max(lengths) >= 120


def test_no_place_in_it_exists() -> None:
    data = resources.files("klankbord.tenancy") / "data"
    places: set[str] = set()
    for name, column in (("gemeenten.csv", "naam"), ("woonplaatsen.csv", "woonplaats"), ("bijnamen.csv", "bijnaam")):
        with (data / name).open(encoding="utf-8") as file:
            places |= {row[column] for row in csv.DictReader(file)}
    assert "Haren" in places
    everything = "\n".join(
        [line.text + " " + line.name + " " + line.subject for line in LINES] + [json.dumps(KEY, ensure_ascii=False)]
    )
    words = set(re.findall(r"[^\W\d_][\w'’-]*", everything))
    several = {place for place in places if " " in place and place in everything}
    assert (places & words) - WORDS_TOO == set()
    assert several == set()


def test_the_same_handle_is_always_the_same_person_on_a_network() -> None:
    names: dict[tuple[str, str], set[str]] = {}
    for line in LINES:
        names.setdefault((line.network, line.handle), set()).add(line.name)
    several = {who: found for who, found in names.items() if len(found) > 1}
    assert several == {}


def by_id(name: str) -> Line:
    return next(line for line in LINES if line.id == name)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: str(story["id"]))
def test_a_story_names_messages_that_are_there(story: dict[str, Any]) -> None:
    ids = [line.id for line in LINES]
    assert set(story) == {
        "id", "title", "kind", "first", "posts", "notice_by", "notice", "distractors", "looks_like",
    }  # fmt: skip
    assert story["first"] == story["posts"][0]
    assert story["posts"] == sorted(set(story["posts"]), key=ids.index)
    assert not set(story["posts"]) & set(story["distractors"])
    assert set(story["distractors"]) <= set(ids)
    assert story["title"] and story["notice"]
    hours, minutes = map(int, story["notice_by"].split(":"))
    first, last = by_id(story["posts"][0]).at_seconds, by_id(story["posts"][-1]).at_seconds
    assert first is not None and last is not None
    # there is something to notice then, and it is not over yet
    assert first <= hours * 3600 + minutes * 60 + 59
    assert hours * 3600 + minutes * 60 <= last


def test_the_stories_are_of_many_kinds_overlap_and_leave_room_for_an_ordinary_day() -> None:
    assert {story["kind"] for story in STORIES} >= {
        "burst", "slow ramp", "call to gather", "rumour", "service failure", "praise", "promise", "troll",
    }  # fmt: skip
    large = [story for story in STORIES if story["kind"] not in ("troll", "other place")]
    assert all(5 <= len(story["posts"]) <= 40 for story in large)
    told = {post for story in STORIES for post in story["posts"]}
    assert 90 <= len(LINES) - len(told) <= 200
    spans = [(by_id(story["posts"][0]).at_seconds or 0, by_id(story["posts"][-1]).at_seconds or 0) for story in large]
    overlapping = sum(a[0] < b[1] and b[0] < a[1] for number, a in enumerate(spans) for b in spans[number + 1 :])
    assert overlapping >= 20
    assert sum(bool(story["distractors"]) for story in STORIES) >= 6


def test_a_thread_stays_in_its_story() -> None:
    story_of = {post: story["id"] for story in STORIES for post in story["posts"]}
    for line in LINES:
        if line.parent and line.parent in story_of:
            assert story_of.get(line.id) == story_of[line.parent], line.id


def test_what_needs_a_person_at_once_is_named() -> None:
    ids = {line.id for line in LINES}
    assert {one["post"] for one in KEY["urgent"]} <= ids
    assert len({one["post"] for one in KEY["urgent"]}) == len(KEY["urgent"]) >= 10
    assert {one["what"] for one in KEY["urgent"]} >= {"threat", "someone in need", "child", "personal data"}
