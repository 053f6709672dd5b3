"""Sending an answer once, and finding out afterwards whether it got through."""

from __future__ import annotations

import mimetypes
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from klankbord.channels.contract import ChannelError, Json, NotSent, Outgoing, Permanent, Receipt, Uncertain, Visibility

from .client import Client, Missing
from .html_text import plain_text
from .status import same_status, visibility_of

WIDTH = list(Visibility)
"""From widest to narrowest, as the contract declares them."""
NAMES = {
    Visibility.PUBLIC: "public",
    Visibility.UNLISTED: "unlisted",
    Visibility.FOLLOWERS: "private",
    Visibility.DIRECT: "direct",
}
DEFAULT_LENGTH = 500
DEFAULT_URL_LENGTH = 23
PROCESSING = 30.0
"""Seconds a server may take to get a picture ready."""
BEFORE = timedelta(minutes=2)
"""How far the server's clock may be behind ours."""
SETTLED = timedelta(seconds=30)
"""After this an answer that is not in the listing is surely not there."""
PAGES = 10

URL = re.compile(r"https?://\S+")
REMOTE_MENTION = re.compile(r"(?<![\w/@])@(\w[\w.-]*)@[\w.-]+\w")


# ---- sending ---------------------------------------------------------------------------------------------


def send(client: Client, outgoing: Outgoing) -> Receipt:
    """Publish the answer under its own key; everything before that step is certain not to have sent anything."""
    parent = _parent(client, outgoing)
    text = with_mention(outgoing.text, outgoing.to.handle)
    _check_length(client, text)
    payload: Json = {
        "status": text,
        "in_reply_to_id": str(parent["id"]),
        "visibility": NAMES[narrowest(outgoing.visibility, _visibility(outgoing), visibility_of(parent, ""))],
        "language": outgoing.language,
    }
    if outgoing.files:
        payload["media_ids"] = [_stored(client, outgoing, number) for number in range(len(outgoing.files))]
    status = client.post(payload, outgoing.client_id)
    receipt = _receipt(status)
    if receipt is None:
        raise Uncertain(_("The server did not confirm the answer."))
    return receipt


def narrowest(*visibilities: Visibility) -> Visibility:
    """The one fewest people can see: an answer is never more visible than what it answers."""
    return max(visibilities, key=WIDTH.index)


def with_mention(text: str, handle: str) -> str:
    """The text with the person we answer mentioned, at the start when they are not in it yet."""
    handle = handle.lstrip("@")
    if not handle or re.search(rf"(?<![\w/@])@{re.escape(handle)}(?![\w@-]|\.\w)", text, re.IGNORECASE):
        return text
    return f"@{handle} {text}"


def counted_length(text: str, url_length: int = DEFAULT_URL_LENGTH) -> int:
    """Characters as Mastodon counts them: each address the same, of a mention only the name."""
    return len(REMOTE_MENTION.sub(r"@\1", URL.sub("x" * url_length, text)))


def _parent(client: Client, outgoing: Outgoing) -> Json:
    """The post to answer, as it is now; some servers would publish a loose post when it is gone."""
    status_id = str(outgoing.reply_data.get("status_id") or "")
    if not status_id:
        raise Permanent(_("This message cannot be answered here."))
    try:
        parent = client.status(status_id)
    except Missing as problem:
        raise Permanent(_("The message you answer is no longer on the server.")) from problem
    inner = parent.get("reblog")
    return inner if isinstance(inner, dict) else parent


def _visibility(outgoing: Outgoing) -> Visibility:
    try:
        return Visibility(str(outgoing.reply_data.get("visibility")))
    except ValueError:
        return Visibility.PUBLIC


def _check_length(client: Client, text: str) -> None:
    longest, url_length = DEFAULT_LENGTH, DEFAULT_URL_LENGTH
    try:
        statuses = client.instance()["configuration"]["statuses"]
        longest = int(statuses["max_characters"])
        url_length = int(statuses.get("characters_reserved_per_url") or DEFAULT_URL_LENGTH)
    except (ChannelError, KeyError, TypeError, ValueError):
        # A server that does not tell has the limit everybody started with.
        pass
    if counted_length(text, url_length) > longest:
        raise Permanent(
            _("The answer is too long: this server takes at most %(longest)s characters.") % {"longest": longest}
        )


def _stored(client: Client, outgoing: Outgoing, number: int) -> str:
    """Upload one file; its id when the server is ready with it."""
    file = outgoing.files[number]
    # snac keeps a file under a digest of its name: only a name of its own keeps it from replacing another.
    ending = mimetypes.guess_extension(file.content_type) or ".bin"
    try:
        medium = client.upload(file, f"{outgoing.client_id}-{number}{ending}")
        medium_id = str(medium["id"])
        deadline = time.monotonic() + PROCESSING
        while not medium.get("url"):
            status, medium = client.medium(medium_id)
            if status == 200:
                break
            if time.monotonic() > deadline:
                raise NotSent(_("The server is not ready with the picture yet."))
            time.sleep(1)
    except (Missing, KeyError) as problem:
        raise NotSent(_("The server did not keep the picture.")) from problem
    return medium_id


# ---- looking up ------------------------------------------------------------------------------------------


def look_up(client: Client, outgoing: Outgoing, now: datetime) -> Receipt | None:
    """Find the answer among what our account posted since the attempt, and under the post it answers."""
    attempted = outgoing.attempted_at or now
    try:
        account_id = str(client.own_account().get("id") or "")
        candidates, complete = _own_statuses(client, account_id, attempted - BEFORE)
        replies, told = _own_replies(client, account_id, outgoing)
    except ChannelError as problem:
        raise Uncertain(
            _("We cannot find out yet whether the answer was sent: %(why)s") % {"why": problem}
        ) from problem
    for status in candidates + replies:
        if _is_it(status, outgoing, attempted - BEFORE):
            return _receipt(status)
    # snac leaves private answers out of the account's own listing: there only the thread tells.
    private = narrowest(outgoing.visibility, _visibility(outgoing)).private
    if not complete or (private and not told) or now - attempted < SETTLED:
        raise Uncertain(_("We do not know yet whether the answer was sent."))
    return None


def _own_statuses(client: Client, account_id: str, since: datetime) -> tuple[list[Json], bool]:
    """Own statuses, newest first, back to a moment; and whether the listing surely reaches that far."""
    if not account_id:
        return [], False
    found: dict[str, Json] = {}
    below: list[tuple[str, str]] = []
    for _page in range(PAGES):
        page = client.statuses(account_id, [*below, ("limit", "40")])
        fresh = [status for status in page.items if str(status.get("uri")) not in found]
        found.update((str(status.get("uri")), status) for status in fresh)
        if not fresh or any((made := _moment(status)) is not None and made < since for status in fresh):
            return list(found.values()), True
        below = [("max_id", page.oldest)]
    return list(found.values()), False


def _own_replies(client: Client, account_id: str, outgoing: Outgoing) -> tuple[list[Json], bool]:
    """What we said under the post that was answered; and whether the server could tell."""
    try:
        below = client.context(str(outgoing.reply_data.get("status_id"))).get("descendants")
    except Missing:
        return [], False
    if not isinstance(below, list):
        return [], False
    statuses = [status for status in below if isinstance(status, dict)]
    return [one for one in statuses if _author_id(one) == account_id], True


def _author_id(status: Json) -> str:
    account = status.get("account")
    return str(account.get("id")) if isinstance(account, dict) else ""


def _is_it(status: Json, outgoing: Outgoing, since: datetime) -> bool:
    made = _moment(status)
    if made is None or made < since:
        return False
    if not same_status(str(status.get("in_reply_to_id")), str(outgoing.reply_data.get("status_id"))):
        return False
    source = status.get("text")
    shown = source if isinstance(source, str) and source else plain_text(str(status.get("content") or ""))
    return _skeleton(shown) == _skeleton(outgoing.text)


def _skeleton(text: str) -> str:
    """Letters and digits only, without mentions and addresses: servers write those and all marks their own way."""
    text = re.sub(r"(?<![\w/@])@[\w.-]+(@[\w.-]+(:\d+)?)?", " ", URL.sub(" ", text))
    return "".join(character for character in text.casefold() if character.isalnum())


def _receipt(status: Json) -> Receipt | None:
    uri = status.get("uri")
    if not isinstance(uri, str) or not uri:
        return None
    url: Any = status.get("url")
    return Receipt(external_id=uri, web_url=url if isinstance(url, str) else uri, sent_at=_moment(status))


def _moment(status: Json) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(status.get("created_at")))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
