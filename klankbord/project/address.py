"""By which names this installation answers: this machine, the environment, and the address that was filled in."""

from __future__ import annotations

import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

FRESH = 15.0  # seconds; a new address works that soon in every process

logger = structlog.get_logger()


class KnownHosts(list[str]):
    """Django's ALLOWED_HOSTS, with the host of the installation's address last: only asked for an unknown name."""

    _host, _until = "", 0.0

    def __iter__(self) -> Iterator[str]:
        yield from super().__iter__()
        host = self.filled_in()
        if host:
            yield host

    def filled_in(self) -> str:
        """The host of the address that was filled in; empty when there is none, or no database to ask."""
        now = time.monotonic()
        if now >= self._until:
            # Models can only be imported once Django has started, and settings are read before that.
            from klankbord.tenancy.actions import installation

            try:
                self._host = urlsplit(installation().address).hostname or ""
            except DatabaseError as problem:
                logger.warning("address of the installation unknown", problem=str(problem).partition("\n")[0])
            self._until = now + FRESH
        return self._host


class SecureOverTls(MiddlewareMixin):
    """Middleware: a cookie that was given over TLS never travels without it, and the browser remembers to use TLS."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.is_secure():
            for cookie in response.cookies.values():
                cookie["secure"] = True
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
