"""The clock of an exercise: what was said when stays the same, and time in which nobody was there does not count."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.channels.exercise.clock import FASTEST, GRACE, Clock, clock_from, running_since

NINE = datetime(2027, 3, 2, 9, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NINE + timedelta(seconds=seconds)


def beaten(clock: Clock, since: float, until: float) -> Clock:
    """The clock after a beat every five seconds."""
    while since < until:
        since = min(since + 5, until)
        clock = clock.beat(after(since))
    return clock


def test_before_it_is_started_it_stands_at_its_beginning_and_nothing_was_said() -> None:
    clock = Clock(opens=21_600, speed=60)
    assert clock.position(NINE) == 21_600
    assert clock.moment(21_600) is None
    assert not clock.running
    assert clock.begun is None


def test_it_runs_at_its_speed_and_tells_when_something_was() -> None:
    clock = beaten(Clock(opens=100, speed=60).started(NINE), 0, 20)
    assert clock.position(after(20)) == 100 + 20 * 60
    assert clock.moment(100 + 600) == after(10)
    assert clock.moment(40) == after(-60)


def test_a_pause_moves_what_comes_and_leaves_what_was() -> None:
    clock = beaten(Clock().started(NINE), 0, 30).paused(after(30))
    assert clock.position(after(500)) == 30
    assert clock.moment(31) is None
    clock = clock.started(after(1000))
    assert clock.moment(20) == after(20)
    assert clock.moment(40) == after(1010)


def test_another_speed_holds_from_now_on() -> None:
    clock = beaten(Clock().started(NINE), 0, 10).at_speed(10, after(10))
    assert clock.moment(5) == after(5)
    assert clock.moment(110) == after(20)
    paused = clock.paused(after(12)).at_speed(600, after(13))
    assert not paused.running
    assert paused.started(after(20)).moment(630) == after(21)


@pytest.mark.parametrize("speed", [0, -1, FASTEST + 1, float("nan"), float("inf")])
def test_a_speed_that_cannot_be_is_refused(speed: float) -> None:
    with pytest.raises(ValueError, match="does not run"):
        Clock().at_speed(speed, NINE)


def test_while_the_house_is_away_it_stands_still_and_goes_on_where_it_was() -> None:
    clock = beaten(Clock(speed=600).started(NINE), 0, 10)
    away = 10 + GRACE.total_seconds()
    assert clock.position(after(3600)) == away * 600
    back = clock.beat(after(3600))
    assert back.position(after(3600)) == away * 600
    assert back.position(after(3601)) == (away + 1) * 600
    assert back.moment(600) == after(1)
    assert back.moment((away + 2) * 600) == after(3602)


def test_the_clock_of_the_demo_follows_the_wall() -> None:
    assert running_since(NINE, 2).position(after(86_400)) == 2 * 86_400


ACTS = st.lists(
    st.tuples(st.sampled_from(["start", "pause", "speed", "beat"]), st.floats(0, 100), st.floats(0.1, 600)), max_size=25
)


@given(ACTS)
def test_whatever_happens_it_never_goes_back_and_never_changes_what_was(acts: list[tuple[str, float, float]]) -> None:
    clock, now, highest = Clock(opens=50), NINE, 50.0
    said: dict[float, datetime] = {}
    for act, wait, speed in acts:
        now += timedelta(seconds=wait)
        before = clock.position(now)
        match act:
            case "start":
                clock = clock.started(now)
            case "pause":
                clock = clock.paused(now)
            case "speed":
                clock = clock.at_speed(speed, now)
            case "beat":
                clock = clock.beat(now)
        assert clock_from(json.loads(json.dumps(clock.as_json()))) == clock
        assert clock.position(now) == pytest.approx(before)
        assert clock.position(now) >= highest - 0.001
        for position, moment in said.items():
            found = clock.moment(position)
            assert found is not None
            assert abs(found - moment) < timedelta(seconds=0.01)
        highest = max(highest, clock.position(now))
        if clock.begun and (earlier := clock.moment(highest - 0.01)) and highest > 50.1:
            said[highest - 0.01] = earlier
