"""The fediverse: one account on a server that speaks the Mastodon API (Mastodon, GoToSocial, snac, Pleroma, …)."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from klankbord.channels.contract import (
    Batch,
    ChannelError,
    Connector,
    Envelope,
    Event,
    Json,
    MediaLimits,
    NotSent,
    Outgoing,
    Permanent,
    PostArrived,
    Receipt,
    Visibility,
)

from . import answering, reading, searching, status
from .client import Client, Missing


class Mastodon(Connector):
    """One account on one server; the token gives access to it."""

    kind = "mastodon"
    label = gettext_noop("Fediverse (Mastodon)")
    poll_every = timedelta(seconds=2)
    """A quiet poll is one request: half of the 300 in five minutes that Mastodon allows an account."""
    max_length = answering.DEFAULT_LENGTH
    visibilities = (Visibility.PUBLIC, Visibility.UNLISTED, Visibility.FOLLOWERS, Visibility.DIRECT)
    media_limits = MediaLimits(
        count=4, bytes=8 * 1024 * 1024, types=("image/jpeg", "image/png", "image/gif", "image/webp")
    )
    can_wait: ClassVar[bool] = True
    can_search: ClassVar[bool] = True
    can_reread: ClassVar[bool] = True
    """The network does not tell about edits and deletions: open cases are read again with ``reread``."""

    def _client(self) -> Client:
        token = self.secrets.get("token", "")
        if not token:
            raise Permanent(_("Fill in the access token."))
        return Client(str(self.settings["server"]), token)

    @classmethod
    def address(cls, settings: Json) -> str:
        return f"mastodon://{str(settings['account']).lower()}@{urlsplit(str(settings['server'])).netloc.lower()}"

    @classmethod
    def accounts(cls, settings: Json) -> tuple[str, ...]:
        return (f"@{settings['account']}@{urlsplit(str(settings['server'])).hostname}",)

    def check(self) -> str:
        with self._client() as client:
            account, instance = client.own_account(), client.instance()
            name = str(account.get("username") or "")
            if name.lower() != str(self.settings["account"]).lower():
                raise Permanent(
                    _("This access token belongs to the account “%(name)s”, not to “%(wanted)s”.")
                    % {"name": name, "wanted": self.settings["account"]}
                )
            self._check_rights(client)
            client.notifications([("limit", "1")])
            found = _("Connected to “%(name)s” (%(version)s).") % {
                "name": account.get("display_name") or name,
                "version": str(instance.get("version") or "")[:60],
            }
            return f"{found} {_policy_warning(client)}".strip()

    @staticmethod
    def _check_rights(client: Client) -> None:
        """Where the server tells the rights of the application, see to it that it may post."""
        try:
            scopes = client.app().get("scopes")
        except (Missing, Permanent, NotSent):
            return
        if isinstance(scopes, list) and scopes and not {"write", "write:statuses"} & {str(scope) for scope in scopes}:
            raise Permanent(_("This access token may read but not post. Make one with the rights “read” and “write”."))

    def fetch(self, cursor: Json) -> Batch:
        with self._client() as client:
            return reading.fetch(client, cursor, datetime.now(UTC))

    def wait(self, seconds: float, cursor: Json) -> bool:
        """A stream is a hint and no more: what it says is fetched, and the poll goes on beside it."""
        with self._client() as client:
            heard = client.hears(seconds)
        if heard is None:
            # a server without streaming (snac): the poll alone
            time.sleep(seconds)
        return bool(heard)

    def reread(self, known: Sequence[tuple[str, Json]]) -> list[Envelope]:
        """The posts ``(uri, reply_data)`` as they are now; edits have a new key, what is gone becomes a deletion."""
        with self._client() as client:
            return reading.reread(client, known, datetime.now(UTC))

    def search(self, words: Sequence[str]) -> list[PostArrived]:
        with self._client() as client:
            return searching.search(client, words, datetime.now(UTC))

    def parse(self, body: bytes) -> list[Event]:
        return status.events_of(body)

    def send(self, outgoing: Outgoing) -> Receipt:
        with self._client() as client:
            return answering.send(client, outgoing)

    def look_up(self, outgoing: Outgoing) -> Receipt | None:
        with self._client() as client:
            return answering.look_up(client, outgoing, datetime.now(UTC))


def _policy_warning(client: Client) -> str:
    """Mastodon can throw away what strangers say to an account: for a public body that is most of it."""
    try:
        policy = client.notification_policy()
    except ChannelError:
        return ""
    if "drop" in policy.values():
        return _(
            "Warning: this account throws away messages of some strangers. Change this at the server, under"
            " notifications: such messages never reach us."
        )
    return ""
