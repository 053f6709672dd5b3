"""The dozen calls of the Mastodon API we use, and what each answer means for a message that was to be sent.

Documented at https://docs.joinmastodon.org/api/; what snac, GoToSocial and others do differently is noted per call.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, quote, urlsplit

from django.utils.translation import gettext as _

from klankbord.base.outside.http import Answer, Blocked, Declined, Limits, NotReached, Outside, OutsideError
from klankbord.channels.contract import ChannelError, Json, NotSent, OutgoingFile, Permanent, Uncertain

READING = Limits(connect=5, read=10, total=15)
WRITING = Limits(connect=5, read=20, total=25)
UPLOADING = Limits(connect=5, read=30, total=60)
SILENCE = 60.0
"""Seconds after which a stream counts as dead; Mastodon gives a sign of life every fifteen."""

Params = list[tuple[str, str]]


class Missing(ChannelError):
    """The server says that this thing does not exist (any more)."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a listing, newest first, and the ids to go on with in either direction."""

    items: list[Json]
    newest: str
    oldest: str


class Client:
    """A short conversation with one server as one account."""

    def __init__(self, server: str, token: str, *, attempts: int = 2) -> None:
        self._server = server.rstrip("/")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._outside = Outside(headers=headers, limits=READING, attempts=attempts)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._outside.__exit__(kind, problem, trace)

    # ---- reading ----

    def instance(self) -> Json:
        """What the server tells about itself: version, domain, limits."""
        try:
            return self._object("/api/v1/instance")
        except Missing:
            return self._object("/api/v2/instance")

    def own_account(self) -> Json:
        """The account the token belongs to; ``Permanent`` when the token is not (or no longer) good."""
        answer = self._get("/api/v1/accounts/verify_credentials")
        if answer.status == 422:  # snac's way to say that a token is unknown
            raise _no_access()
        return _decoded(self._checked(answer))

    def app(self) -> Json:
        """The application the token was made for, with its rights where the server tells them."""
        return self._object("/api/v1/apps/verify_credentials")

    def notification_policy(self) -> Json:
        """What happens with notifications of strangers (Mastodon 4.3 and newer)."""
        return self._object("/api/v2/notifications/policy")

    def notifications(self, params: Params) -> Page:
        """Notifications that carry words for us, those that the account's own filter set apart included."""
        kinds = [("types[]", "mention"), ("types[]", "update"), ("include_filtered", "true")]
        return self._page("/api/v1/notifications", params + kinds)

    def statuses(self, account_id: str, params: Params) -> Page:
        """What an account posted."""
        return self._page(f"/api/v1/accounts/{quote(account_id, safe='')}/statuses", params)

    def status(self, status_id: str) -> Json:
        """One status as it is now; ``Missing`` when it is gone or hidden from us."""
        return self._object(f"/api/v1/statuses/{quote(status_id, safe='')}")

    def context(self, status_id: str) -> Json:
        """The thread around a status: ``ancestors`` from the first on, and ``descendants``."""
        return self._object(f"/api/v1/statuses/{quote(status_id, safe='')}/context")

    def tagged(self, name: str, params: Params) -> Page:
        """Public statuses with a hashtag, as far as this server knows them."""
        return self._page(f"/api/v1/timelines/tag/{quote(name, safe='')}", params)

    def found(self, words: str, limit: int) -> list[Json]:
        """Statuses that the server's own search finds; servers without one find none. It fetches nothing new for us."""
        params = [("q", words), ("type", "statuses"), ("resolve", "false"), ("limit", str(limit))]
        statuses = _decoded(self._checked(self._get("/api/v2/search", params))).get("statuses")
        return [one for one in statuses if isinstance(one, dict)] if isinstance(statuses, list) else []

    def hears(self, seconds: float) -> bool | None:
        """Whether the stream of our own notifications says something within ``seconds``; None without a stream.

        Only a hint: nothing is read from it. A server that limits us is left alone like one without a stream.
        """
        try:
            for line in self._outside.listen(
                f"{self._streaming()}/api/v1/streaming/user/notification", seconds=seconds, silence=SILENCE
            ):
                if line.strip() == b"event: notification":
                    return True
        except Declined:
            return None
        except Blocked as problem:
            raise _blocked() from problem
        except OutsideError as problem:
            raise _unreachable() from problem
        return False

    def _streaming(self) -> str:
        """Where the server streams: often under another name."""
        try:
            found = self.instance()["urls"]["streaming_api"]
            parts = urlsplit(str(found))
        except (ChannelError, KeyError, TypeError, ValueError):
            return self._server
        scheme = {"wss": "https", "ws": "http"}.get(parts.scheme, parts.scheme)
        # our token only goes where it is as safe as at the server itself
        safe = scheme == "https" or scheme == urlsplit(self._server).scheme
        return f"{scheme}://{parts.netloc}" if parts.netloc and safe else self._server

    # ---- writing ----

    def upload(self, file: OutgoingFile, filename: str) -> Json:
        """Store a picture with its description. Nothing is visible yet, so every failure means: not sent."""
        for version in ("v2", "v1"):
            try:
                answer = self._outside.request(
                    "POST",
                    f"{self._server}/api/{version}/media",
                    data={"description": file.alt_text},
                    files={"file": (filename, file.content, file.content_type)},
                    limits=UPLOADING,
                )
            except Blocked as problem:
                raise _blocked() from problem
            except OutsideError as problem:
                raise _unreachable() from problem
            if answer.status not in (404, 410, 501):
                return _decoded(self._checked(answer))
        raise Permanent(_("The server does not take files."))

    def medium(self, medium_id: str) -> tuple[int, Json]:
        """How far the server is with a file: status 206 while it is still working, 200 when it is ready."""
        answer = self._checked(self._get(f"/api/v1/media/{quote(medium_id, safe='')}"))
        return answer.status, _decoded(answer)

    def post(self, payload: Json, idempotency_key: str) -> Json:
        """Publish. ``NotSent`` and ``Permanent`` are certain; all that may have been published is ``Uncertain``."""
        try:
            answer = self._outside.request(
                "POST",
                f"{self._server}/api/v1/statuses",
                json=payload,
                headers={"Idempotency-Key": idempotency_key},
                limits=WRITING,
            )
        except Blocked as problem:
            raise _blocked() from problem
        except NotReached as problem:
            raise _unreachable() from problem
        except OutsideError as problem:
            raise Uncertain(_("The server did not confirm the answer.")) from problem
        if answer.status >= 500 or answer.status == 408 or 300 <= answer.status < 400:
            raise Uncertain(_("The server had a fault (%(status)s) while it received the answer.") % _status(answer))
        try:
            return _decoded(self._checked(answer))
        except Missing as problem:
            raise Permanent(_("The message you answer is no longer on the server.")) from problem
        except _NotUnderstood as problem:
            raise Uncertain(_("The server did not confirm the answer.")) from problem

    # ---- the same for every call ----

    def _get(self, path: str, params: Params | None = None) -> Answer:
        try:
            return self._outside.request("GET", self._server + path, params=params or None)
        except Blocked as problem:
            raise _blocked() from problem
        except OutsideError as problem:
            raise _unreachable() from problem

    def _object(self, path: str) -> Json:
        return _decoded(self._checked(self._get(path)))

    def _page(self, path: str, params: Params) -> Page:
        answer = self._checked(self._get(path, params))
        items = _listed(answer)
        if items and str(items[0].get("created_at")) < str(items[-1].get("created_at")):
            items.reverse()
        first, last = (str(items[0].get("id", "")), str(items[-1].get("id", ""))) if items else ("", "")
        links = answer.links
        return Page(
            items,
            _parameter(links.get("prev", ""), "min_id") or first,
            _parameter(links.get("next", ""), "max_id") or last,
        )

    @staticmethod
    def _checked(answer: Answer) -> Answer:
        """The answer when it is good; else the exception that says what it means."""
        if answer.ok:
            return answer
        match answer.status:
            case 401 | 403:
                raise _no_access()
            case 404 | 410:
                raise Missing(_("It is no longer on the server."))
            case 429:
                raise NotSent(_("The server asks us to wait a while."), answer.retry_after())
            case status if status >= 500 or status in (408, 425):
                raise NotSent(_("The server has a fault (%(status)s).") % _status(answer), answer.retry_after())
        raise Permanent(_("The server refuses this (%(status)s): %(reason)s") % _status(answer))


class _NotUnderstood(NotSent):
    """A good status with a body that is no answer."""


def _status(answer: Answer) -> Mapping[str, object]:
    """For messages: the status and the server's own reason, shortened."""
    try:
        given = answer.json()
    except ValueError:
        given = None
    reason = given.get("error") if isinstance(given, dict) else ""
    return {"status": answer.status, "reason": reason[:200] if isinstance(reason, str) else ""}


def _decoded(answer: Answer) -> Json:
    try:
        value = answer.json()
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _NotUnderstood(_("The server gives an answer we do not understand. Is this the address of the server?"))
    return value


def _listed(answer: Answer) -> list[Json]:
    try:
        value: Any = answer.json()
    except ValueError:
        value = None
    if not isinstance(value, list):
        raise _NotUnderstood(_("The server gives an answer we do not understand. Is this the address of the server?"))
    return [item for item in value if isinstance(item, dict)]


def _parameter(url: str, name: str) -> str:
    return (parse_qs(urlsplit(url).query).get(name) or [""])[0]


def _no_access() -> Permanent:
    return Permanent(
        _("The server refuses our access. Make a new access token and fill it in on the page of this channel.")
    )


def _blocked() -> Permanent:
    return Permanent(_("We may not connect to this server: it is not on the public internet."))


def _unreachable() -> NotSent:
    return NotSent(_("The server cannot be reached."))
