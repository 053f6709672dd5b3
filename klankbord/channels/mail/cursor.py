"""Where we are in a mailbox: decides, without any network, which messages are still to be read.

A message is known by its UID within one UIDVALIDITY (RFC 3501 section 2.3.1.1). Servers should make a message
visible in the order of its UID but some do not, so the last stretch of UIDs is compared again at every look.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from klankbord.channels.contract import Json
from klankbord.channels.mail.client import Listed

FIRST_OVERLAP = timedelta(hours=24)
LOOK_BACK = 50


@dataclass(frozen=True, slots=True)
class Position:
    """How far a folder was read.

    ``uid``: everything up to here is done. ``recent``: the done UIDs of the last stretch. Messages up to UID ``old``
    were there before us and count only when received at or after ``since``. ``at``: the last look.
    """

    validity: int
    uid: int
    since: datetime
    old: int
    at: datetime
    recent: frozenset[int] = field(default_factory=frozenset)

    @classmethod
    def load(cls, cursor: Json) -> Position:
        return cls(
            validity=int(cursor["validity"]),
            uid=int(cursor["uid"]),
            since=datetime.fromisoformat(cursor["since"]),
            old=int(cursor["old"]),
            at=datetime.fromisoformat(cursor["at"]),
            recent=frozenset(int(uid) for uid in cursor["recent"]),
        )

    def dump(self) -> Json:
        return {
            "validity": self.validity,
            "uid": self.uid,
            "since": self.since.astimezone(UTC).isoformat(),
            "old": self.old,
            "at": self.at.astimezone(UTC).isoformat(),
            "recent": sorted(self.recent),
        }

    @classmethod
    def first(cls, validity: int, uid_next: int, uids_of_last_days: list[int], now: datetime) -> Position:
        """From now on, with the last 24 hours for good measure."""
        start = min(uids_of_last_days, default=uid_next) - 1
        return cls(validity=validity, uid=start, since=now - FIRST_OVERLAP, old=uid_next - 1, at=now)

    def renumbered(self, validity: int, uid_next: int) -> Position:
        """The server numbered the folder anew: read it all again, what was known is recognised by its Message-ID."""
        return replace(self, validity=validity, uid=0, old=uid_next - 1, recent=frozenset())

    @property
    def start(self) -> int:
        """The first UID to list."""
        return max(1, self.uid - LOOK_BACK + 1)

    def wanted(self, listed: Iterable[Listed]) -> list[Listed]:
        """Those not yet done and not older than our beginning."""
        return [
            one
            for one in listed
            if one.uid not in self.recent and not (one.uid <= self.old and one.received < self.since)
        ]

    def moved(self, up_to: int, handled: Iterable[int]) -> Position:
        """The position after ``handled`` were read and everything up to ``up_to`` was seen."""
        uid = max(self.uid, up_to)
        recent = frozenset(one for one in (*self.recent, *handled) if one > uid - LOOK_BACK)
        return replace(self, uid=uid, recent=recent)
