"""Which addresses the house may connect to, and connections that obey a deadline.

A name is resolved once, every address is judged, and the connection goes to the judged address itself: a name
that changes its answer between judging and connecting (DNS rebinding) therefore gains nothing.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import httpcore
from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolver = Callable[[str, int], list[str]]

NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class Refused(Exception):
    """The guard forbids this destination: nothing was sent, and trying again changes nothing."""


class Unresolved(Exception):
    """The name has no address at this moment."""


class DeadlinePassed(Exception):
    """The whole exchange took longer than allowed."""


def allowed_hosts() -> tuple[str, ...]:
    """Servers inside the own network that may be reached all the same: ``name`` or ``name:port``, from the settings."""
    return tuple(settings.OUTSIDE_ALLOWED_HOSTS)


def is_public(text: str) -> bool:
    """True for an address on the open internet, also when an IPv4 address hides inside an IPv6 one."""
    try:
        address: Address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        inner = _embedded(address)
        if inner is not None:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast and not address.is_reserved


def _embedded(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address a gateway would connect to in the end (mapped, 6to4, Teredo, NAT64)."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def resolve(host: str, port: int) -> list[str]:
    """Addresses of a name, in the order the system prefers."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as problem:
        raise Unresolved(host) from problem
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def is_allowed(host: str, port: int | None, allowed: Iterable[str]) -> bool:
    names = {entry.lower() for entry in allowed}
    return host.lower() in names or f"{host}:{port}".lower() in names


def judged_addresses(host: str, port: int, allowed: Iterable[str], resolver: Resolver = resolve) -> list[str]:
    """The addresses a connection may go to; ``Refused`` when any of them is not public and the host not allowed.

    ``allowed`` holds exact names, or ``name:port``, of servers inside the own network. One private address among
    public ones is refused as a whole: no honest server is published like that.
    """
    addresses = resolver(host, port)
    if is_allowed(host, port, allowed):
        return addresses
    if not addresses or not all(is_public(address) for address in addresses):
        raise Refused(host)
    return addresses


@dataclass
class Deadline:
    """The moment (monotonic seconds) at which the exchange must be over, shared by all its connections."""

    at: float = field(default=float("inf"))

    def start(self, seconds: float) -> None:
        self.at = time.monotonic() + seconds

    def limit(self, timeout: float | None) -> float:
        """The time-out for one step, never past the deadline."""
        left = self.at - time.monotonic()
        if left <= 0:
            raise DeadlinePassed
        return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection whose every step is cut off at the deadline, so that a dripping server cannot hold us."""

    def __init__(self, inner: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._inner = inner
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._deadline.limit(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, self._deadline.limit(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        inner = self._inner.start_tls(ssl_context, server_hostname, self._deadline.limit(timeout))
        return _Stream(inner, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class GuardedNetwork(httpcore.NetworkBackend):
    """Opens connections only to judged addresses."""

    def __init__(self, allowed: Iterable[str], deadline: Deadline, resolver: Resolver = resolve) -> None:
        self._allowed = tuple(allowed)
        self._deadline = deadline
        self._resolver = resolver
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        problem: Exception = httpcore.ConnectError(f"no address for {host}")
        for address in judged_addresses(host, port, self._allowed, self._resolver):
            try:
                inner = self._inner.connect_tcp(
                    address, port, self._deadline.limit(timeout), local_address, socket_options
                )
                return _Stream(inner, self._deadline)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                problem = failed
        raise problem

    def sleep(self, seconds: float) -> None:
        self._inner.sleep(seconds)
