"""What an administrator fills in to connect a mailbox: mostly an address, a host and a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from klankbord.base.outside.mail import Security, is_loopback
from klankbord.channels.contract import Json
from klankbord.channels.mail.identity import valid_address

SECURITIES = [
    (Security.SSL.value, _("Encrypted from the first byte (SSL/TLS)")),
    (Security.STARTTLS.value, _("Encrypted after a greeting (STARTTLS)")),
    (Security.NONE.value, _("Not encrypted (only a mail server on this very machine)")),
]
IMAP_PORTS = {Security.SSL: 993, Security.STARTTLS: 143, Security.NONE: 143}
SMTP_PORTS = {Security.SSL: 465, Security.STARTTLS: 587, Security.NONE: 25}
PASSWORDS = ("imap_password", "smtp_password")


def _password(label: Any, help_text: Any) -> forms.CharField:
    widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"})
    return forms.CharField(label=label, required=False, strip=False, widget=widget, help_text=help_text)


class SettingsForm(forms.Form):
    """Settings and secrets of one mailbox. ``initial`` takes earlier settings, ``stored`` the earlier secrets."""

    address = forms.EmailField(
        label=_("Mail address"), max_length=254, help_text=_("The address to which residents write.")
    )
    display_name = forms.CharField(
        label=_("Name of the sender"),
        max_length=100,
        required=False,
        help_text=_("Residents see this name beside the address, for instance the name of your municipality."),
    )
    imap_host = forms.CharField(
        label=_("Mail server for reading (IMAP)"), max_length=253, help_text=_("For instance imap.gemeente.example.")
    )
    imap_security = forms.ChoiceField(
        label=_("Encryption when reading"), choices=SECURITIES, required=False, initial=Security.SSL.value
    )
    imap_port = forms.IntegerField(
        label=_("Port for reading"),
        min_value=1,
        max_value=65535,
        required=False,
        help_text=_("Leave empty for the usual port."),
    )
    imap_user = forms.CharField(
        label=_("User name"), max_length=254, required=False, help_text=_("Leave empty when it is the mail address.")
    )
    imap_password = _password(_("Password"), _("The password of this mailbox, often an app password."))
    imap_folder = forms.CharField(
        label=_("Folder"),
        max_length=250,
        required=False,
        initial="INBOX",
        help_text=_("INBOX is the ordinary folder for new mail."),
    )
    smtp_host = forms.CharField(
        label=_("Mail server for sending (SMTP)"),
        max_length=253,
        required=False,
        help_text=_("Leave empty when it has the same name as the server for reading, with smtp instead of imap."),
    )
    smtp_security = forms.ChoiceField(
        label=_("Encryption when sending"), choices=SECURITIES, required=False, initial=Security.STARTTLS.value
    )
    smtp_port = forms.IntegerField(
        label=_("Port for sending"),
        min_value=1,
        max_value=65535,
        required=False,
        help_text=_("Leave empty for the usual port."),
    )
    smtp_user = forms.CharField(
        label=_("User name for sending"),
        max_length=254,
        required=False,
        help_text=_("Leave empty when it is the same as for reading."),
    )
    smtp_password = _password(_("Password for sending"), _("Leave empty when it is the same as for reading."))
    smtp_login = forms.BooleanField(label=_("The server for sending asks for a password"), required=False, initial=True)
    copy_to_self = forms.BooleanField(
        label=_("Send a copy of each answer to this mailbox"),
        required=False,
        initial=True,
        help_text=_("With this copy we can prove that an answer was sent. Leave this on if you can."),
    )
    signature = forms.CharField(
        label=_("Signature"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("This is put below each answer."),
    )

    def __init__(self, *args: Any, stored: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = stored or {}
        self.fields["imap_password"].required = not self.stored
        self.fields["imap_password"].error_messages["required"] = _("Fill in the password of the mailbox.")

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"]).lower()
        if not valid_address(address) or not address.isascii():
            raise forms.ValidationError(_("We cannot use this mail address."))
        return address

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for which in ("imap", "smtp"):
            for field in (f"{which}_user", f"{which}_password"):
                if not str(data.get(field) or "").isprintable():
                    self.add_error(field, _("This holds a character that cannot be in a user name or password."))
        if self.errors:
            return data
        self._fill_in(data)
        for which in ("imap", "smtp"):
            if data[f"{which}_security"] == Security.NONE and not is_loopback(data[f"{which}_host"]):
                self.add_error(
                    f"{which}_security",
                    _("Without encryption we only talk to a mail server on this very machine."),
                )
        if not data["imap_password"]:
            self.add_error("imap_password", _("Fill in the password of the mailbox."))
        return data

    def to_settings(self) -> tuple[Json, dict[str, str]]:
        """The settings, and apart from them the secrets, of a form that is valid."""
        data = self.cleaned_data
        settings = {name: data[name] for name in self.fields if name not in PASSWORDS}
        return settings, {name: data[name] for name in PASSWORDS}

    def _fill_in(self, data: dict[str, Any]) -> None:
        """Give all that was left empty the value that is right for most mailboxes."""
        host = data["imap_host"] = data["imap_host"].strip().lower()
        data["imap_security"] = data["imap_security"] or Security.SSL.value
        data["imap_port"] = data["imap_port"] or IMAP_PORTS[Security(data["imap_security"])]
        data["imap_user"] = data["imap_user"] or data["address"]
        data["imap_folder"] = data["imap_folder"] or "INBOX"
        guessed = f"smtp.{host.removeprefix('imap.')}" if host.startswith("imap.") else host
        data["smtp_host"] = data["smtp_host"].strip().lower() or guessed
        data["smtp_security"] = data["smtp_security"] or Security.STARTTLS.value
        data["smtp_port"] = data["smtp_port"] or SMTP_PORTS[Security(data["smtp_security"])]
        data["imap_password"] = data["imap_password"] or self._kept("imap", data)
        if data["smtp_login"]:
            data["smtp_user"] = data["smtp_user"] or data["imap_user"]
            same_user = data["smtp_user"] == data["imap_user"]
            typed = data["smtp_password"] or (data["imap_password"] if same_user else "")
            data["smtp_password"] = typed or self._kept("smtp", data)
        else:
            data["smtp_user"] = data["smtp_password"] = ""

    def _kept(self, which: str, data: dict[str, Any]) -> str:
        """The password filled in earlier; it does not travel along to another server."""
        same_host = self.initial.get(f"{which}_host") == data[f"{which}_host"]
        return self.stored.get(f"{which}_password", "") if same_host else ""
