"""What an administrator fills in to begin an exercise."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from klankbord.channels.contract import Json
from klankbord.channels.exercise.scenario import FOLDER, load_scenario

NETWORKS = [("fediverse", _("Public, as on the fediverse")), ("mail", _("Private, as by e-mail"))]


def _scenarios() -> list[tuple[str, str]]:
    return [(path.stem, path.stem.capitalize()) for path in sorted(FOLDER.glob("*.jsonl"))]


class SettingsForm(forms.Form):
    """One town on one pretended network; the exercise begins when the form is saved."""

    scenario = forms.ChoiceField(label=_("Scenario"), choices=_scenarios)
    town = forms.SlugField(
        label=_("Town in the scenario"), max_length=60, help_text=_("As it stands in the scenario, in small letters.")
    )
    network = forms.ChoiceField(label=_("Network that is pretended"), choices=NETWORKS)
    speed = forms.FloatField(
        label=_("Speed"),
        min_value=0.1,
        max_value=60,
        initial=1,
        help_text=_("1 is as it happened, 2 is twice as fast."),
    )

    def __init__(self, *args: Any, stored: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not load_scenario(data["scenario"]).of(data["town"], data["network"]):
            self.add_error("town", _("Nobody says anything to this town on this network. Choose another."))
        return data

    def to_settings(self) -> tuple[Json, dict[str, str]]:
        """The settings of a form that is valid, with this moment as beginning; an exercise has no secrets."""
        return self.cleaned_data | {"started_at": datetime.now(UTC).isoformat(timespec="seconds")}, {}
