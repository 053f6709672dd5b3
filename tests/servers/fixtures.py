"""Pytest fixtures with real servers; a root conftest names this file in ``pytest_plugins``."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.servers.mail import PROGRAMS, MailServers
from tests.servers.required import missing_here, require_programs


@pytest.fixture(scope="session")
def mail_servers() -> Iterator[MailServers]:
    """Postfix and Dovecot, started once; use addresses of your own in each test."""
    require_programs(*PROGRAMS, why="Real mail servers")
    if os.geteuid() != 0:
        missing_here("Real mail servers: Postfix starts as root only")
    with MailServers() as servers:
        yield servers
