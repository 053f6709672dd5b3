"""Fetching the files that a message points to."""

from __future__ import annotations

from django.utils.translation import gettext as _

from klankbord.base.outside.http import Blocked, Limits, Outside, OutsideError, TooLarge
from klankbord.channels.contract import ChannelError, NotSent


def fetch_media(url: str, largest: int) -> bytes:
    """The content of a file, at most ``largest`` bytes, never from a private address.

    NotSent when trying again later may help, another ChannelError when not, each with a sentence.
    """
    try:
        with Outside() as outside:
            answer = outside.request("GET", url, limits=Limits(size=largest))
    except (Blocked, TooLarge) as problem:
        raise ChannelError(str(problem)) from problem
    except OutsideError as problem:
        raise NotSent(str(problem)) from problem
    if answer.status >= 500 or answer.status in (408, 425, 429):
        raise NotSent(_("The network cannot give this file now."), answer.retry_after())
    if not answer.ok:
        raise ChannelError(_("The network no longer has this file."))
    return answer.body
