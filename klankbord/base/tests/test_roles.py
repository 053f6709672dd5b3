"""A log-in that could see through the fence is refused, however it came by its power."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from klankbord.base.postgres import Cluster
from klankbord.base.postgres.roles import Power, TooPowerful, power_of, refuse_power


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Cluster]:
    """A server in which a test may hand out powers."""
    with Cluster(tmp_path, fast=True) as cluster:
        yield cluster


def as_superuser(cluster: Cluster, statement: str) -> None:
    cluster._end_process()
    cluster._alone(cluster.place.pgdata, [statement])
    cluster._run()


def test_the_app_log_in_of_the_embedded_server_is_harmless(own: Cluster) -> None:
    refuse_power(own.app_url)
    assert power_of(own.app_url) == ("klankbord_app", None)


def test_who_owns_a_table_is_refused_also_through_another_role(own: Cluster) -> None:
    with psycopg.connect(own.owner_url) as connection:
        connection.execute("CREATE TABLE owned (id int)")
    assert power_of(own.owner_url) == ("klankbord_owner", Power.OWNER)
    assert power_of(own.app_url)[1] is None
    as_superuser(own, "GRANT klankbord_owner TO klankbord_app")
    with pytest.raises(TooPowerful, match="klankbord_app"):
        refuse_power(own.app_url)


@pytest.mark.parametrize(("attribute", "power"), [("SUPERUSER", Power.SUPERUSER), ("BYPASSRLS", Power.BYPASS)])
def test_a_superuser_and_a_bypasser_are_refused(own: Cluster, attribute: str, power: Power) -> None:
    as_superuser(own, str(sql.SQL("ALTER ROLE klankbord_app {}").format(sql.SQL(attribute)).as_string()))
    assert power_of(own.app_url) == ("klankbord_app", power)
    with pytest.raises(TooPowerful):
        refuse_power(own.app_url)
