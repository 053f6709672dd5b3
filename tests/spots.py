"""What to try at each address of the house, for ``test_fence_everywhere``."""

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
    "dossiers/networks": Spot(questions=OF_A_HOUSE),
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
    "dossiers/<int:pk>/archive": Spot("dossier"),
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

LISTS = ("", "?view=all", "?view=mine", "?view=closed", "?q=lantaarn", "?organisation={luisterveen}&view=all")
SPOTS: dict[str, Spot] = {
    "": Spot(),
    "first-day/": Spot(questions=("", "?new=1")),
    "first-day/organisation": Spot(questions=("", "?q=l")),
    "first-day/administrator": Spot(),
    "first-day/installation": Spot(),
    "first-day/demo": Spot(),
    "first-day/done": Spot(),
    "join/<str:token>": Spot(filled="join/geraden"),
    "health": Spot(),
    **{address: Spot() for address in ("take-in/", "take-in/file")},  # see intake/tests/test_by_hand.py
    "contact/<slug:word>-<int:pk>/": Spot("channel", filled="contact/x-<int:pk>/"),
    "contact/<slug:word>-<int:pk>/thanks/<str:ticket>": Spot("channel", filled="contact/x-<int:pk>/thanks/geraden"),
    "desk/": Spot(questions=LISTS),
    "desk/lists": Spot(questions=LISTS),
    "desk/presence": Spot(),
    "desk/live": Spot(untried="a stream without end: inbox/tests/test_live.py"),
    "desk/file/<int:pk>": Spot("file"),
    "desk/<int:pk>": Spot("conversation"),
    "desk/<int:pk>/row": Spot("conversation", questions=LISTS[:2]),
    "desk/<int:pk>/posts": Spot("conversation", questions=("", "?after=0")),
    "desk/<int:pk>/resident": Spot("conversation"),
    "desk/<int:pk>/reason": Spot("conversation", by("fatma")),
    "people/": Spot(questions=OF_A_HOUSE),
    "people/invite": Spot(may=by("chantal"), questions=OF_A_HOUSE),
    "people/invitation/<int:pk>/withdraw": Spot("invitation", by("chantal")),
    "people/invitation/<int:pk>/renew": Spot("invitation", by("chantal")),
    "people/<int:pk>": Spot("membership", by("chantal")),
    "people/<int:pk>/end": Spot("membership", by("chantal")),
    "people/teams": Spot(may=by("chantal"), questions=OF_A_HOUSE),
    "audit/": Spot(questions=OF_A_HOUSE),
    "channels/": Spot(questions=OF_A_HOUSE),
    "channels/connect/<slug:kind>": Spot(may=by("chantal"), questions=OF_A_HOUSE, filled="channels/connect/paper"),
    "channels/<int:pk>/": Spot("channel"),
    "channels/<int:pk>/settings": Spot("channel", by("chantal")),
    "channels/<int:pk>/switch": Spot("channel", by("chantal")),
    "channels/<int:pk>/replay": Spot("channel", by("chantal")),
    "exercises/": Spot(may=by("chantal"), questions=OF_A_HOUSE),
    "exercises/<slug:key>/": Spot(filled="exercises/geraden/"),
    **{
        f"exercises/<slug:key>/{act}": Spot(filled=f"exercises/geraden/{act}")
        for act in ("state", "start", "pause", "speed", "back")
    },
    "people/mandates": Spot(questions=OF_A_HOUSE),
    "people/mandates/give": Spot(may=by("chantal"), questions=OF_A_HOUSE),
    "people/mandates/<int:pk>/end": Spot("mandate"),
    # a post without a choice does nothing: project/tests/test_house_style.py
    "house-style/": Spot(questions=OF_A_HOUSE),
    "house-style/<int:pk>/theme.css": Spot("channel"),
    "house-style/<int:pk>/logo": Spot("channel"),
    # on the first day the administrator may, when there is nobody else yet
    "place/": Spot(may=by("chantal", "bram"), questions=OF_A_HOUSE),
    **DOSSIERS,
    "accounts/logout/": Spot(untried="ends the very session it is tried with"),
    "accounts/^confirm-email/(?P<key>[-:\\w]+)/$": Spot(filled="accounts/confirm-email/geraden/"),
    "accounts/^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$": Spot(
        filled="accounts/password/reset/key/1-geraden/"
    ),
    **{address: Spot() for address in ("manifest.webmanifest", "service-worker.js", "offline")},
    "preferences": Spot(untried="changes what belongs to nobody else: project/tests/test_preferences.py"),
}
AT_THE_DESK = "seen reply note assign close reopen draft/reply draft/note here away"
SPOTS |= {f"desk/<int:pk>/{act}": Spot("conversation", by("amal")) for act in AT_THE_DESK.split()}
DECIDED = ("delivery/lookup", "delivery/confirm", "delivery/resend", "step/undo", "draft/take", "draft/drop")
SPOTS |= {f"desk/{d.replace('/', '/<int:pk>/')}": Spot(d.partition("/")[0], by("amal")) for d in DECIDED}
# django-allauth: about the one who is logged in and nobody else.
OF_THE_READER = """
login/ inactive/ signup/ reauthenticate/ email/ confirm-email/ password/change/ password/set/ password/reset/
login/code/confirm/ password/reset/key/done/ password/reset/done/ 2fa/ 2fa/authenticate/ 2fa/reauthenticate/
2fa/totp/activate/ 2fa/totp/deactivate/ 2fa/recovery-codes/ 2fa/recovery-codes/generate/ 2fa/recovery-codes/download/
"""
SPOTS |= {f"accounts/{address}": Spot() for address in OF_THE_READER.split()} | LOG_IN
