"""Every address of the house is behind the fence, or in a list that says why it is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

# By address, or by what it begins with when the addresses behind it are not ours.
WITHOUT_FENCE = {
    "": "leads to the desk, shows nothing itself",
    "first-day/": "asks for the set-up code, before anybody is somebody; later steps of it are fenced",
    "first-day/organisation": "the same: the choice is kept in the session until the administrator is made",
    "first-day/administrator": "the same: makes the first member of an organisation",
    "join/<str:token>": "who has the link of an invitation has no account yet",
    "contact/<slug:word>-<int:pk>/": "the front door of residents: shows what a definer function tells anybody",
    "contact/<slug:word>-<int:pk>/thanks/<str:ticket>": "the same: what stands there comes from the signed ticket",
    "house-style/<int:pk>/theme.css": "colours and letters that the public pages of an organisation wear",
    "house-style/<int:pk>/logo": "the same: its logo",
    "register/<int:pk>": "everybody may read what an organisation follows and why; it holds no persons",
    "health": "figures about parts of this installation, for whoever watches over it",
    "metrics": "figures about this installation as a whole, for whoever watches over it",
    "accounts/": "django-allauth: logging in, before anybody is somebody",
    "preferences": "the own language, display and keys: a stranger's in a cookie, an account's inside the fence",
    "manifest.webmanifest": "how the house looks on the start screen of a phone; the same for everybody",
    "service-worker.js": "the script that shows the page below; the same for everybody",
    "offline": "what a phone without a connection shows; the same for everybody",
    "desk/live": "a stream of ids; it asks the fence itself at each event, since a transaction cannot last that long",
}


def addresses(resolver: URLResolver | None = None, before: str = "") -> Iterator[tuple[str, URLPattern]]:
    for pattern in (resolver or get_resolver()).url_patterns:
        address = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from addresses(pattern, address)
        else:
            yield address, pattern


OF_OTHERS = ("accounts/",)


def reason(address: str) -> str:
    """The line in the list that lets this address be, or the address itself."""
    return next((prefix for prefix in OF_OTHERS if address.startswith(prefix)), address)


FOUND = dict(addresses())


@pytest.mark.parametrize("address", FOUND)
def test_an_address_is_fenced_or_on_the_list(address: str) -> None:
    fenced = getattr(FOUND[address].callback, "is_fenced", False)
    listed = reason(address) in WITHOUT_FENCE
    assert fenced or listed, f"decorate the view of /{address} with tenancy.fence.inside, or say above why not"
    assert not (fenced and listed), f"/{address} is fenced: take it off the list"


def test_the_list_holds_nothing_that_is_gone() -> None:
    assert {reason(address) for address in FOUND} >= set(WITHOUT_FENCE)
