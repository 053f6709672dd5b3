"""The listening process: fetches every source in turn, and at once when a network hints at something new."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress

import structlog
from django.db import close_old_connections, connection
from django.utils import timezone

from klankbord.base.jobs import beat
from klankbord.channels import registry
from klankbord.channels.actions import fetch_now
from klankbord.channels.contract import ChannelError, Connector
from klankbord.channels.models import Channel, Source
from klankbord.channels.registry import connector_for
from klankbord.intake.flow import collect
from klankbord.tenancy.fence import for_all_organisations

FETCHERS = 8
IDLE_SECONDS = 25 * 60
AFTER_HINT = 0.5  # seconds
LOOK_EVERY = 0.5  # seconds between looks at what is due
WATCH_EVERY = 10.0  # seconds between looks at which sources can hint

logger = structlog.get_logger()


class Ear:
    """One thread per source that can hint; each hint moves the source's turn to now."""

    def __init__(self, stop: threading.Event, wake: threading.Event) -> None:
        self.stop, self.wake = stop, wake
        self.watchers: dict[int, threading.Thread] = {}

    def tend(self) -> None:
        """Start a watcher for each source that can hint and has none."""
        kinds = [kind for kind, one in registry.connectors().items() if one.can_wait]
        waiting: dict[int, Connector] = {}
        with for_all_organisations("listening: whose account hints"):
            for channel in Channel.objects.filter(enabled=True, kind__in=kinds):
                # fetch meets the same fault and writes it on the channel page
                with suppress(ChannelError):
                    waiting[channel.source_id] = connector_for(channel)
        for source_id, connector in waiting.items():
            watcher = self.watchers.get(source_id)
            if watcher is None or not watcher.is_alive():
                watcher = threading.Thread(target=self.watch, args=(source_id, connector), daemon=True)
                self.watchers[source_id] = watcher
                watcher.start()

    def watch(self, source_id: int, connector: Connector) -> None:
        """Wait for one hint, pass it on, and end; ``tend`` starts the next watch with fresh settings."""
        while not self.stop.is_set():
            try:
                cursor = Source.objects.values_list("cursor", flat=True).get(pk=source_id)
                connection.close()
                hinted = connector.wait(IDLE_SECONDS, cursor)
            except ChannelError:
                # fetch meets the same fault and writes it on the channel page
                self.stop.wait(WATCH_EVERY)
                return
            except Exception:
                # the database may be restarting; ``tend`` starts another watch
                logger.exception("waiting for a hint stumbled", source=source_id)
                return
            if not hinted:
                return
            fetch_now(source_id, timezone.now())
            connection.close()
            self.wake.set()
            # until the fetch has moved the cursor, what was hinted at would be hinted at again
            self.stop.wait(AFTER_HINT)


def run() -> None:
    """Listen until told to stop."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    wake = threading.Event()
    ear = Ear(stop, wake)
    tended = 0.0
    running: set[Future[None]] = set()
    with ThreadPoolExecutor(FETCHERS, thread_name_prefix="fetch") as pool:
        while not stop.is_set():
            try:
                close_old_connections()
                if time.monotonic() - tended > WATCH_EVERY:
                    beat("listen")
                    ear.tend()
                    tended = time.monotonic()
                running = {future for future in running if not future.done()}
                if len(running) < FETCHERS and _is_due():
                    # each fetcher goes on until nothing is due; a slow source only holds up its own
                    running.add(pool.submit(_collect_all))
            except Exception:
                # the database may be restarting; listening goes on when it is back
                logger.exception("listening stumbled")
                stop.wait(2)
            wake.wait(LOOK_EVERY)
            wake.clear()


def _is_due() -> bool:
    now = timezone.now()
    return Source.objects.filter(next_fetch_at__lte=now).exclude(leased_until__gt=now).exists()


def _collect_all() -> None:
    try:
        while collect(timezone.now()):
            continue
    except Exception:
        logger.exception("collecting stumbled")
    finally:
        connection.close()
