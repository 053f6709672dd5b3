"""Where somebody is logged in: sessions that know whose they are, so that they can be shown and ended.

The module that the setting SESSION_ENGINE names, and the actions on log-in sessions.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from klankbord.tenancy.devices import device_of, shown
from klankbord.tenancy.models import Session, User

DEVICE, BEGAN = "device", "began"
USED_AGAIN_AFTER = timedelta(minutes=5)


class SessionStore(db.SessionStore):
    """Django's sessions in the database, with columns that say whose it is, on what device and when last used."""

    used_at: datetime | None = None

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def _get_session_from_db(self) -> Session | None:
        kept: Session | None = super()._get_session_from_db()  # type: ignore[misc]  # not in the stubs
        self.used_at = kept.used_at if kept else None
        return kept

    def save(self, must_create: bool = False) -> None:
        # one that was ended while an answer was under way stays ended; the answer is still given
        with suppress(UpdateError):
            super().save(must_create)

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        kept: Session = super().create_model_instance(data)  # type: ignore[assignment]  # made of our model
        user = data.get(SESSION_KEY)
        kept.user_id = int(user) if user else None
        kept.device = data.get(DEVICE, "")
        kept.used_at = timezone.now()
        kept.began_at = datetime.fromisoformat(data[BEGAN]) if BEGAN in data else kept.used_at
        return kept


class LastUsed(MiddlewareMixin):
    """Middleware: notes now and then that a session is in use. Not for streams: they must not hold a connection."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        used_at = getattr(request.session, "used_at", None)
        if not response.streaming and used_at and timezone.now() - used_at > USED_AGAIN_AFTER:
            Session.objects.filter(pk=request.session.session_key).update(used_at=timezone.now())
        return response


def begin_session(request: HttpRequest) -> None:
    """Remember on which device somebody logged in just now; sessions that ran out are cleared away meanwhile."""
    request.session[DEVICE] = device_of(request.headers.get("User-Agent", ""))
    request.session[BEGAN] = timezone.now().isoformat()
    SessionStore.clear_expired()


@dataclass(frozen=True, slots=True)
class Place:
    """One place where somebody is logged in. ``mark`` names it without giving the key away."""

    mark: str
    device: str
    began_at: datetime
    used_at: datetime
    is_this_one: bool


def mark_of(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()[:24]


def places(user: User, current: str | None) -> list[Place]:
    """Where this user is logged in, this place first and then the last used one."""
    found = [
        Place(mark_of(kept.session_key), shown(kept.device), kept.began_at, kept.used_at, kept.session_key == current)
        for kept in Session.objects.filter(user=user, expire_date__gt=timezone.now()).order_by("-used_at")
    ]
    return sorted(found, key=lambda place: not place.is_this_one)


def end_session(user: User, mark: str) -> bool:
    """End one session of this user; False when there is none with this mark."""
    keys = Session.objects.filter(user=user).values_list("session_key", flat=True)
    return end_sessions(user, [key for key in keys if mark_of(key) == mark]) > 0


def end_sessions(user: User, keys: list[str] | None = None, *, keep: str | None = None) -> int:
    """End these sessions, or all but the one to keep; how many there were. The next request finds itself logged out."""
    ending = Session.objects.filter(user=user)
    if keys is not None:
        ending = ending.filter(session_key__in=keys)
    number, _per_model = ending.exclude(session_key=keep or "").delete()
    return number
