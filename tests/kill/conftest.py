"""The two real fediverse servers."""

from tests.servers.fixtures_snac import running_snac_servers

__all__ = ["running_snac_servers"]
