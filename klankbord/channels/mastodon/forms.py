"""What an administrator fills in to connect a fediverse account."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from klankbord.base.outside.network import allowed_hosts, is_allowed
from klankbord.channels.contract import Json


class SettingsForm(forms.Form):
    """Settings and secret of one account. ``initial`` takes earlier settings, ``stored`` the earlier secrets."""

    server = forms.CharField(
        label=_("Server"),
        max_length=253,
        help_text=_("The server where your organisation has its account, for instance social.gemeente.example."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    account = forms.CharField(
        label=_("Account name"),
        max_length=100,
        help_text=_("The name of the account on that server, without the server: for instance gemeente."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    token = forms.CharField(
        label=_("Access token"),
        max_length=500,
        required=False,
        help_text=_(
            "Log in at the server with this account. Go to Preferences, Development, New application."
            " Call it Klankbord and tick the rights “read” and “write”. Save it, open it and copy"
            " “Your access token”. We keep it encrypted."
        ),
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, stored: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = stored or {}
        self.fields["token"].required = not self.stored
        self.fields["token"].error_messages["required"] = _("Fill in the access token.")

    def clean_server(self) -> str:
        """The server's own address, from whatever people paste: a name, a page, a handle."""
        given = str(self.cleaned_data["server"]).strip()
        if "://" not in given:
            given = f"https://{given.rpartition('@')[2]}"
        try:
            parts = urlsplit(given.lower())
            host, port = parts.hostname or "", parts.port
        except ValueError:
            host, port, parts = "", None, urlsplit("")
        if not re.fullmatch(r"[a-z0-9-]+(\.[a-z0-9-]+)+", host):
            raise forms.ValidationError(_("This is not the address of a server."))
        inside = is_allowed(host, port or 80, allowed_hosts())
        if parts.scheme != "https" and not (parts.scheme == "http" and inside):
            raise forms.ValidationError(_("Only a secure address works: it begins with https."))
        return f"{parts.scheme}://{host}" + (f":{port}" if port else "")

    def clean_account(self) -> str:
        name = str(self.cleaned_data["account"]).strip().lstrip("@").partition("@")[0]
        if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
            raise forms.ValidationError(_("This is not the name of an account."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        token = str(data.get("token") or "").strip()
        if not token and "server" in data and data["server"] == self.initial.get("server"):
            # The token that was filled in earlier does not travel along to another server.
            token = self.stored.get("token", "")
        if not token and "token" not in self.errors:
            self.add_error("token", _("Fill in the access token."))
        elif not token.isascii() or not token.isprintable() or " " in token:
            self.add_error("token", _("This is not an access token. Copy it again, without spaces."))
        data["token"] = token
        return data

    def to_settings(self) -> tuple[Json, dict[str, str]]:
        """The settings, and apart from them the secret, of a form that is valid."""
        data = self.cleaned_data
        return {"server": data["server"], "account": data["account"]}, {"token": data["token"]}
