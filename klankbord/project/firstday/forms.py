"""What people fill in on the first day, and when they join."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from klankbord.base.outside.mail import Security, is_loopback
from klankbord.tenancy.forms import role_choices
from klankbord.tenancy.models import User
from klankbord.tenancy.roles import Role

SECURITIES = [
    (Security.STARTTLS.value, _("Encrypted after a greeting (STARTTLS)")),
    (Security.SSL.value, _("Encrypted from the first byte (SSL/TLS)")),
    (Security.NONE.value, _("Not encrypted (only a mail server on this very machine)")),
]
USUAL_PORT = {Security.STARTTLS: 587, Security.SSL: 465, Security.NONE: 25}
OTHER_ROLES = tuple(role for role in Role if role not in (Role.ADMIN, Role.COLLEAGUE))


class CodeForm(forms.Form):
    code = forms.CharField(
        label=_("Set-up code"),
        max_length=60,
        help_text=_("It stands in the window in which Klankbord was started. Capitals and dashes do not matter."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}),
    )


class OtherBodyForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the organisation"), max_length=120, help_text=_("As it should stand on the screen.")
    )


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(
        label=_("What else do you do?"),
        required=False,
        choices=lambda: role_choices(OTHER_ROLES),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("You become administrator. In a small town one person does everything: then tick all you do."),
    )


class AccountForm(forms.Form):
    """Somebody new chooses a name and a password; ``email`` is known when they were invited."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=120,
        help_text=_("Colleagues see this name, residents only when you sign with it."),
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=200,
        strip=False,
        help_text=_("At least twelve characters. Three or four words in a row are easy to remember."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    again = forms.CharField(
        label=_("The same password once more"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.known_email = email

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        password = data.get("password")
        if password and data.get("again") and password != data["again"]:
            self.add_error("again", _("This is not the same password."))
        if password:
            somebody = User(email=self.known_email or data.get("email", ""), name=data.get("name", ""))
            try:
                validate_password(password, somebody)
            except ValidationError as problem:
                self.add_error("password", problem)
        return data


class AdministratorForm(AccountForm, RolesForm):
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        help_text=_("With this address you log in."),
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    field_order = ("name", "email", "password", "again", "roles")


class InstallationForm(forms.Form):
    """The address of this installation and the mail server for its own mail."""

    address = forms.CharField(
        label=_("Address"),
        max_length=200,
        required=False,
        help_text=_(
            "Where colleagues find Klankbord, for instance https://klankbord.gemeente.example. Empty: this machine."
        ),
        widget=forms.TextInput(attrs={"inputmode": "url", "autocapitalize": "none", "spellcheck": "false"}),
    )
    mail_from = forms.EmailField(
        label=_("Sender of mail"),
        max_length=254,
        required=False,
        help_text=_("For invitations and new passwords, not for residents. For instance klankbord@gemeente.example."),
    )
    mail_host = forms.CharField(
        label=_("Mail server (SMTP)"),
        max_length=253,
        required=False,
        help_text=_("Without it Klankbord works too; you then pass invitations on yourself."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    mail_security = forms.ChoiceField(label=_("Encryption"), choices=SECURITIES)
    mail_port = forms.IntegerField(
        label=_("Port"), min_value=1, max_value=65535, required=False, help_text=_("Leave empty for the usual port.")
    )
    mail_user = forms.CharField(
        label=_("User name"), max_length=254, required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    mail_password = forms.CharField(
        label=_("Password"),
        max_length=500,
        required=False,
        strip=False,
        help_text=_("Kept encrypted and never shown again. Leave empty to keep the one there is."),
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

    def clean_address(self) -> str:
        given = str(self.cleaned_data["address"]).strip().rstrip("/")
        if not given:
            return ""
        if "://" not in given:
            given = f"https://{given}"
        try:
            parts = urlsplit(given)
            host, path = parts.hostname or "", parts.path or parts.query or parts.fragment or parts.username
            _port = parts.port
        except ValueError:
            host, path = "", ""
        good = host and host.isascii() and all(sign.isalnum() or sign in "-." for sign in host)
        if not good or path or parts.scheme not in ("http", "https"):
            raise ValidationError(
                _("This is not an address. Give only the name, such as https://klankbord.gemeente.example.")
            )
        if parts.scheme == "http" and not is_loopback(host):
            raise ValidationError(_("Only a secure address works: it begins with https."))
        return given.lower()

    def clean_mail_host(self) -> str:
        host = str(self.cleaned_data["mail_host"]).strip().lower()
        if host and (not host.isascii() or any(sign.isspace() or sign in "/@" for sign in host)):
            raise ValidationError(_("This is not the name of a mail server."))
        return host

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        host, security = data.get("mail_host"), data.get("mail_security")
        if host and not data.get("mail_from") and "mail_from" not in self.errors:
            self.add_error("mail_from", _("Fill in from which address the mail comes."))
        if host and security == Security.NONE and not is_loopback(host):
            self.add_error("mail_security", _("Without encryption we only talk to a mail server on this very machine."))
        if security and "mail_port" not in self.errors:
            data["mail_port"] = data.get("mail_port") or USUAL_PORT[Security(security)]
        return data
