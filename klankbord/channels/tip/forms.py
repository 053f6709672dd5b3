"""What an administrator fills in to let colleagues take down calls and tips: nothing but the name of the channel."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from klankbord.channels.contract import Json


class SettingsForm(forms.Form):
    """No settings: only an identity of its own, which it keeps."""

    def __init__(self, *args: Any, stored: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.id = str((kwargs.get("initial") or {}).get("id") or uuid.uuid4())

    def to_settings(self) -> tuple[Json, dict[str, str]]:
        return {"id": self.id}, {}
