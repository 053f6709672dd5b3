"""What the front door forgets."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from klankbord.public import actions


@app.periodic(cron="3 * * * *")
@app.task(name="public.forget_visits", queueing_lock="forget-visits", lock="forget-visits")
def forget_visits(timestamp: int) -> None:
    actions.forget_visits(timezone.now())
