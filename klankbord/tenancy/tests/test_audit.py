"""The log: sealed into a chain that shows every change, and from which a person can still be erased."""

from __future__ import annotations

import threading

import psycopg
import pytest
from django.db import connection, connections

from klankbord.base.postgres import Cluster
from klankbord.tenancy.audit import Verdict, record, seal, verify
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import AuditEntry, AuditSeal
from tests.cast import Cast


def write(cast: Cast, number: int = 5) -> None:
    for one in range(number):
        with acting_for(cast.klankendam.pk):
            record(cast.klankendam.pk, "proef", f"gesprek:{one}", by=cast.amal, details={"naam": "Bea Bewoner"})


def verdict(cast: Cast) -> Verdict:
    with acting_for(cast.klankendam.pk):
        return verify(cast.klankendam)


def sealed(cast: Cast) -> int:
    with acting_for(cast.klankendam.pk):
        return seal(cast.klankendam.pk)


def as_owner(cluster: Cluster, statement: str) -> None:
    """What somebody with the keys of the database could try."""
    name = connection.settings_dict["NAME"]
    with psycopg.connect(cluster.owner_url, dbname=name) as owner:
        owner.execute(statement.encode())


def test_entries_are_sealed_once_and_the_chain_holds(cast: Cast) -> None:
    write(cast)
    assert verdict(cast).unsealed == 5
    assert sealed(cast) == 5
    assert sealed(cast) == 0
    write(cast, 2)
    assert sealed(cast) == 2
    found = verdict(cast)
    assert (found.sealed, found.unsealed, found.whole) == (7, 0, True)


@pytest.mark.parametrize(
    ("crime", "said"),
    [
        ("UPDATE tenancy_auditentry SET actie = 'niets' WHERE object = 'gesprek:2'", "is veranderd"),
        ("UPDATE tenancy_auditentry SET actor = 'Iemand anders' WHERE object = 'gesprek:2'", "is veranderd"),
        ("UPDATE tenancy_auditentry SET tijdstempel = now() WHERE object = 'gesprek:2'", "is veranderd"),
        ("UPDATE tenancy_auditentry SET digest = sha256('x') WHERE object = 'gesprek:2'", "de keten klopt niet"),
        ("DELETE FROM tenancy_auditseal WHERE number = 3", "ontbreken"),
        ("UPDATE tenancy_auditseal SET chain = sha256('x') WHERE number = 3", "de keten klopt niet"),
    ],
)
def test_every_change_shows(cast: Cast, cluster: Cluster, crime: str, said: str) -> None:
    write(cast)
    sealed(cast)
    as_owner(cluster, crime)
    found = verdict(cast)
    assert not found.whole
    assert any(said in line for line in found.broken)


def test_a_person_is_erased_and_the_chain_still_holds(cast: Cast) -> None:
    write(cast)
    sealed(cast)
    with acting_for(cast.klankendam.pk), connection.cursor() as cursor:
        one = AuditEntry.objects.get(object="gesprek:2").pk
        cursor.execute("SELECT audit_erase(%s, %s)", [cast.klankendam.pk, [one]])
        assert cursor.fetchone() == (1,)
        entry = AuditEntry.objects.get(object="gesprek:2")
        assert (entry.actor, entry.details) == ("", {})
    found = verdict(cast)
    assert (found.whole, found.erased) == (True, 1)


def test_nobody_erases_in_the_log_of_another_organisation(cast: Cast) -> None:
    write(cast)
    with acting_for(cast.klankendam.pk):
        one = AuditEntry.objects.get(object="gesprek:2").pk
    with pytest.raises(Exception, match="not inside"), entered(cast.eva), connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase(%s, %s)", [cast.klankendam.pk, [one]])
    with entered(cast.eva), connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase(%s, %s)", [cast.zwijgerswaard.pk, [one]])
        assert cursor.fetchone() == (0,)


def test_two_sealers_at_once_make_one_chain(cast: Cast) -> None:
    write(cast, 20)

    def work() -> None:
        try:
            sealed(cast)
        finally:
            connections.close_all()

    sealers = [threading.Thread(target=work) for _ in range(4)]
    for sealer in sealers:
        sealer.start()
    for sealer in sealers:
        sealer.join()
    with acting_for(cast.klankendam.pk):
        assert AuditSeal.objects.count() == 20
    assert verdict(cast).whole
