"""What an administrator fills in to open a contact form: what stands on the page, and how answers go out."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from klankbord.base.outside.mail import Security, is_loopback
from klankbord.channels.contract import Json
from klankbord.channels.mail.forms import SECURITIES, SMTP_PORTS
from klankbord.channels.mail.identity import valid_address

PAGE = ("title", "intro", "intro_en", "ask_place", "ask_photo", "answer_days")
"""What residents see; the rest of the settings stays inside."""


def _area(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=help_text,
    )


class SettingsForm(forms.Form):
    """Settings and the one secret of a form. ``initial`` takes earlier settings, ``stored`` the earlier secret."""

    title = forms.CharField(
        label=_("Title of the page"), max_length=100, help_text=_("For instance “Stel uw vraag aan de gemeente”.")
    )
    intro = _area(
        _("Text at the top"),
        _(
            "What can residents ask here, and where do they go in an emergency? Write short, in plain Dutch, and name "
            "your phone number for who rather calls."
        ),
    )
    intro_en = _area(_("Text at the top in English"), _("Leave empty to show the Dutch text on the English page too."))
    ask_place = forms.BooleanField(label=_("Ask about which place it is"), required=False, initial=True)
    ask_photo = forms.BooleanField(label=_("Let residents send a photo along"), required=False, initial=True)
    answer_days = forms.IntegerField(
        label=_("We answer within (working days)"),
        min_value=1,
        max_value=60,
        required=False,
        help_text=_("Stands on the page and in the confirmation. Leave empty to promise nothing."),
    )
    address = forms.EmailField(
        label=_("Mail address of the sender"),
        max_length=254,
        help_text=_(
            "Confirmations and answers come from this address. Connect the mailbox of this address as a channel too: "
            "then what residents mail back comes into the same conversation."
        ),
    )
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
    smtp_port = forms.IntegerField(
        label=_("Port for sending"),
        min_value=1,
        max_value=65535,
        required=False,
        help_text=_("Leave empty for the usual port."),
    )
    smtp_user = forms.CharField(
        label=_("User name"),
        max_length=254,
        required=False,
        help_text=_("Leave empty when the mail server asks for no log-in."),
    )
    smtp_password = forms.CharField(
        label=_("Password for sending"),
        required=False,
        strip=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "off"}),
    )
    copy_to_self = forms.BooleanField(
        label=_("Send a copy of each answer to this mailbox"),
        required=False,
        initial=True,
        help_text=_("With this copy we can prove that an answer was sent. Leave this on if you can."),
    )
    signature = _area(_("Signature"), _("This is put below each answer."))

    def __init__(self, *args: Any, stored: dict[str, str] | None = None, **kwargs: Any) -> None:
        initial = kwargs.get("initial") or {}
        # the page keeps its identity when its settings change
        self.id = str(initial.get("id") or uuid.uuid4())
        kwargs["initial"] = initial | dict(initial.get("page") or {})
        super().__init__(*args, **kwargs)
        self.stored = stored or {}

    def clean_address(self) -> str:
        address = str(self.cleaned_data["address"]).lower()
        if not valid_address(address) or not address.isascii():
            raise forms.ValidationError(_("We cannot use this mail address."))
        return address

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for field in ("smtp_user", "smtp_password"):
            if not str(data.get(field) or "").isprintable():
                self.add_error(field, _("This holds a character that cannot be in a user name or password."))
        if self.errors:
            return data
        data["smtp_host"] = data["smtp_host"].strip().lower()
        security = Security(data["smtp_security"] or Security.STARTTLS)
        data["smtp_security"] = security.value
        data["smtp_port"] = data["smtp_port"] or SMTP_PORTS[security]
        if security is Security.NONE and not is_loopback(data["smtp_host"]):
            self.add_error("smtp_security", _("Without encryption we only talk to a mail server on this very machine."))
        # the password filled in earlier does not travel along to another server
        same_host = self.initial.get("smtp_host") == data["smtp_host"]
        data["smtp_password"] = data["smtp_password"] or (self.stored.get("smtp_password", "") if same_host else "")
        if data["smtp_user"] and not data["smtp_password"]:
            self.add_error("smtp_password", _("Fill in the password for sending."))
        return data

    def to_settings(self) -> tuple[Json, dict[str, str]]:
        """The settings, and apart from them the secret, of a form that is valid."""
        data = self.cleaned_data
        settings: Json = {name: data[name] for name in self.fields if name not in (*PAGE, "smtp_password")}
        settings |= {"id": self.id, "page": {name: data[name] for name in PAGE}}
        return settings, {"smtp_password": data["smtp_password"]}
