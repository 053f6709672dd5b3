"""What was not said to us is kept without who said it: a pseudonym, a masked text, an address behind a seal.

Pure but for the keys of the installation; who asks what is held is ``intake/flow.py``.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields, replace

from klankbord.base.keyed_hash import keyed_hash, seal
from klankbord.base.text.clean import safe_text
from klankbord.base.text.masking import mask
from klankbord.base.text.rounding import rounded
from klankbord.channels.contract import AuthorData, PostArrived

FIND = "vondst:"
SOMEBODY = "iemand:"


@dataclass(frozen=True, slots=True)
class Overheard(PostArrived):
    """A message that was not addressed to us, without its author. ``source`` is sealed.

    ``heard_uri`` and ``heard_at``, its address, are never kept: threads and queries ask for them while it comes in.
    """

    heard_uri: str = ""
    heard_at: str = ""
    source: str = ""


def find_uri(organisation_id: int, uri: str) -> str:
    """The name under which a find is kept: it recognises the same message again and tells nobody where it stands."""
    return FIND + keyed_hash(organisation_id, "uri", uri)


def pseudonym(organisation_id: int, kind: str, network_id: str) -> str:
    """Who said it, without saying who: the same person on the same network is the same for one organisation only."""
    return SOMEBODY + keyed_hash(organisation_id, "author", f"{kind} {network_id}")


def cover(event: PostArrived, known: Collection[str]) -> PostArrived:
    """The message with what points at one person or door covered: dossiers are held against this, and this is kept.

    ``known``: accounts that stay readable, folded.
    """
    return replace(
        event,
        text=_covered(event.text, known),
        subject=_covered(event.subject, known),
        warning=_covered(event.warning, known),
        matched_text=_covered(event.matched_text, known),
    )


def _covered(text: str, known: Collection[str]) -> str:
    return rounded(mask(safe_text(text), known))


def disguise(event: PostArrived, organisation_id: int, kind: str, *, in_our_thread: bool) -> Overheard:
    """A covered message as it may be kept: without name, files, markup and address.

    In a thread that somebody began with us the addresses of that thread are ours already and stay, so that it hangs
    together on the desk.
    """

    def named(uri: str) -> str:
        return uri if in_our_thread or not uri else find_uri(organisation_id, uri)

    same = {one.name: getattr(event, one.name) for one in fields(PostArrived)}
    return Overheard(
        **same
        | {
            "uri": find_uri(organisation_id, event.uri),
            "author": AuthorData(pseudonym(organisation_id, kind, event.author.network_id), ""),
            "parent_uri": named(event.parent_uri),
            "root_uri": named(event.root_uri),
            "html": "",
            "quoted": "",
            "web_url": "",
            "attachments": (),
            "reply_data": {},
        },
        heard_uri=event.uri,
        heard_at=event.web_url or event.uri,
        source=seal(organisation_id, event.web_url or event.uri),
    )
