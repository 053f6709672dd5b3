"""What every connector promises the house, and what the house promises every connector.

A connector is one folder under ``channels/`` with a ``channel.py`` that defines one subclass of
:class:`Connector`. It never touches the database: it is handed settings and a cursor, and hands back raw
envelopes, events and receipts. All reading and writing around it happens in ``intake``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

Json = dict[str, Any]


class Visibility(StrEnum):
    """Who can see a post on its own network, from widest to narrowest."""

    PUBLIC = "public"
    UNLISTED = "unlisted"
    FOLLOWERS = "followers"
    DIRECT = "direct"

    @property
    def private(self) -> bool:
        """True when only the people addressed (or followers) can read it; such posts never meet a dossier."""
        return self in (Visibility.FOLLOWERS, Visibility.DIRECT)


# ---- coming in -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Envelope:
    """One raw thing as the network gave it, before anybody understood it.

    ``key`` is unique and stable within the source (the same thing fetched twice has the same key);
    a changed version of the same thing (an edit) must have another key, for instance with its edit time.
    """

    key: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of time in which messages may have been missed, shown on the channel page and in reports."""

    since: datetime | None
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Batch:
    """What one ``fetch`` brought: at most a few hundred envelopes, oldest first, and where to go on.

    ``cursor`` is stored in the same transaction as the envelopes; it must be JSON. ``more`` asks for another
    fetch straight away.
    """

    envelopes: list[Envelope]
    cursor: Json
    more: bool = False
    gap: Gap | None = None


@dataclass(frozen=True, slots=True)
class AuthorData:
    """Who said it. ``network_id`` is stable and opaque (actor URI, mail address in lower case)."""

    network_id: str
    handle: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class AttachmentData:
    """A file that came along. Exactly one of ``url`` (to be fetched behind the SSRF guard) and ``content``."""

    filename: str
    content_type: str
    alt_text: str = ""
    url: str = ""
    content: bytes | None = None


@dataclass(frozen=True, slots=True)
class PostArrived:
    """A message. The same ``uri`` seen again with another text is an edit.

    ``text`` is plain text (quoted mail text left out, kept in ``quoted``); ``html`` is what the network gave,
    uncleaned: the house cleans it. ``root_uri`` is the first post of the thread as far as the connector can
    know, else empty. ``addressed`` tells that somebody speaks to us, which opens a conversation.
    """

    uri: str
    author: AuthorData
    text: str
    published_at: datetime
    visibility: Visibility = Visibility.PUBLIC
    parent_uri: str = ""
    root_uri: str = ""
    html: str = ""
    quoted: str = ""
    subject: str = ""
    warning: str = ""
    language: str = ""
    web_url: str = ""
    addressed: bool = True
    edited_at: datetime | None = None
    attachments: tuple[AttachmentData, ...] = ()
    matched_text: str = ""
    """More words by which a dossier may find it, such as the article behind a headline; never kept and never shown."""
    reply_data: Json = field(default_factory=dict)
    """What ``send`` needs later to answer this post (server-side status id, reply-to address, …)."""


@dataclass(frozen=True, slots=True)
class PostDeleted:
    """The author (or the network) took the post away: text and files go, a tombstone stays."""

    uri: str
    at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryFailed:
    """The network tells afterwards that an answer of ours did not reach anybody (a bounce)."""

    external_id: str
    reason: str
    permanent: bool


@dataclass(frozen=True, slots=True)
class DeliverySeen:
    """Our own answer came back to us over the network: proof that it was sent."""

    external_id: str


@dataclass(frozen=True, slots=True)
class Ignored:
    """Understood, and rightly not a message for people: an out-of-office, a loop, a follow. ``reason`` is shown."""

    reason: str


Event = PostArrived | PostDeleted | DeliveryFailed | DeliverySeen | Ignored


# ---- going out -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OutgoingFile:
    filename: str
    content_type: str
    content: bytes
    alt_text: str


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One answer to send, once.

    ``client_id`` is a UUID made when the colleague pressed send and never changes; a connector derives
    the message's own identity from it (Message-ID, idempotency key). ``attempted_at`` is the moment of the
    last attempt, for ``look_up``. ``to`` is the author answered, ``reply_data`` that of the post answered.
    """

    client_id: str
    text: str
    visibility: Visibility
    to: AuthorData
    parent_uri: str
    root_uri: str
    reply_data: Json
    subject: str = ""
    sender_name: str = ""
    language: str = "nl"
    files: tuple[OutgoingFile, ...] = ()
    attempted_at: datetime | None = None
    automatic: bool = False
    """True for a confirmation of receipt: the house wrote it, and says so where the network has a word for that."""

    record: bool = False
    """True when nothing is sent: a colleague told it, and this is the record of that."""

    def as_json(self) -> Json:
        """As it is kept until it is sent: files go by their hash, the moment of an attempt is not known yet."""
        content = asdict(self)
        content["files"] = []
        content.pop("attempted_at")
        return content


@dataclass(frozen=True, slots=True)
class Receipt:
    """The network's word that it has our answer. ``external_id`` is the ``uri`` others will know it by."""

    external_id: str
    web_url: str = ""
    sent_at: datetime | None = None


# ---- what can go wrong -----------------------------------------------------------------------------------


class ChannelError(Exception):
    """Something went wrong on a channel. The text is for colleagues: Dutch after translation, plain, no secrets."""


class Permanent(ChannelError):
    """It will never work like this (refused address, too long, withdrawn rights): a person must act."""


class NotSent(ChannelError):
    """It certainly did not get through and may be tried again. ``retry_after`` in seconds when the network said so."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Uncertain(ChannelError):
    """It may or may not have got through: never send again blindly, look it up."""


class Unparseable(ChannelError):
    """The raw envelope cannot be understood: it goes to quarantine, in full, until the connector is mended."""


@dataclass(frozen=True, slots=True)
class Heard:
    """One thing said in a thread as the residents see it, by one of them or by us."""

    uri: str
    root_uri: str
    name: str
    handle: str
    text: str
    at: datetime
    ours: bool


# ---- the connector itself --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class MediaLimits:
    count: int = 0
    bytes: int = 0
    types: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Lender:
    """A channel of the same organisation over which another one may send."""

    id: int
    name: str
    settings: Json


class Connector(ABC):
    """One connected account. Instances are cheap and short-lived; a connector keeps no state of its own."""

    kind: ClassVar[str]
    """Folder name and database value: ``mail``, ``mastodon``."""
    label: ClassVar[str]
    """English source string for the screen, marked for translation."""
    open_to_all: ClassVar[bool] = False
    """True when it is fetched without the access of anybody in particular: then once, for everybody who connected it.
    Otherwise each organisation fetches with its own: whose access ends hears no more, and silences nobody else."""
    can_reply: ClassVar[bool] = True
    can_wait: ClassVar[bool] = False
    """True when ``wait`` gives a hint the moment something is new."""
    has_edits: ClassVar[bool] = True
    """False where a message is what it is (mail): the same uri with other words is then a copy or a forgery."""
    can_reread: ClassVar[bool] = False
    """True when ``reread`` tells what became of posts we know: edits and deletions the network does not announce."""
    can_search: ClassVar[bool] = False
    """True when ``search`` asks the network what was said in public, without anything being kept."""
    shows_other_side: ClassVar[bool] = False
    """True when ``residents_side`` shows what the residents see: an exercise, where we play the network too."""
    has_clock: ClassVar[bool] = False
    """True when ``beat`` keeps a clock in the settings going: an exercise that goes on where it was."""
    poll_every: ClassVar[timedelta] = timedelta(seconds=30)
    loss_window: ClassVar[timedelta | None] = None
    """After how long a silence of ours the network has thrown messages away; ``None``: never."""
    reply_window: ClassVar[timedelta | None] = None
    max_length: ClassVar[int | None] = None
    visibilities: ClassVar[tuple[Visibility, ...]] = (Visibility.PUBLIC,)
    media_limits: ClassVar[MediaLimits] = MediaLimits()
    has_subject: ClassVar[bool] = False
    taken_by_hand: ClassVar[bool] = False
    """True when colleagues bring in what came by telephone, at the counter or in a file."""
    answers_are_records: ClassVar[bool] = False
    """True when a colleague tells the answer elsewhere and records here that it was told."""
    resident_page: ClassVar[str] = ""
    """Name of the address in our own house where residents write, with a word and the channel's number in it."""

    sends_over: ClassVar[str] = ""
    """Kind of channel of the same organisation that may do the sending: its number stands in the settings as ``over``.
    The ``SettingsForm`` is then given the channels there are, as ``lenders``."""
    lender: Connector | None = None
    """The connector of that channel, given where something has to be sent."""

    def __init__(self, settings: Json, secrets: dict[str, str]) -> None:
        self.settings = settings
        self.secrets = secrets

    @classmethod
    @abstractmethod
    def address(cls, settings: Json) -> str:
        """The source's own address (``imap://user@host/INBOX``), without secrets."""

    @classmethod
    def accounts(cls, settings: Json) -> tuple[str, ...]:
        """The handles by which people name this account in what they write (``@town@server.example``)."""
        return ()

    @classmethod
    def beat(cls, settings: Json, now: datetime) -> Json:
        """The settings after a sign that the house is there at ``now``; asked every few seconds."""
        return settings

    @abstractmethod
    def check(self) -> str:
        """Log in both ways without changing anything; return one sentence on what was found, or raise ChannelError."""

    @abstractmethod
    def fetch(self, cursor: Json) -> Batch:
        """Bring what is new since ``cursor`` (empty: from now on, with a little overlap). No database, no effects."""

    def wait(self, seconds: float, cursor: Json) -> bool:
        """Block until there is something new since ``cursor`` (True) or ``seconds`` have passed (False)."""
        raise NotImplementedError

    def reread(self, known: Sequence[tuple[str, Json]]) -> list[Envelope]:
        """Fetch posts we know (uri, reply_data) again; what did not change keeps its key, a deletion is an envelope."""
        raise NotImplementedError

    def search(self, words: Sequence[str]) -> list[PostArrived]:
        """Public messages that the network itself finds by one of these words or hashtags, newest first.

        It may find more than that and miss some; the house holds them against the query. Changes nothing.
        """
        raise NotImplementedError

    def residents_side(self, now: datetime) -> list[Heard]:
        """Everything said on this account up to ``now``, as the residents see it, in order of time."""
        raise NotImplementedError

    @abstractmethod
    def parse(self, body: bytes) -> list[Event]:
        """Understand one raw envelope. Pure: no network. Raises Unparseable."""

    def acknowledge(self, post: PostArrived) -> Outgoing | None:
        """A confirmation of receipt that goes out by itself, its ``client_id`` following from the post. Pure."""
        return None

    @classmethod
    def cannot_answer(cls, reply_data: Json) -> str:
        """Why this very message cannot be answered (no address was left), for the colleague; empty when it can."""
        return ""

    def identity(self, outgoing: Outgoing) -> str:
        """The ``external_id`` this answer will have, where the sender chooses it (a Message-ID); else empty."""
        return ""

    @abstractmethod
    def send(self, outgoing: Outgoing) -> Receipt:
        """Send once. Raises Permanent, NotSent or Uncertain; anything else is treated as Uncertain."""

    @abstractmethod
    def look_up(self, outgoing: Outgoing) -> Receipt | None:
        """Did this answer get through? The receipt, or None when surely not there. Raises Uncertain if unknowable."""
