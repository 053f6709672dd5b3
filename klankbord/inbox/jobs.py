"""Jobs of the desk: send one answer, look one up."""

from __future__ import annotations

from procrastinate.contrib.django import app

from klankbord.inbox import sending


@app.task(name="inbox.send_answer")
def send_answer(organisation: int, delivery: int) -> None:
    sending.send(organisation, delivery)


@app.task(name="inbox.look_up_answer")
def look_up_answer(organisation: int, delivery: int) -> None:
    sending.look_up(organisation, delivery)
