"""Jobs of the road: take in a channel, fetch files, and the sweep that finds what a dead process left lying."""

from __future__ import annotations

from procrastinate.contrib.django import app

from klankbord.channels.models import Source
from klankbord.intake import flow, forgetting, media, rereading, sweeping, telling


@app.task(name="intake.route")
def route(source: int) -> None:
    """What was handed in at our own door goes to who wants it."""
    # an exercise that ended takes its sources along
    for still in Source.objects.filter(pk=source):
        flow.route(still)


@app.task(name="intake.take_in")
def take_in(organisation: int, channel: int) -> None:
    flow.take_in(organisation, channel)


@app.task(name="intake.fetch_files")
def fetch_files(organisation: int) -> None:
    media.fetch(organisation)


@app.periodic(cron="* * * * * */5")
@app.task(name="intake.sweep", queueing_lock="sweep", lock="sweep")
def sweep(timestamp: int) -> None:
    sweeping.sweep()


@app.periodic(cron="* * * * * */5")
@app.task(name="intake.release_dead_jobs", queueing_lock="release")
def release_dead_jobs(timestamp: int) -> None:
    """Apart from the sweep and without a lock: the dead job that must be released may be the sweep itself."""
    sweeping.release_dead_jobs()


@app.periodic(cron="17 * * * *")
@app.task(name="intake.reread_open", queueing_lock="reread", lock="reread")
def reread_open(timestamp: int) -> None:
    rereading.reread_open_conversations()


@app.periodic(cron="43 * * * *")
@app.task(name="intake.remove_unused_files", queueing_lock="unused-files", lock="unused-files")
def remove_unused_files(timestamp: int) -> None:
    media.remove_unused_files()


@app.periodic(cron="7 * * * *")
@app.task(name="intake.forget_what_is_due", queueing_lock="forgetting", lock="forgetting")
def forget_what_is_due(timestamp: int) -> None:
    forgetting.forget_what_is_due()


@app.periodic(cron="11 * * * *")
@app.task(name="intake.tell_followers", queueing_lock="telling", lock="telling")
def tell_followers(timestamp: int) -> None:
    telling.tell_followers()
