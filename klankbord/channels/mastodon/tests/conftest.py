"""The two real servers and the people on them."""

from tests.servers.fixtures_snac import resident, running_snac_servers, snac_servers, town

__all__ = ["resident", "running_snac_servers", "snac_servers", "town"]
