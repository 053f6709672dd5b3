"""Live events: who hears of what, and when a stream ends."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta

from asgiref.sync import async_to_sync
from django.db import connection
from django.test import Client
from django.utils import timezone

from klankbord.base.realtime import Listener, Switchboard, announce, events
from klankbord.inbox.views.live import _still_welcome
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Mandate, User
from tests.cast import Cast

ClientOf = Callable[[User], Client]


def hears(cast: Cast, channel: int, *, private: bool) -> set[str]:
    """Who of the cast is told of something on this channel."""
    by_pk = {user.pk: name for name, user in cast.everybody.items()}
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM fence_may_see(%s, %s, %s)", [list(by_pk), channel, private])
        return {by_pk[pk] for (pk,) in cursor.fetchall()}


def test_an_event_reaches_who_may_see_what_it_is_about(cast: Cast) -> None:
    assert hears(cast, cast.square.pk, private=False) == {"amal", "bram", "gijs"}
    assert hears(cast, cast.square.pk, private=True) == {"amal", "gijs"}
    assert hears(cast, cast.luisterveen_mail.pk, private=True) == {"amal"}
    assert hears(cast, cast.zwijgerswaard_mail.pk, private=True) == {"eva"}


def test_no_event_reaches_a_desk_whose_mandate_ended(cast: Cast) -> None:
    with acting_for(cast.luisterveen.pk):
        now = timezone.now()
        Mandate.objects.update(valid_from=now - timedelta(days=2), valid_until=now - timedelta(seconds=1))
    assert hears(cast, cast.luisterveen_mail.pk, private=False) == set()


def test_a_busy_stream_ends_too_when_its_user_is_no_longer_welcome() -> None:
    asked: list[bool] = []

    async def welcome() -> bool:
        asked.append(not asked)
        return asked[-1]

    async def heard() -> list[bytes]:
        listener = Listener(1)

        async def chatter() -> None:
            for number in range(400):
                listener.put(number)
                await asyncio.sleep(0.005)

        busy = asyncio.create_task(chatter())
        got = [event async for event in events(listener, welcome, 0.1)]
        busy.cancel()
        return got

    assert 1 < len(asyncio.run(heard())) < 400
    assert asked == [True, False]


def test_a_stream_ends_with_its_session_and_with_a_changed_password(cast: Cast, client_of: ClientOf) -> None:
    welcome = async_to_sync(_still_welcome)
    key = str(client_of(cast.amal).session.session_key)
    assert welcome(cast.amal.pk, key)
    assert not welcome(cast.bram.pk, key)
    gone = client_of(cast.amal)
    ended = str(gone.session.session_key)
    gone.logout()
    assert not welcome(cast.amal.pk, ended)
    cast.amal.set_password("een heel nieuw wachtwoord")
    cast.amal.save()
    assert not welcome(cast.amal.pk, key)


def test_who_is_not_logged_in_gets_no_stream(cast: Cast) -> None:
    assert Client().get("/desk/live").status_code == 403


def test_nothing_passes_unheard_once_the_switchboard_listens(cast: Cast) -> None:
    settings = connection.settings_dict
    conninfo = " ".join(
        f"{name}={settings[key]}"
        for name, key in [("host", "HOST"), ("port", "PORT"), ("user", "USER"), ("password", "PASSWORD")]
        if settings[key]
    )
    switchboard = Switchboard(f"{conninfo} dbname={settings['NAME']}")

    def change() -> None:
        with acting_for(cast.klankendam.pk):
            announce(cast.square.pk, [7], private=True)

    async def heard() -> list[int | None]:
        amal, bram = switchboard.connect(cast.amal.pk), switchboard.connect(cast.bram.pk)
        await asyncio.wait_for(switchboard.listening.wait(), 10)
        await asyncio.to_thread(change)
        first = await asyncio.wait_for(amal.queue.get(), 10)
        rest = bram.queue.empty()
        switchboard.disconnect(amal)
        switchboard.disconnect(bram)
        await asyncio.sleep(0)
        return [first, None if rest else bram.queue.get_nowait()]

    assert asyncio.run(heard()) == [7, None]
