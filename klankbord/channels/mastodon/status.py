"""From a raw envelope (JSON of the Mastodon API) to events. Pure: no network, no clock, no settings.

An envelope is what ``reading`` made of one notification or one status: the server's own JSON under ``data``, and
beside it what cannot be asked again later: whose account it was, which software the server runs, the ancestors.
"""

from __future__ import annotations

import hashlib
import json
import mimetypes
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from django.utils.translation import gettext as _

from klankbord.channels.contract import (
    AttachmentData,
    AuthorData,
    DeliverySeen,
    Envelope,
    Event,
    Ignored,
    Json,
    PostArrived,
    PostDeleted,
    Unparseable,
    Visibility,
)

from .html_text import clean, plain_text

VISIBILITIES = {
    "public": Visibility.PUBLIC,
    "local": Visibility.PUBLIC,
    "unlisted": Visibility.UNLISTED,
    "private": Visibility.FOLLOWERS,
    "mutuals_only": Visibility.FOLLOWERS,
    "direct": Visibility.DIRECT,
}
KEY_LENGTH = 400
"""Longest envelope key in characters; longer addresses are replaced by their digest."""


def is_snac(version: str) -> bool:
    """snac calls every post English and knows only public and not public."""
    return "snac" in version


def visibility_of(status: Json, version: str) -> Visibility:
    """Who can see it; what we do not know is taken as narrow as possible."""
    if status.get("visibility") == "private" and is_snac(version):
        return Visibility.DIRECT
    return VISIBILITIES.get(str(status.get("visibility")), Visibility.DIRECT)


def same_status(one: str, other: str) -> bool:
    """Do two server-side ids mean the same status? snac puts a time that changes before a fixed digest."""
    if len(one) == len(other) == 42:
        return one[10:] == other[10:]
    return one == other


# ---- making envelopes ------------------------------------------------------------------------------------


def envelope_of(what: str, data: Json, context: Json) -> Envelope:
    """One notification or status with its surroundings, under a key that changes when the post is edited."""
    body = json.dumps({"what": what, "data": data, **context}, ensure_ascii=True, sort_keys=True).encode()
    return Envelope(_key(what, data), body)


def gone(uri: str, at: datetime) -> Envelope:
    """The server no longer has this status."""
    body = json.dumps({"what": "gone", "data": {"uri": uri, "at": at.isoformat()}}).encode()
    return Envelope(_short(f"{uri} gone"), body)


def _key(what: str, data: Json) -> str:
    status = _inner(data.get("status")) if what == "notification" else _inner(data)
    speaks = what == "status" or data.get("type") in SPEAKING
    if not speaks or status is None or not isinstance(status.get("uri"), str):
        return _short(f"{what} {data.get('id')}")
    version = status.get("edited_at")
    if not version:
        shown = json.dumps([status.get("content"), status.get("spoiler_text")])
        version = hashlib.sha256(shown.encode()).hexdigest()[:16]
    return _short(f"{status['uri']} {version}")


def _short(key: str) -> str:
    key = clean(key)
    return key if len(key) <= KEY_LENGTH else hashlib.sha256(key.encode()).hexdigest()


# ---- understanding them ----------------------------------------------------------------------------------

SPEAKING = frozenset({"mention", "status", "update", "quote"})
"""Notifications that carry somebody's words; the others tell about follows, favourites and boosts."""


def events_of(body: bytes) -> list[Event]:
    """Everything one envelope means; ``Unparseable`` when it cannot be understood."""
    try:
        envelope = json.loads(body)
        return _understand(_object(envelope))
    except Unparseable:
        raise
    except (ValueError, RecursionError, OverflowError) as problem:
        raise Unparseable(f"not understood: {type(problem).__name__}") from problem


def _understand(envelope: Json) -> list[Event]:
    data = _object(envelope.get("data"))
    what = envelope.get("what")
    if what == "gone":
        return [PostDeleted(_address(data, "uri"), _moment(data.get("at")))]
    if what == "status":
        return [_said(data, envelope, addressed=True)]
    if what != "notification":
        raise Unparseable("unknown kind of envelope")
    kind = _text(data, "type")
    if not kind:
        raise Unparseable("a notification without a type")
    if kind not in SPEAKING:
        return [Ignored(_("Not a message: a notification of the kind “%(kind)s”.") % {"kind": kind[:40]})]
    if "status" in data and data["status"] is None:
        # taken away between the notification and our question
        return [Ignored(_("The message was gone before we could read it."))]
    status = _object(data.get("status"))
    addressed = kind == "mention" or _speaks_to_us(_inner(status) or status, envelope)
    if not addressed:
        return [Ignored(_("Not addressed to us."))]
    return [_said(status, envelope, addressed=True)]


def _said(status: Json, envelope: Json, *, addressed: bool) -> Event:
    status = _inner(status) or status
    us = _object(envelope.get("us") or {})
    account = _object(status.get("account"))
    uri = _address(status, "uri")
    if us.get("id") and account.get("id") == us["id"]:
        return DeliverySeen(uri)
    version = str(envelope.get("version") or "")
    author = _author(account, str(envelope.get("domain") or ""))
    visibility = visibility_of(status, version)
    ancestors = [_address(_object(ancestor), "uri") for ancestor in _list(envelope.get("ancestors"))]
    html = _text(status, "content")
    edited_at = status.get("edited_at")
    return PostArrived(
        uri=uri,
        author=author,
        text="\n\n".join(part for part in (plain_text(html), _poll(status)) if part),
        published_at=_moment(status.get("created_at")),
        visibility=visibility,
        parent_uri=ancestors[-1] if ancestors else "",
        root_uri=ancestors[0] if ancestors else "",
        html=html,
        warning=_text(status, "spoiler_text"),
        language="" if is_snac(version) else _text(status, "language"),
        web_url=_text(status, "url") or uri,
        addressed=addressed,
        edited_at=_moment(edited_at) if edited_at else None,
        attachments=tuple(_attachments(status)),
        reply_data={"status_id": _text(status, "id"), "handle": author.handle, "visibility": visibility.value},
    )


def _inner(status: Any) -> Json | None:
    """The status itself, also when the server shows it inside somebody's boost (snac does once it is boosted)."""
    if not isinstance(status, dict):
        return None
    reblog = status.get("reblog")
    return reblog if isinstance(reblog, dict) else status


def _speaks_to_us(status: Json, envelope: Json) -> bool:
    us = _object(envelope.get("us") or {})
    ours = {str(us[name]) for name in ("id", "uri", "url") if us.get(name)}
    mentioned = {str(mention.get(name)) for mention in _objects(status.get("mentions")) for name in ("id", "url")}
    return bool(ours & (mentioned | {str(status.get("in_reply_to_account_id"))}))


def _author(account: Json, domain: str) -> AuthorData:
    address = _text(account, "uri") or _text(account, "url")
    handle = _text(account, "acct")
    if not address or not handle:
        raise Unparseable("an author without an address")
    if "@" not in handle:
        handle = f"{handle}@{domain}" if domain else handle
    return AuthorData(network_id=address, handle=handle, name=_text(account, "display_name"))


def _attachments(status: Json) -> Iterable[AttachmentData]:
    for medium in _objects(status.get("media_attachments")):
        url = _text(medium, "url") or _text(medium, "remote_url")
        if not url.startswith(("http://", "https://")):
            continue
        try:
            name = PurePosixPath(unquote(urlsplit(url).path)).name
        except ValueError:
            continue
        kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
        yield AttachmentData(clean(name)[:200] or "file", kind, alt_text=_text(medium, "description"), url=url)


def _poll(status: Json) -> str:
    poll = status.get("poll")
    options = _objects(poll.get("options")) if isinstance(poll, dict) else []
    return "\n".join(f"- {_text(option, 'title')}" for option in options)


# ---- reading untrusted JSON ------------------------------------------------------------------------------


def _object(value: Any) -> Json:
    if not isinstance(value, dict):
        raise Unparseable("something is missing")
    return value


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: Any) -> list[Json]:
    return [entry for entry in _list(value) if isinstance(entry, dict)]


def _text(thing: Json, name: str) -> str:
    value = thing.get(name)
    return clean(value) if isinstance(value, str) else ""


def _address(thing: Json, name: str) -> str:
    value = _text(thing, name)
    if value.split() != [value]:
        raise Unparseable(f"no usable {name}")
    return value


def _moment(value: Any) -> datetime:
    if not isinstance(value, str):
        raise Unparseable("a date is missing")
    moment = datetime.fromisoformat(value)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
