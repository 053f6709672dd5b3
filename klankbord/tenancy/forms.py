"""What an administrator fills in about people and teams."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from klankbord.tenancy.models import Team
from klankbord.tenancy.roles import ROLE_LABELS, Role

ROLE_HELP = {
    Role.COLLEAGUE: _("reads along and answers a question that is put to them"),
    Role.WEBCARE: _("reads and answers messages of residents, private ones too"),
    Role.EDITOR: _("reads public messages, keeps the dossiers"),
    Role.ANALYST: _("reads public messages, keeps the dossiers, looks for what is unusual"),
    Role.COORDINATOR: _("answers messages, sees to teams and dossiers"),
    Role.PRIVACY: _("watches over privacy; opens a conversation only with a reason, and that is logged"),
    Role.ADMIN: _("arranges channels, people and mandates; sees no messages"),
}


def role_choices(roles: Iterable[Role] = tuple(Role)) -> list[tuple[str, SafeString]]:
    """Roles as a list to tick, each with what it is for."""
    return [
        (role.value, format_html("<span><strong>{}</strong> – {}</span>", ROLE_LABELS[role], ROLE_HELP[role]))
        for role in roles
    ]


def roles_field(**more: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=_("Roles"),
        choices=role_choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one role.")},
        **more,
    )


class InviteForm(forms.Form):
    email = forms.EmailField(
        label=_("E-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    roles = roles_field(help_text=_("With a small team one person often has several roles."))


class MemberForm(forms.Form):
    roles = roles_field()
    teams = forms.ModelMultipleChoiceField(
        label=_("Teams"), queryset=Team.objects.none(), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, organisation_id: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        teams = Team.objects.filter(organisation_id=organisation_id).order_by("name")
        self.fields["teams"].queryset = teams  # type: ignore[attr-defined]  # known for a field of this kind
        if not teams:
            del self.fields["teams"]


class GroupForm(forms.Form):
    """A group as the provider names it; filled in again for a group that is known, its roles are replaced."""

    group = forms.CharField(
        label=_("Group"),
        max_length=200,
        help_text=_("Exactly as the provider sends it: a name, or with Microsoft Entra ID the object id of the group."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    roles = roles_field()


class TeamForm(forms.Form):
    name = forms.CharField(
        label=_("Name of the new team"), max_length=80, help_text=_("For instance Webcare or Press desk.")
    )


class JournalForm(forms.Form):
    """Which days of the log to show."""

    since = forms.DateField(label=_("From"), required=False)
    until = forms.DateField(label=_("Up to and including"), required=False)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in ("since", "until"):
            if data.get(name) and not 2000 <= data[name].year <= 2100:
                self.add_error(name, _("Choose a date in this century."))
        return data
