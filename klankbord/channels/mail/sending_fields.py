"""What an administrator fills in about sending mail, the same for each channel that answers by mail."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from klankbord.base.outside.mail import Security, is_loopback
from klankbord.channels.mail.identity import valid_address

SECURITIES = [
    (Security.SSL.value, _("Encrypted from the first byte (SSL/TLS)")),
    (Security.STARTTLS.value, _("Encrypted after a greeting (STARTTLS)")),
    (Security.NONE.value, _("Not encrypted (only a mail server on this very machine)")),
]
SMTP_PORTS = {Security.SSL: 465, Security.STARTTLS: 587, Security.NONE: 25}


def port_field(label: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=1, max_value=65535, required=False, help_text=_("Leave empty for the usual port.")
    )


def password_field(label: Any, help_text: Any = "") -> forms.CharField:
    widget = forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"})
    return forms.CharField(label=label, required=False, strip=False, widget=widget, help_text=help_text)


class SendingFields(forms.Form):
    """Who sends, over which server. ``initial`` takes earlier settings, ``stored`` the earlier secrets."""

    address = forms.EmailField(label=_("Mail address of the sender"), max_length=254)
    display_name = forms.CharField(
        label=_("Name of the sender"),
        max_length=100,
        required=False,
        help_text=_("Residents see this name beside the address, for instance the name of your municipality."),
    )
    smtp_host = forms.CharField(label=_("Mail server for sending (SMTP)"), max_length=253)
    smtp_security = forms.ChoiceField(
        label=_("Encryption when sending"), choices=SECURITIES, required=False, initial=Security.STARTTLS.value
    )
    smtp_port = port_field(_("Port for sending"))
    smtp_user = forms.CharField(label=_("User name for sending"), max_length=254, required=False)
    smtp_password = password_field(_("Password for sending"))
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

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"]).lower()
        if not valid_address(address) or not address.isascii():
            raise forms.ValidationError(_("We cannot use this mail address."))
        return address

    def refuse_unprintable(self, which: str, data: dict[str, Any]) -> None:
        for field in (f"{which}_user", f"{which}_password"):
            if not str(data.get(field) or "").isprintable():
                self.add_error(field, _("This holds a character that cannot be in a user name or password."))

    def refuse_unencrypted(self, which: str, data: dict[str, Any]) -> None:
        if data[f"{which}_security"] == Security.NONE and not is_loopback(data[f"{which}_host"]):
            self.add_error(
                f"{which}_security", _("Without encryption we only talk to a mail server on this very machine.")
            )

    def fill_in_sending(self, data: dict[str, Any]) -> None:
        """Give what was left empty the value that is usual."""
        data["smtp_host"] = data["smtp_host"].strip().lower()
        data["smtp_security"] = data["smtp_security"] or Security.STARTTLS.value
        data["smtp_port"] = data["smtp_port"] or SMTP_PORTS[Security(data["smtp_security"])]

    def kept(self, which: str, data: dict[str, Any]) -> str:
        """The password filled in earlier; it does not travel along to another server."""
        same_host = self.initial.get(f"{which}_host") == data[f"{which}_host"]
        return self.stored.get(f"{which}_password", "") if same_host else ""
