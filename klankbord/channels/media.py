"""Fetching the files that a message points to."""

from __future__ import annotations

from django.utils.translation import gettext as _

from klankbord.base.outside.http import Limits, Outside, OutsideError
from klankbord.channels.contract import ChannelError


def fetch_media(url: str, largest: int) -> bytes:
    """The content of a file, at most ``largest`` bytes, never from a private address. ChannelError with a sentence."""
    try:
        with Outside() as outside:
            answer = outside.request("GET", url, limits=Limits(size=largest))
    except OutsideError as problem:
        raise ChannelError(str(problem)) from problem
    if not answer.ok:
        raise ChannelError(_("The network no longer has this file."))
    return answer.body
