"""By which names this installation answers: this machine, the environment, and the address that was filled in."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponseBase
from django.utils.deprecation import MiddlewareMixin

FRESH = 15.0  # seconds; a new address works that soon in every process

logger = structlog.get_logger()


class FilledInHost(str):
    """One of Django's ALLOWED_HOSTS: the host of the address that was filled in, looked up when asked for."""

    _host, _until = "", 0.0

    def __bool__(self) -> bool:
        return bool(self.lower())

    def lower(self) -> str:
        """The host as it is now; Django compares with this. Empty when there is none, or no database to ask."""
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
