"""Who we are in the mail world: our own address and the Message-IDs that we make."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.message import Message
from email.utils import getaddresses

from klankbord.channels.mail.words import decode_words, header, one_line

_ADDRESS = re.compile(r"[^\s<>@\"(),:;\\\[\]]{1,64}@[^\s<>@\"(),:;\\\[\]]{1,253}")
_CLIENT_ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_NAME_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Party:
    """A mail address in lower case with the name that was written beside it."""

    address: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Own:
    """Our own address, as far as recognising ourselves goes."""

    address: str

    @property
    def domain(self) -> str:
        return self.address.rpartition("@")[2].lower()

    def message_id(self, client_id: str) -> str:
        """The Message-ID, without brackets, of the answer with this client id.

        The prefix keeps it apart from Apple Mail, which also writes a UUID before the domain.
        """
        return f"klankbord.{client_id.lower()}@{self.domain}"

    def is_ours(self, message_id: str) -> bool:
        """Whether we made this Message-ID."""
        return bool(re.fullmatch(rf"klankbord\.{_CLIENT_ID}@{re.escape(self.domain)}", message_id.strip("<> ").lower()))

    def ids_in(self, text: str) -> list[str]:
        """Our own Message-IDs that occur in a text."""
        return re.findall(rf"klankbord\.{_CLIENT_ID}@{re.escape(self.domain)}(?![\w.-])", text.lower())

    def is_me(self, address: str) -> bool:
        return address.lower() == self.address.lower()


def valid_client_id(client_id: str) -> bool:
    return bool(re.fullmatch(_CLIENT_ID, client_id.lower()))


def valid_address(address: str) -> bool:
    """Whether this is a plain address that can be written to; quoted local parts are not supported."""
    return len(address) <= 254 and bool(_ADDRESS.fullmatch(address)) and address.isprintable()


def parties(message: Message, name: str) -> list[Party]:
    """The usable addresses in one header, in order."""
    value = header(message, name)
    if not value:
        return []
    try:
        found = getaddresses([value])
    except (RecursionError, IndexError, ValueError):
        found = []
    people = [_party(address, shown) for shown, address in found]
    usable = [one for one in people if one]
    if usable:
        return usable
    rescued = [_party(address, value.partition("<")[0]) for address in _ADDRESS.findall(value)[-1:]]
    return [one for one in rescued if one]


def _party(address: str, shown: str) -> Party | None:
    plain = one_line(address, 320).lower()
    if not valid_address(plain):
        return None
    return Party(plain, one_line(decode_words(shown), _NAME_LIMIT).strip("\"' "))
