"""Removing the demo takes everything made up and nothing else."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from django.utils import timezone

from klankbord.channels.models import Channel, Source
from klankbord.tenancy.actions import Refused, found_organisation, make_user, remove_demo
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import Mandate, Membership, Organisation, Team, User
from tests.cast import Cast
from tests.pages import acts_of, says


def counts(cast: Cast) -> dict[str, tuple[int, int]]:
    """Per table with an organisation: rows of the demo and rows of others, counted as the owner."""
    found = {}
    with owner_connection() as owner:
        tables = owner.execute(
            "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
            " WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attname = 'organisation_id'"
        ).fetchall()
        demo = [cast.klankendam.pk, cast.luisterveen.pk, cast.zwijgerswaard.pk]
        for (table,) in tables:
            row = owner.execute(
                f"SELECT count(*) FILTER (WHERE organisation_id = ANY (%s)),"
                f" count(*) FILTER (WHERE NOT organisation_id = ANY (%s)) FROM {table}",
                [demo, demo],
            ).fetchone()
            assert row is not None
            found[table] = row
    return found


def owner_connection() -> closing[psycopg.Connection[Any]]:
    """Of the log-in that owns the tables: it sees beside the fence."""
    return closing(psycopg.connect(os.environ["DATABASE_OWNER_URL"], dbname=connection.settings_dict["NAME"]))


@pytest.fixture
def real(cast: Cast) -> User:
    """Noor, administrator of a real organisation with a channel on an address that the demo listens to as well."""
    noor = make_user("noor@echt.example", "Noor", "vier losse woorden samen")
    from django.db import transaction

    with transaction.atomic():
        found_organisation("Gemeente Echt", None, ["webcare"], by=noor)
    with entered(noor):
        echt = Organisation.objects.get(is_demo=False)
        Channel.objects.create(organisation=echt, source=cast.square.source, kind="paper", name="Plein", settings={})
        Team.objects.create(organisation=echt, name="Webcare")
    return noor


def test_everything_made_up_goes_and_nothing_else(cast: Cast, real: User, say: Callable[..., None]) -> None:
    say(cast.square, "p:1", "Glas op het Marktplein")
    say(cast.luisterveen_mail, "p:2", "Wanneer gaat het loket open?")
    before = counts(cast)
    assert before["posts_post"][0] == 2
    with entered(real):
        echt = Organisation.objects.get(is_demo=False)
        removed = remove_demo(echt.pk, by=real)
    assert sorted(removed) == sorted([cast.klankendam.pk, cast.luisterveen.pk, cast.zwijgerswaard.pk])
    after = counts(cast)
    assert {table: mine for table, (mine, _others) in after.items() if mine} == {}
    changed = {table for table in before if before[table][1] != after[table][1]}
    assert changed == {"tenancy_auditentry"}
    assert after["tenancy_auditentry"][1] == before["tenancy_auditentry"][1] + 1
    assert list(User.objects.values_list("email", flat=True)) == ["noor@echt.example"]
    assert list(Organisation.objects.values_list("name", flat=True)) == ["Gemeente Echt"]
    assert list(Source.objects.values_list("pk", flat=True)) == [cast.square.source_id]
    assert acts_of(echt.pk)[-1] == "demo verwijderen"


def test_a_row_that_leans_on_the_demo_keeps_everything(cast: Cast, real: User) -> None:
    echt = Organisation.objects.get(is_demo=False)
    now = timezone.now()
    with acting_for(echt.pk):
        Mandate.objects.create(
            organisation=echt,
            desk_organisation=cast.klankendam,
            desk_team=cast.desk,
            decision="x",
            processor_agreement="x",
            valid_from=now,
            valid_until=now + timedelta(days=1),
        )
    before = counts(cast)
    with entered(real), pytest.raises(Refused):
        remove_demo(echt.pk, by=real)
    assert counts(cast) == before
    assert User.objects.filter(pk=cast.amal.pk).exists()


def test_a_made_up_member_of_a_real_organisation_keeps_everything(cast: Cast, real: User) -> None:
    echt = Organisation.objects.get(is_demo=False)
    with acting_for(echt.pk):
        Membership.objects.create(organisation=echt, user=cast.amal, roles=["webcare"])
    with entered(real), pytest.raises(Refused):
        remove_demo(echt.pk, by=real)
    assert Organisation.objects.filter(is_demo=True).count() == 3


def test_a_made_up_person_removes_and_founds_nothing(cast: Cast) -> None:
    with entered(cast.chantal):
        with pytest.raises(Refused):
            remove_demo(cast.klankendam.pk, by=cast.chantal)
        with pytest.raises(Refused):
            found_organisation("Gemeente Nep", None, [], by=cast.chantal)
    assert Organisation.objects.filter(is_demo=True).count() == 3


def test_the_screen_asks_first_and_removes_files_too(
    client: Client, cast: Cast, real: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    from klankbord.posts.files import keep_file, path_of

    sha = keep_file(cast.klankendam.pk, b"foto")
    monkeypatch.setattr("klankbord.project.security.must_have_second_step", lambda user: False)
    client.force_login(real)
    assert says(client.get("/first-day/demo"), "This needs the set-up code")
    assert client.post("/first-day/demo").status_code == 200
    assert Organisation.objects.filter(is_demo=True).count() == 3
    client.post("/first-day/", {"code": settings.SETUP_CODE, "next": "demo"})
    assert cast.klankendam.name in client.get("/first-day/demo").content.decode()
    assert client.post("/first-day/demo").status_code == 302
    assert not Organisation.objects.filter(is_demo=True).exists()
    assert not path_of(cast.klankendam.pk, sha).exists()
    assert client.get("/desk/").status_code == 200


def test_who_looked_at_the_demo_is_out(client: Client, cast: Cast, real: User) -> None:
    amal = Client()
    amal.force_login(cast.amal)
    assert amal.get("/desk/").status_code == 200
    with entered(real):
        remove_demo(Organisation.objects.get(is_demo=False).pk, by=real)
    assert amal.get("/desk/").status_code == 302
