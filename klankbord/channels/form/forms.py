"""What an administrator fills in to open a contact form: what stands on the page, and how answers go out."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from klankbord.channels.contract import Json, Lender
from klankbord.channels.form.exercise import IN_EXERCISE
from klankbord.channels.mail.sending_fields import SendingFields

PAGE = ("title", "intro", "intro_en", "ask_place", "ask_photo", "answer_days")
"""What residents see; the rest of the settings stays inside."""
OWN_SERVER = tuple(SendingFields.base_fields)


def _area(label: Any, help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=help_text,
    )


class SettingsForm(SendingFields):
    """Settings and the one secret of a form. ``lenders`` are the mailboxes over which answers may go out."""

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
    ask_photo = forms.BooleanField(label=_("Let residents send photos along"), required=False, initial=True)
    answer_days = forms.IntegerField(
        label=_("We answer within (working days)"),
        min_value=1,
        max_value=60,
        required=False,
        help_text=_("Stands on the page and in the confirmation. Leave empty to promise nothing."),
    )
    over = forms.ChoiceField(
        label=_("Over which mailbox do answers go out?"),
        required=False,
        help_text=_(
            "With a mailbox that is connected here you need not fill in anything below. What residents mail back then "
            "comes into the same conversation."
        ),
    )

    field_order = (*PAGE, "over")

    def __init__(self, *args: Any, lenders: Sequence[Lender] = (), **kwargs: Any) -> None:
        initial = kwargs.get("initial") or {}
        # the page keeps its identity when its settings change
        self.id = str(initial.get("id") or uuid.uuid4())
        self.in_exercise = (initial.get("page") or {}).get(IN_EXERCISE)
        kwargs["initial"] = initial | dict(initial.get("page") or {})
        super().__init__(*args, **kwargs)
        self.fields["address"].help_text = _(
            "Confirmations and answers come from this address. Connect the mailbox of this address as a channel too: "
            "then what residents mail back comes into the same conversation."
        )
        self.fields["smtp_user"].help_text = _("Leave empty when the mail server asks for no log-in.")
        self._lenders = {str(one.id): one for one in lenders}
        self._offer_lenders(new=not initial)

    def _offer_lenders(self, *, new: bool) -> None:
        if not self._lenders:
            del self.fields["over"]
        else:
            choices = [(key, f"{one.name} ({one.settings['address']})") for key, one in self._lenders.items()]
            over = self.fields["over"]
            assert isinstance(over, forms.ChoiceField)
            over.choices = [*choices, ("", _("Over another mail server, filled in below"))]
            self.initial.setdefault("over", choices[0][0] if new else "")
        if self._lender or self.in_exercise:
            for name in ("address", "smtp_host"):
                self.fields[name].required = False

    @property
    def _lender(self) -> Lender | None:
        """The mailbox that is chosen now."""
        return self._lenders.get(str(self.data.get("over", ""))) if self.is_bound else None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if self._lender or self.in_exercise:
            # what was typed in fields that do not count is no reason to refuse
            for name in OWN_SERVER:
                self.errors.pop(name, None)
            return data
        self.refuse_unprintable("smtp", data)
        if self.errors:
            return data
        self.fill_in_sending(data)
        self.refuse_unencrypted("smtp", data)
        data["smtp_password"] = data["smtp_password"] or self.kept("smtp", data)
        if data["smtp_user"] and not data["smtp_password"]:
            self.add_error("smtp_password", _("Fill in the password for sending."))
        return data

    def to_settings(self) -> tuple[Json, dict[str, str]]:
        """The settings, and apart from them the secret, of a form that is valid."""
        data, lender = self.cleaned_data, self._lender
        settings: Json = {"id": self.id, "page": {name: data[name] for name in PAGE}}
        if self.in_exercise:
            settings["page"][IN_EXERCISE] = self.in_exercise
            return settings | {"address": self.initial["address"]}, {}
        if lender:
            return settings | {"over": lender.id, "address": lender.settings["address"]}, {}
        own = {name: data[name] for name in OWN_SERVER if name != "smtp_password"}
        return settings | own, {"smtp_password": data["smtp_password"]}
