"""What an administrator fills in to connect a mailbox: mostly an address, a host and a password."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from klankbord.base.outside.mail import Security
from klankbord.channels.contract import Json
from klankbord.channels.mail.sending_fields import SECURITIES, SendingFields, password_field, port_field

IMAP_PORTS = {Security.SSL: 993, Security.STARTTLS: 143, Security.NONE: 143}
PASSWORDS = ("imap_password", "smtp_password")


class SettingsForm(SendingFields):
    """Settings and secrets of one mailbox."""

    address = forms.EmailField(
        label=_("Mail address"), max_length=254, help_text=_("The address to which residents write.")
    )
    imap_host = forms.CharField(
        label=_("Mail server for reading (IMAP)"), max_length=253, help_text=_("For instance imap.gemeente.example.")
    )
    imap_security = forms.ChoiceField(
        label=_("Encryption when reading"), choices=SECURITIES, required=False, initial=Security.SSL.value
    )
    imap_port = port_field(_("Port for reading"))
    imap_user = forms.CharField(
        label=_("User name"), max_length=254, required=False, help_text=_("Leave empty when it is the mail address.")
    )
    imap_password = password_field(_("Password"), _("The password of this mailbox, often an app password."))
    imap_folder = forms.CharField(
        label=_("Folder"),
        max_length=250,
        required=False,
        initial="INBOX",
        help_text=_("INBOX is the ordinary folder for new mail."),
    )
    smtp_login = forms.BooleanField(label=_("The server for sending asks for a password"), required=False, initial=True)

    field_order = (
        "address", "display_name",
        "imap_host", "imap_security", "imap_port", "imap_user", "imap_password", "imap_folder",
        "smtp_host", "smtp_security", "smtp_port", "smtp_user", "smtp_password", "smtp_login",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["imap_password"].required = not self.stored
        self.fields["imap_password"].error_messages["required"] = _("Fill in the password of the mailbox.")
        self.fields["smtp_host"].required = False
        self.fields["smtp_host"].help_text = _(
            "Leave empty when it has the same name as the server for reading, with smtp instead of imap."
        )
        for name in ("smtp_user", "smtp_password"):
            self.fields[name].help_text = _("Leave empty when it is the same as for reading.")

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for which in ("imap", "smtp"):
            self.refuse_unprintable(which, data)
        if self.errors:
            return data
        self._fill_in(data)
        for which in ("imap", "smtp"):
            self.refuse_unencrypted(which, data)
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
        data["smtp_host"] = data["smtp_host"].strip() or guessed
        self.fill_in_sending(data)
        data["imap_password"] = data["imap_password"] or self.kept("imap", data)
        if data["smtp_login"]:
            data["smtp_user"] = data["smtp_user"] or data["imap_user"]
            same_user = data["smtp_user"] == data["imap_user"]
            typed = data["smtp_password"] or (data["imap_password"] if same_user else "")
            data["smtp_password"] = typed or self.kept("smtp", data)
        else:
            data["smtp_user"] = data["smtp_password"] = ""
