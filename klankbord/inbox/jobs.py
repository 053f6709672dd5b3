"""Jobs of the desk: send one answer, look one up, give back what somebody leaves behind."""

from __future__ import annotations

from procrastinate.contrib.django import app

from klankbord.inbox import leaving, sending


@app.task(name="inbox.send_answer")
def send_answer(organisation: int, delivery: int) -> None:
    sending.send(organisation, delivery)


@app.task(name="inbox.look_up_answer")
def look_up_answer(organisation: int, delivery: int) -> None:
    sending.look_up(organisation, delivery)


@app.task(name="inbox.give_back")
def give_back(user: int) -> None:
    leaving.give_back_conversations(user)
