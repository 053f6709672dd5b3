"""Every few seconds: find what a killed process left lying, and what is due by the clock.

Jobs are hints that make things fast; this is the guarantee. It never does work itself that talks to a network.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone
from procrastinate.contrib.django import app

from klankbord.base.jobs import beat, defer_once
from klankbord.base.trouble import on_its_own
from klankbord.channels import actions as channel_actions
from klankbord.channels import registry
from klankbord.channels.actions import empty_old_arrivals
from klankbord.channels.models import Arrival, Channel, Delivery, Landing, Source
from klankbord.inbox import sending
from klankbord.intake import flow
from klankbord.posts.queries import wanted_files
from klankbord.tenancy.audit import LONGEST_TRANSACTION, seal
from klankbord.tenancy.fence import acting_for, for_all_organisations

PATIENCE = timedelta(seconds=10)


def sweep() -> None:
    now = timezone.now()
    beat("work")
    for part in (
        route_landings,
        take_in_arrivals,
        move_deliveries,
        fetch_wanted_files,
        beat_clocks,
        give_back_after_mandates,
        seal_audit,
        empty_raw_copies,
    ):
        with on_its_own(part=part.__name__):
            part(now)


def release_dead_jobs() -> None:
    """Jobs of a worker that died: the worker's own heartbeat stopped; give them back to the queue.

    Of jobs with the same queueing lock only one may wait; where one waits already it does the dead one's work too.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT job.id FROM procrastinate_jobs job"
            " LEFT JOIN procrastinate_workers worker ON worker.id = job.worker_id"
            " WHERE job.status = 'doing'"
            " AND (worker.id IS NULL OR worker.last_heartbeat < now() - interval '30 seconds')"
        )
        for (dead,) in cursor.fetchall():
            cursor.execute(
                "DELETE FROM procrastinate_jobs job WHERE id = %s AND status = 'doing' AND EXISTS"
                " (SELECT FROM procrastinate_jobs waiting"
                "   WHERE waiting.status = 'todo' AND waiting.queueing_lock = job.queueing_lock)",
                [dead],
            )
            if not cursor.rowcount:
                app.job_manager.retry_job_by_id(dead, retry_at=timezone.now())


def route_landings(now: datetime) -> None:
    for source in Source.objects.filter(pk__in=Landing.objects.filter(received_at__lt=now - PATIENCE).values("source")):
        with on_its_own(source=source.pk):
            flow.route(source)


def take_in_arrivals(now: datetime) -> None:
    with for_all_organisations("sweep: arrivals that nobody took in"):
        waiting = list(
            Arrival.objects.filter(state=Arrival.State.NEW, received_at__lt=now - PATIENCE)
            .order_by()
            .values_list("organisation_id", "channel_id")
            .distinct()
        )
    for organisation, channel in waiting:
        defer_once("intake.take_in", f"take-in:{channel}", organisation=organisation, channel=channel)


def move_deliveries(now: datetime) -> None:
    """Pending answers whose moment has come, uncertain ones to look up, and those whose sender died."""
    with for_all_organisations("sweep: answers that are due"):
        due = list(
            Delivery.objects.filter(
                state__in=[Delivery.State.PENDING, Delivery.State.SENDING, Delivery.State.UNCERTAIN],
                next_attempt_at__lte=now,
            ).values_list("organisation_id", "pk", "state")
        )
    for organisation, pk, state in due:
        key, arguments = f"delivery:{pk}", {"organisation": organisation, "delivery": pk}
        if state == Delivery.State.PENDING:
            defer_once("inbox.send_answer", key, **arguments)
        elif state == Delivery.State.UNCERTAIN:
            defer_once("inbox.look_up_answer", key, **arguments)
        else:
            with acting_for(organisation):
                sending.expire_sending(pk, now)


def fetch_wanted_files(now: datetime) -> None:
    with for_all_organisations("sweep: files that were not fetched"):
        wanted = set(wanted_files(now).values_list("organisation_id", flat=True))
    for organisation in wanted:
        defer_once("intake.fetch_files", f"files:{organisation}", organisation=organisation)


def beat_clocks(now: datetime) -> None:
    """Exercises that run hear that the house is there; while it is not, their clocks stand still."""
    kinds = [kind for kind, one in registry.connectors().items() if one.has_clock]
    with for_all_organisations("sweep: clocks that run"):
        organisations = set(Channel.objects.filter(kind__in=kinds).values_list("organisation_id", flat=True))
    for organisation in organisations:
        with acting_for(organisation):
            channel_actions.beat_clocks(organisation, kinds, now)


def give_back_after_mandates(now: datetime) -> None:
    """A mandate that ran out leaves no conversation in the name of a colleague who cannot open it any more."""
    with for_all_organisations("sweep: mandates that ran out"), connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT member.user_id FROM tenancy_mandate mandate"
            " JOIN tenancy_teammember place ON place.team_id = mandate.desk_team_id"
            " JOIN tenancy_membership member ON member.id = place.membership_id"
            " WHERE mandate.valid_until <= %s AND EXISTS (SELECT FROM inbox_conversation held"
            "   WHERE held.assignee_id = member.user_id AND held.organisation_id = mandate.organisation_id)"
            # another mandate may have taken its place
            " AND EXISTS (SELECT FROM conversations_out_of_reach(member.user_id))",
            [now],
        )
        holders = [user for (user,) in cursor.fetchall()]
    for user in holders:
        defer_once("inbox.give_back", f"give back:{user}", user=user)


def empty_raw_copies(now: datetime) -> None:
    with for_all_organisations("sweep: raw copies that are a week old"):
        empty_old_arrivals(now)


def seal_audit(_now: datetime) -> None:
    """Seal the fresh audit entries of every organisation that has some."""
    with for_all_organisations("sweep: audit entries to seal"), connection.cursor() as cursor:
        cursor.execute(
            # since the last seal of each, however long ago: we may have been away just after an act
            "SELECT organisation.id FROM tenancy_organisation organisation"
            " LEFT JOIN LATERAL (SELECT sealed_at FROM tenancy_auditseal seal"
            "   WHERE seal.organisation_id = organisation.id ORDER BY number DESC LIMIT 1) last ON true"
            " WHERE EXISTS (SELECT FROM tenancy_auditentry entry WHERE entry.organisation_id = organisation.id"
            "   AND entry.tijdstempel >= coalesce(last.sealed_at - %s::interval, '-infinity')"
            "   AND NOT EXISTS (SELECT FROM tenancy_auditseal seal WHERE seal.entry_id = entry.id))",
            [f"{LONGEST_TRANSACTION.total_seconds()} seconds"],
        )
        fresh = [organisation for (organisation,) in cursor.fetchall()]
    for organisation in fresh:
        with acting_for(organisation):
            seal(organisation)
