"""Pytest fixtures with real servers; a root conftest names this file in ``pytest_plugins``."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from klankbord.base.tests.needs import need
from tests.servers.mail import PROGRAMS, MailServers, find_program


@pytest.fixture(scope="session")
def mail_servers() -> Iterator[MailServers]:
    """Postfix and Dovecot, started once; use addresses of your own in each test."""
    missing = [name for name in PROGRAMS if find_program(name) is None]
    need(not missing, f"real mail servers: {', '.join(missing)}")
    need(os.geteuid() == 0, "real mail servers: Postfix starts as root only")
    with MailServers() as servers:
        yield servers
