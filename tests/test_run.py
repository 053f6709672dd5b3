"""``./test`` itself: who fell beside the other half may try once more, and is named."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tests import run
from tests.run import Found

SLOW, KILLED = "tests/test_slow.py::test_it[a b]", "tests/kill/test_rounds.py::test_it"


def found(passed: Sequence[str] = (), failed: Sequence[str] = (), skipped: Sequence[str] = ()) -> Found:
    return Found(right=not failed, outcomes={"passed": [*passed], "failed": [*failed], "skipped": [*skipped]})


class Pytest:
    """Ends as it was told, and remembers what it was asked."""

    def __init__(self, *outcomes: Found) -> None:
        self.waiting = list(outcomes)
        self.asked: list[list[list[str]]] = []

    def __call__(self, runs: Sequence[list[str]], environment: dict[str, str]) -> Found:
        self.asked.append(list(runs))
        return self.waiting.pop(0)


@pytest.fixture(autouse=True)
def _nothing_but_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATABASE_URL", "KLANKBORD_REQUIRE_ALL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(run, "CHECKS", ())
    monkeypatch.chdir(run.CHECKOUT)


def test_who_fell_beside_the_other_half_tries_once_more_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest_runs = Pytest(found(["a"], [SLOW]), found([SLOW]))
    monkeypatch.setattr(run, "_test", pytest_runs)
    assert run.main([]) == 0
    assert pytest_runs.asked == [list(run.HALVES), [[SLOW]]]
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith(f"Alles in orde. Pas de tweede keer goed: {SLOW}. 2 passed, 0 failed, 0 skipped in ")


def test_who_falls_twice_has_fallen(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(run, "_test", Pytest(found(["a"], [SLOW]), found(failed=[SLOW])))
    assert run.main([]) == 1
    line = capsys.readouterr().out.splitlines()[-1]
    assert line.startswith("Niet in orde: Tests. 1 passed, 1 failed, 0 skipped in ")


@pytest.mark.parametrize(
    ("first", "required"),
    [
        (found(["a"], [SLOW, KILLED]), ""),
        (found(["a"], [SLOW] * (run.AGAIN_AT_MOST + 1)), ""),
        (found(["a"], [SLOW], ["b"]), "1"),
        (Found(ended=False, right=False), ""),
    ],
    ids=["a message lost", "too many", "a forbidden skip", "broken off"],
)
def test_some_get_no_second_try(monkeypatch: pytest.MonkeyPatch, first: Found, required: str) -> None:
    monkeypatch.setenv("KLANKBORD_REQUIRE_ALL", required)
    pytest_runs = Pytest(first)
    monkeypatch.setattr(run, "_test", pytest_runs)
    assert run.main([]) == 1
    assert len(pytest_runs.asked) == 1
