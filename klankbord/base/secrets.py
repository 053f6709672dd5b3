"""The secrets of one installation: made once, kept in one file that only its owner can read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from klankbord.base.language import gettext as _
from klankbord.base.problem import Problem


def _password() -> str:
    return secrets.token_urlsafe(32)


def _key() -> str:
    return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")


def _code() -> str:
    """Four times four signs that people can read aloud: no O beside 0, no I beside 1; 80 bits."""
    signs = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
    return "-".join("".join(secrets.choice(signs) for _sign in range(4)) for _group in range(4))


_RECIPES: dict[str, Callable[[], str]] = {
    "database_owner_password": _password,
    "database_app_password": _password,
    "django_secret_key": lambda: secrets.token_urlsafe(50),
    "field_encryption_key": _key,
    "setup_code": _code,
}


def secrets_path(data_dir: Path) -> Path:
    """The file with secrets of this data folder; ``KLANKBORD_SECRET_FILE`` points elsewhere."""
    chosen = os.environ.get("KLANKBORD_SECRET_FILE")
    return Path(chosen) if chosen else data_dir / "secrets.json"


def read_secrets(path: Path) -> dict[str, str]:
    """Every secret by name; those that do not exist yet are made and stored (file mode 0600) first."""
    known = _parse(path)
    missing = {name: make() for name, make in _RECIPES.items() if name not in known}
    if not missing:
        return known
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(known | missing, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    try:
        if known:
            os.replace(fresh, path)
        else:
            os.link(fresh, path)
            fresh.unlink()
    except FileExistsError:
        # Two processes made the first file at the same moment: the one that was there first counts for both.
        fresh.unlink()
    return _parse(path)


def _parse(path: Path) -> dict[str, str]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except PermissionError:
        raise Problem(
            _(
                "The file with secrets {path} cannot be read by this user. Run Klankbord as the user who owns it."
            ).format(path=path)
        ) from None
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise Problem(
            _("The file with secrets {path} is damaged. Nothing was changed. Put it back from a backup.").format(
                path=path
            )
        )
    return {str(name): str(value) for name, value in found.items()}
