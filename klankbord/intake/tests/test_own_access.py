"""Who connects the same account fetches it with its own access; what is open to all is fetched once."""

from __future__ import annotations

from datetime import timedelta
from importlib import resources
from typing import ClassVar

import pytest
from django.db import connection
from django.utils import timezone

from klankbord.channels import registry
from klankbord.channels.actions import change_channel, connect_channel
from klankbord.channels.contract import Batch, Json, Permanent
from klankbord.channels.models import Arrival, Channel, ChannelSecret, Gap, Landing, Source
from klankbord.intake.flow import collect
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Organisation
from tests.cast import Cast, make_cast
from tests.paper import Paper, envelope


class Letterbox(Paper):
    """Opens with a key; ``locks`` are the keys that do not fit any more."""

    kind = "letterbox"
    open_to_all = False
    locks: ClassVar[set[str]] = set()

    def fetch(self, cursor: Json) -> Batch:
        if self.secrets["key"] in Letterbox.locks:
            raise Permanent("De sleutel past niet meer.")
        return super().fetch(cursor)


@pytest.fixture
def letterbox(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "connectors", lambda: {"paper": Paper, "letterbox": Letterbox})
    monkeypatch.setattr(Letterbox, "locks", set())


def connected(house: Organisation, kind: str, key: str) -> Channel:
    with acting_for(house.pk):
        return connect_channel(house, kind, "Samen", {"address": "samen@regio.example"}, {"key": key}, by=None)


def collect_everything() -> None:
    now = timezone.now() + timedelta(minutes=1)
    while collect(now):
        pass


def heard(channel: Channel) -> int:
    with acting_for(channel.organisation_id):
        return Arrival.objects.filter(channel=channel).count()


def test_whose_access_ends_hears_no_more_and_silences_nobody(cast: Cast, letterbox: None) -> None:
    first, second = connected(cast.klankendam, "letterbox", "k"), connected(cast.zwijgerswaard, "letterbox", "z")
    Letterbox.locks.add("k")
    Paper.tray = [envelope("u1", "De lantaarn is stuk.")]
    collect_everything()
    assert (heard(first), heard(second)) == (0, 1)
    sources = Source.objects.in_bulk([first.source_id, second.source_id])
    assert sources[first.source_id].failure == "De sleutel past niet meer."
    assert sources[second.source_id].failing_since is None


def test_other_settings_for_the_same_account_keep_its_place(cast: Cast, letterbox: None) -> None:
    channel = connected(cast.klankendam, "letterbox", "k")
    with acting_for(cast.klankendam.pk):
        change_channel(channel, "Anders", channel.settings, {"key": "nieuw"}, by=cast.chantal)
        assert Channel.objects.get(name="Anders").source_id == channel.source_id


def test_what_is_open_to_all_is_fetched_as_long_as_one_can_be_opened(cast: Cast, letterbox: None) -> None:
    first, second = connected(cast.klankendam, "paper", "k"), connected(cast.zwijgerswaard, "paper", "z")
    assert first.source_id == second.source_id
    with acting_for(cast.klankendam.pk):
        ChannelSecret.objects.filter(channel=first).update(ciphertext=b"of another installation")
    Paper.tray = [envelope("u1", "De lantaarn is stuk.")]
    collect_everything()
    assert (heard(first), heard(second)) == (1, 1)


def test_who_shared_an_account_goes_on_where_the_shared_one_was(clean_database: None) -> None:
    """The migration, as the owner of the tables."""
    cast = make_cast()
    source = cast.mail.source
    Channel.objects.filter(pk=cast.mail.pk).update(kind="mail")
    Source.objects.filter(pk=source.pk).update(kind="mail", address="imap://samen", cursor={"done": 7})
    others = [
        Channel.objects.create(organisation=town, source=source, kind="mail", name="Samen")
        for town in (cast.luisterveen, cast.zwijgerswaard)
    ]
    Landing.objects.create(source=source, key="k", body=b"op de mat", received_at=timezone.now())
    Gap.objects.create(source=source, until=timezone.now(), reason="weg")
    with connection.cursor() as cursor:
        cursor.execute((resources.files("klankbord.channels") / "sql" / "own_access.sql").read_text())
    now = {one.organisation_id: one for one in Channel.objects.filter(kind="mail").select_related("source")}
    assert now[cast.klankendam.pk].source_id == source.pk
    assert len({one.source_id for one in now.values()}) == 1 + len(others)
    for organisation, one in now.items():
        assert (one.source.address, one.source.cursor) == (f"imap://samen #{organisation}", {"done": 7})
        assert bytes(Landing.objects.get(source=one.source).body) == b"op de mat"
        assert Gap.objects.filter(source=one.source).count() == 1
    assert Source.objects.get(pk=cast.square.source_id).address == "paper:@klankendam@plein.example"
