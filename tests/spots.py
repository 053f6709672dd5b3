"""What to try at an address of the house, for ``test_fence_everywhere``; and the addresses of the log-in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Spot:
    """What to try at one address."""

    ids: str = ""
    """Which things its number stands for; empty: no number in it."""
    may: frozenset[str] = frozenset()
    """Who may post there in Klankendam; in Luisterveen nobody of these may."""
    questions: tuple[str, ...] = ("",)
    """What is asked behind the address."""
    filled: str = ""
    """The address itself, where something else than a number stands in it."""
    untried: str = ""
    """Why it cannot be tried like this."""


def by(*who: str) -> frozenset[str]:
    return frozenset(who)


OF_A_HOUSE = ("?organisation={klankendam}", "?organisation={luisterveen}", "")

# About ways to log in; what django-allauth shows is about the one who is logged in and nobody else.
LOG_IN: dict[str, Spot] = {
    "people/<int:pk>/second-step": Spot("membership", by("chantal")),
    "people/groups": Spot(may=by("chantal"), questions=OF_A_HOUSE),
    "people/groups/<int:pk>/remove": Spot("group", by("chantal")),
    "me/logged-in": Spot(),
    "me/logged-in/end": Spot(),
    "me/logged-in/end-others": Spot(untried="writes in the log that it was done: tenancy/tests/test_sessions.py"),
    # numbers of keys: the row of another is not found, and theirs are made in klankbord/project/tests/test_passkeys.py
    "accounts/2fa/webauthn/keys/<int:pk>/edit/": Spot("membership"),
    "accounts/2fa/webauthn/keys/<int:pk>/remove/": Spot("membership"),
    "metrics": Spot(),
    "accounts/oidc/<slug:provider_id>/login/": Spot(filled="accounts/oidc/sso/login/"),
    "accounts/oidc/<slug:provider_id>/login/callback/": Spot(filled="accounts/oidc/sso/login/callback/"),
}
OF_ONESELF = """
2fa/webauthn/ 2fa/webauthn/add/ 2fa/webauthn/login/ 2fa/webauthn/reauthenticate/ oidc/cancelled/ oidc/leave/
"""
LOG_IN |= {f"accounts/{address}": Spot() for address in OF_ONESELF.split()}

# What an organisation follows and what that found.
DOSSIERS = {
    "dossiers/": Spot(questions=OF_A_HOUSE),
    "dossiers/new": Spot(may=by("bram"), questions=OF_A_HOUSE),
    "dossiers/explain": Spot(questions=OF_A_HOUSE),
    "dossiers/wider": Spot(questions=OF_A_HOUSE),
    "dossiers/privacy": Spot(may=by("fatma"), questions=OF_A_HOUSE),
    "dossiers/processing": Spot(questions=OF_A_HOUSE),
    "dossiers/dpia": Spot(questions=OF_A_HOUSE),
    "dossiers/<int:pk>/": Spot("dossier"),
    "dossiers/<int:pk>/change": Spot("dossier", by("bram")),
    "dossiers/<int:pk>/start": Spot("dossier", by("bram")),
    "dossiers/<int:pk>/end": Spot("dossier", by("bram", "fatma")),
    "dossiers/<int:pk>/sign": Spot("dossier", by("fatma")),
    "dossiers/<int:pk>/open": Spot("dossier"),
    "dossiers/<int:pk>/finds": Spot("dossier"),
    "dossiers/<int:pk>/noise": Spot("dossier", by("bram", "amal", "fatma")),
    "dossiers/<int:pk>/sharper": Spot("dossier"),
    "dossiers/<int:pk>/source": Spot("dossier", by("bram", "amal", "fatma")),
    "dossiers/<int:pk>/note": Spot("dossier", by("bram")),
    "dossiers/<int:pk>/follow": Spot("dossier", by("bram", "amal", "fatma")),
    "dossiers/<int:pk>/export": Spot("dossier", by("bram", "amal", "fatma")),
    # for everybody on purpose: the names of dossiers that run, without messages
    "privacy/person": Spot(may=by("fatma"), questions=OF_A_HOUSE),
    "register/<int:pk>": Spot("organisation", untried="shows dossiers to everybody: listening/tests/test_register.py"),
}
