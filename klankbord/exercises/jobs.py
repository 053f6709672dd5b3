"""The job of exercises: take away what one brought."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from klankbord.exercises import actions


@app.task(name="exercises.clear", retry=RetryStrategy(max_attempts=100, wait=3, retry_exceptions=[actions.Busy]))
def clear(organisation: int, channel: int) -> None:
    actions.clear_exercise(organisation, channel)
