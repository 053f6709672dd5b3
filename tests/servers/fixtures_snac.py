"""pytest plugin: two running snac2 servers for the whole session, and the settings that let us reach them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from klankbord.base.tests.needs import need
from tests.servers.snac import SnacServers, SnacUnavailable, SnacUser

_numbers = count(1)


@pytest.fixture(scope="session")
def running_snac_servers() -> Iterator[SnacServers]:
    """Started once; use ``snac_servers`` in tests."""
    try:
        servers = SnacServers.prepare()
    except SnacUnavailable as problem:
        need(False, f"two fediverse servers: {problem}")
        raise
    with servers:
        yield servers


@pytest.fixture
def snac_servers(running_snac_servers: SnacServers, settings: Any) -> SnacServers:
    """The two servers, both running, with our own HTTP layer allowed to reach them."""
    settings.OUTSIDE_ALLOWED_HOSTS = [running_snac_servers.a.host, running_snac_servers.b.host]
    running_snac_servers.revive()
    return running_snac_servers


@pytest.fixture
def town(snac_servers: SnacServers) -> SnacUser:
    """A fresh account of the municipality on server A (exercise)."""
    return snac_servers.a.add_user(f"klankendam{next(_numbers)}")


@pytest.fixture
def resident(snac_servers: SnacServers) -> SnacUser:
    """A fresh account of a fictional resident on server B (exercise)."""
    return snac_servers.b.add_user(f"bewoner{next(_numbers)}")
