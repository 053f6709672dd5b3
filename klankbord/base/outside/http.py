"""The one HTTP layer of the house: limits, retries and a guard, and a clear word on what may have been sent.

Outcomes, from the caller's point of view:

- an :class:`Answer`, whatever its status;
- :class:`NotReached` (and :class:`Blocked`): certainly nothing was sent;
- :class:`Unanswered`: the request was written, wholly or in part, and no complete answer came back.
"""

from __future__ import annotations

import json as jsonlib
import re
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import httpcore
import httpx
import stamina

from .network import Deadline, DeadlinePassed, GuardedNetwork, Refused, Resolver, Unresolved, allowed_hosts, resolve

USER_AGENT = "Klankbord"
SAFE = frozenset({"GET", "HEAD"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})
MAX_REDIRECTS = 3
LONGEST_LINE = 1_000_000  # bytes
AT_THE_END = 0.25
"""Seconds before the agreed end from which a stream that stops has simply ended."""
PASSING = frozenset({502, 503, 504})
"""Statuses by which a gateway says that a moment later may be better; only safe methods are repeated."""


class OutsideError(Exception):
    """No usable answer came. The text names the host, never the address, its query or any header."""


class NotReached(OutsideError):
    """Certainly nothing was sent: no such name, connection refused, no TLS."""


class Blocked(NotReached):
    """Certainly nothing was sent, and never will be: the guard does not allow this destination."""


class Unanswered(OutsideError):
    """Something was sent and no complete answer came back: it may or may not have been acted upon."""


class Declined(OutsideError):
    """The server does not give what was asked; its answer says why."""

    def __init__(self, message: str, answer: Answer) -> None:
        super().__init__(message)
        self.answer = answer


class _Stale(Unanswered):
    """A connection kept from an earlier request failed: the other side had probably closed it meanwhile."""


class TooLarge(Unanswered):
    """The answer is larger than the caller wants to have."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and bytes for one exchange; ``total`` covers everything, however slowly the other side drips."""

    connect: float = 5.0
    read: float = 15.0
    total: float = 40.0
    size: int = 5_000_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What a server tells about its limiter; each part is ``None`` when it does not say."""

    remaining: int | None
    reset_at: datetime | None


@dataclass(frozen=True, slots=True)
class Answer:
    """A complete answer with its decoded body."""

    status: int
    headers: httpx.Headers
    body: bytes
    url: str

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    def json(self) -> Any:
        """The body as JSON; ``ValueError`` when it is not."""
        try:
            return jsonlib.loads(self.body)
        except RecursionError as problem:
            raise ValueError("JSON nested too deeply") from problem

    @property
    def links(self) -> dict[str, str]:
        """Absolute addresses of the Link header (RFC 8288) by their relation."""
        found = re.findall(r'<([^>]*)>[^,<]*?;\s*rel="?([^",;]+)"?', self.headers.get("link", ""))
        return {relation: urljoin(self.url, target) for target, relation in found}

    def rate_limit(self, now: datetime) -> RateLimit:
        """The limiter's own word, in any of the forms in use."""
        remaining = self.headers.get("x-ratelimit-remaining") or self.headers.get("ratelimit-remaining") or ""
        reset_at = _moment(self.headers.get("x-ratelimit-reset", ""), now) or _moment(
            self.headers.get("ratelimit-reset", ""), now
        )
        return RateLimit(int(remaining) if remaining.isascii() and remaining.isdigit() else None, reset_at)

    def retry_after(self, now: datetime | None = None) -> float | None:
        """Seconds until it makes sense to ask again, as far as the server says so."""
        now = now or datetime.now(UTC)
        moment = _moment(self.headers.get("retry-after", ""), now) or self.rate_limit(now).reset_at
        return None if moment is None else max(0.0, (moment - now).total_seconds())


def _moment(value: str, now: datetime) -> datetime | None:
    """A moment given as ISO date, HTTP date, epoch in seconds or milliseconds, or seconds from now."""
    value = value.strip()
    try:
        number = float(value)
    except ValueError:
        return _date(value)
    if not 0 <= number < 1e14:
        return None
    if number > 1e11:
        number /= 1000
    # Nobody asks to wait thirty years, and no clock stands before 2001: large is an epoch, small a duration.
    return datetime.fromtimestamp(number if number > 1e9 else now.timestamp() + number, UTC)


def _date(value: str) -> datetime | None:
    for read in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            moment = read(value)
        except (ValueError, TypeError, IndexError):
            continue
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None


class _RetryLater(Exception):
    """Carries a passing answer through stamina, to be returned after the last attempt."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(f"status {answer.status}")
        self.answer = answer


class Outside:
    """A short conversation with the outside: connections are kept until it is closed. Not for use by two threads."""

    def __init__(
        self,
        *,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
        allowed: Sequence[str] | None = None,
        resolver: Resolver = resolve,
        attempts: int = 3,
    ) -> None:
        self._headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **(headers or {})}
        self._limits = limits or Limits()
        self._attempts = attempts
        self._deadline = Deadline()
        network = GuardedNetwork(allowed_hosts() if allowed is None else allowed, self._deadline, resolver)
        tls = httpx.create_ssl_context(trust_env=False)
        self._kept = httpcore.ConnectionPool(ssl_context=tls, network_backend=network)
        # A kept connection may be closed by the other side the moment we use it; then nobody can tell whether the
        # request was seen. What must not be sent twice therefore goes over a connection of its own.
        self._single = httpcore.ConnectionPool(ssl_context=tls, network_backend=network, max_keepalive_connections=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._kept.close()
        self._single.close()

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Mapping[str, Any] | list[tuple[str, Any]] | None = None,
        json: Any = None,
        data: Mapping[str, Any] | None = None,
        files: Mapping[str, tuple[str, bytes, str]] | None = None,
        headers: Mapping[str, str] | None = None,
        limits: Limits | None = None,
    ) -> Answer:
        """One request. Safe methods are repeated after a passing failure and follow redirects; others never."""
        try:
            request = httpx.Request(
                method,
                url,
                params=params,
                json=json,
                data=data,
                files=files,
                headers={**self._headers, **(headers or {})},
            )
        except (httpx.InvalidURL, UnicodeError, ValueError) as problem:
            raise Blocked("not a usable address") from problem
        limits = limits or self._limits
        if request.method not in SAFE:
            return self._exchange(request, limits, self._single)
        try:
            for attempt in stamina.retry_context(
                on=_worth_repeating, attempts=self._attempts, timeout=limits.total, wait_initial=0.2, wait_max=2.0
            ):
                with attempt:
                    answer = self._follow(request, limits)
                    if answer.status in PASSING:
                        raise _RetryLater(answer)
        except _RetryLater as passing:
            return passing.answer
        return answer

    def listen(self, url: str, *, seconds: float, silence: float) -> Iterator[bytes]:
        """The lines of an answer without end (server-sent events), for ``seconds``; silent at most ``silence``.

        Ends when the time is over. Raises Declined when the server has no such stream, NotReached and Unanswered.
        """
        try:
            request = httpx.Request("GET", url, headers={**self._headers, "Accept-Encoding": "identity"})
        except (httpx.InvalidURL, UnicodeError, ValueError) as problem:
            raise Blocked("not a usable address") from problem
        until = time.monotonic() + seconds
        try:
            yield from self._lines(request, seconds, silence)
        except Unanswered:
            # cut off at the moment that was agreed
            if time.monotonic() < until - AT_THE_END:
                raise

    def _lines(self, request: httpx.Request, seconds: float, silence: float) -> Iterator[bytes]:
        waiting = b""
        with self._opened(request, Limits(read=silence, total=seconds), self._single) as response:
            if response.status != 200:
                headers = httpx.Headers(response.headers)
                raise Declined(f"{request.url.host} has no such stream", Answer(response.status, headers, b"", ""))
            for piece in response.iter_stream():
                *lines, waiting = (waiting + piece).split(b"\n")
                if len(waiting) > LONGEST_LINE:
                    raise TooLarge(f"{request.url.host} sends a line without end")
                yield from lines
        raise Unanswered(f"{request.url.host} hung up")

    def _follow(self, request: httpx.Request, limits: Limits) -> Answer:
        """Follow a few redirects; credentials stay with the server they were meant for."""
        for _ in range(MAX_REDIRECTS + 1):
            try:
                answer = self._exchange(request, limits, self._kept)
            except _Stale:
                answer = self._exchange(request, limits, self._single)
            target = answer.headers.get("location")
            if answer.status not in REDIRECTS or not target:
                return answer
            try:
                url = request.url.join(target)
            except (httpx.InvalidURL, ValueError) as problem:
                raise Blocked(f"{request.url.host} redirects to something unusable") from problem
            if request.url.scheme == "https" and url.scheme != "https":
                raise Blocked(f"{request.url.host} redirects to an unsafe connection")
            headers = request.headers.copy()
            for name in ("host", *(("authorization", "cookie") if _origin(url) != _origin(request.url) else ())):
                headers.pop(name, None)
            request = httpx.Request(request.method, url, headers=headers)
        raise Blocked(f"{request.url.host} redirects too often")

    def _exchange(self, request: httpx.Request, limits: Limits, pool: httpcore.ConnectionPool) -> Answer:
        with self._opened(request, limits, pool) as response:
            headers = httpx.Headers(response.headers)
            body = b"".join(_decoded(response, headers, limits.size, request.url.host))
        return Answer(response.status, headers, body, str(request.url))

    @contextmanager
    def _opened(
        self, request: httpx.Request, limits: Limits, pool: httpcore.ConnectionPool
    ) -> Iterator[httpcore.Response]:
        """The answer as it begins to come in; what goes wrong until the end is said in our own words."""
        host = request.url.host
        if request.url.scheme not in ("http", "https") or not host:
            raise Blocked("only http and https addresses can be fetched")
        self._deadline.start(limits.total)
        sent = _Progress()
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        timeout = {"connect": limits.connect, "read": limits.read, "write": limits.read, "pool": limits.connect}
        try:
            with pool.stream(
                request.method,
                target,
                headers=request.headers.raw,
                content=request.read(),
                extensions={"timeout": timeout, "trace": sent},
            ) as response:
                yield response
        except Refused:
            raise Blocked(f"{host} is not a public address") from None
        except Unresolved:
            raise NotReached(f"{host} cannot be found") from None
        except (
            DeadlinePassed,
            httpcore.TimeoutException,
            httpcore.NetworkError,
            httpcore.ProtocolError,
            OSError,
        ) as problem:
            # The chained exception of the library may hold addresses; the text we give names the host only.
            kind = NotReached if not sent.begun else Unanswered if sent.connected else _Stale
            raise kind(f"{host}: {type(problem).__name__}") from None


class _Progress:
    """Notes the moment from which the other side may have seen something of the request."""

    def __init__(self) -> None:
        self.begun = False
        self.connected = False

    def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event.startswith("connection."):
            self.connected = True
        if event.endswith("send_request_headers.started"):
            self.begun = True


def _worth_repeating(problem: Exception) -> bool:
    return isinstance(problem, OutsideError | _RetryLater) and not isinstance(problem, Blocked | TooLarge)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _decoded(response: httpcore.Response, headers: httpx.Headers, size: int, host: str) -> Iterator[bytes]:
    """The body piece by piece, unpacked when gzipped, never more than ``size`` bytes of it."""
    encoding = headers.get("content-encoding", "identity").lower()
    if encoding not in ("identity", "gzip", "x-gzip", "deflate"):
        raise Unanswered(f"{host} answers in a packing nobody asked for")
    unpack = None if encoding == "identity" else zlib.decompressobj(wbits=47)
    left = size
    for raw in response.iter_stream():
        try:
            piece = raw if unpack is None else unpack.decompress(raw, left + 1)
        except zlib.error as problem:
            raise Unanswered(f"{host} answers with damaged content") from problem
        left -= len(piece)
        if left < 0:
            raise TooLarge(f"{host} answers with more than {size} bytes")
        yield piece
    if unpack is not None and not unpack.eof and left < size:
        raise Unanswered(f"{host} answers with damaged content")
