"""What an administrator fills in about a channel beside the connector's own form, and about a mandate."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from klankbord.channels.models import Channel
from klankbord.tenancy.forms import role_choices
from klankbord.tenancy.models import Organisation
from klankbord.tenancy.roles import Role

LENDABLE = (Role.PRIVACY, Role.EDITOR)
LONGEST = timedelta(days=4 * 366)


class NameForm(forms.Form):
    """How colleagues call the channel; drawn above the connector's own form."""

    channel_name = forms.CharField(
        label=_("Name on the screen"),
        max_length=80,
        help_text=_("By this name colleagues know the channel, for instance “Info mailbox”."),
    )


def _day(label: Any, help_text: Any = "") -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, help_text=help_text, widget=widget)


class MandateForm(forms.Form):
    """What a team of another organisation may do for this one, and until when."""

    channels = forms.ModelMultipleChoiceField(
        label=_("Channels"),
        queryset=Channel.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick nothing to open all channels, also those you connect later."),
    )
    roles = forms.MultipleChoiceField(
        label=_("Roles you lend as well"),
        required=False,
        choices=lambda: role_choices(LENDABLE),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only for who has this role at the desk too. A mandate opens the desk and nothing else."),
    )
    decision = forms.CharField(
        label=_("Decision"),
        max_length=500,
        help_text=_("On which decision does this rest? For instance “Mandaatbesluit webcare, 3 March”."),
    )
    processor_agreement = forms.CharField(
        label=_("Processor agreement"),
        max_length=500,
        help_text=_("Where can it be found? For instance the number in your case system."),
    )
    valid_from = _day(_("From"))
    valid_until = _day(_("Up to and including"), _("A mandate always ends. You can give a new one."))

    def __init__(self, *args: Any, principal: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = Channel.objects.filter(organisation=principal)
        self.fields["channels"].queryset = own  # type: ignore[attr-defined]  # known for a field of this kind
        if not own:
            del self.fields["channels"]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        first, last = data.get("valid_from"), data.get("valid_until")
        if not first or not last:
            return data
        today = timezone.localdate()
        if last < first:
            self.add_error("valid_until", _now("The last day comes before the first day."))
        elif last < today:
            self.add_error("valid_until", _now("This day is already over."))
        elif first < today:
            self.add_error("valid_from", _now("A mandate cannot begin in the past."))
        elif last - first > LONGEST:
            self.add_error("valid_until", _now("Choose at most four years."))
        else:
            now = timezone.now()
            # from today means from now: the database compares moments
            data["begins"] = now if first == today else _midnight(first)
            data["ends"] = _midnight(last + timedelta(days=1))
        return data


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
