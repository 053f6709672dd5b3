"""The identity provider of this installation, as the environment names it (OpenID Connect).

Whoever runs the installation decides who may say who somebody is, for all organisations in it; so this stands in the
environment and not on a page. Which group gets which roles is up to each organisation, on its own page.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from klankbord.base.language import gettext as _
from klankbord.base.problem import Problem

PROVIDER_ID = "sso"
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Provider:
    """Where somebody logs in instead of here. ``second_step``: claims (acr or amr, value) that prove one."""

    address: str
    client: str
    secret: str
    name: str
    groups: str
    scopes: tuple[str, ...]
    second_step: tuple[tuple[str, str], ...]


def configured(environment: Mapping[str, str]) -> Provider | None:
    """The provider these variables name; None without an address. Raises Problem when something is missing."""
    address = environment.get("KLANKBORD_OIDC_ADDRESS", "").rstrip("/")
    if not address:
        return None
    parts = urlsplit(address)
    if not parts.hostname or (parts.scheme != "https" and parts.hostname not in LOOPBACK):
        raise Problem(_("KLANKBORD_OIDC_ADDRESS must be an address that begins with https://."))
    client, secret = environment.get("KLANKBORD_OIDC_CLIENT", ""), _secret(environment)
    if not client or not secret:
        raise Problem(
            _(
                "KLANKBORD_OIDC_ADDRESS is set, but KLANKBORD_OIDC_CLIENT or the secret (KLANKBORD_OIDC_SECRET_FILE)"
                " is not."
            )
        )
    return Provider(
        address=address,
        client=client,
        secret=secret,
        name=environment.get("KLANKBORD_OIDC_NAME", "") or parts.hostname,
        groups=environment.get("KLANKBORD_OIDC_GROUPS", "") or "groups",
        scopes=tuple((environment.get("KLANKBORD_OIDC_SCOPES", "") or "openid profile email").split()),
        second_step=_proofs(environment.get("KLANKBORD_OIDC_SECOND_STEP", "")),
    )


def _secret(environment: Mapping[str, str]) -> str:
    path = environment.get("KLANKBORD_OIDC_SECRET_FILE", "")
    if not path:
        return environment.get("KLANKBORD_OIDC_SECRET", "")
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise Problem(_("The file {path} of KLANKBORD_OIDC_SECRET_FILE cannot be read.").format(path=path)) from None


def _proofs(text: str) -> tuple[tuple[str, str], ...]:
    """``amr=mfa acr=https://refeds.org/profile/mfa`` as pairs."""
    pairs = tuple((name, value) for name, _is, value in (word.partition("=") for word in text.split()))
    if any(name not in ("acr", "amr") or not value for name, value in pairs):
        raise Problem(_("KLANKBORD_OIDC_SECOND_STEP holds words such as amr=mfa or acr=…, with spaces between them."))
    return pairs


def proves_second_step(claims: Mapping[str, Any], wanted: tuple[tuple[str, str], ...]) -> bool:
    """Whether the provider says that it asked for more than a password, in one of the ways that count here."""
    for name, value in wanted:
        said = claims.get(name)
        if value in (said if isinstance(said, list) else [said]):
            return True
    return False


def for_allauth(provider: Provider | None) -> dict[str, Any]:
    """The setting SOCIALACCOUNT_PROVIDERS."""
    if provider is None:
        return {}
    app = {
        "provider_id": PROVIDER_ID,
        "name": provider.name,
        "client_id": provider.client,
        "secret": provider.secret,
        "settings": {
            "server_url": provider.address,
            "oauth_pkce_enabled": True,
            "scope": list(provider.scopes),
        },
    }
    return {"openid_connect": {"APPS": [app]}}
