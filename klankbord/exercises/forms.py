"""What somebody fills in to hold an exercise."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from klankbord.channels.contract import Permanent
from klankbord.channels.exercise.reading import LARGEST, Faulty, read_scenario
from klankbord.channels.exercise.scenario import Scenario, keep_scenario, load_scenario, scenarios

OWN, ORDINARY = "own", "ordinary_day"
SPEEDS = [(speed, f"{speed}×") for speed in (1, 2, 5, 10, 30, 60, 120, 300, 600)]


class SpeedForm(forms.Form):
    speed = forms.TypedChoiceField(
        label=_("Speed"),
        choices=SPEEDS,
        coerce=float,
        help_text=_("1× is as fast as it happened; at 60× an hour takes a minute."),
    )


class HoldForm(SpeedForm):
    """Which scenario, and for which town in it."""

    scenario = forms.ChoiceField(
        label=_("Scenario"), choices=lambda: [*scenarios(), (OWN, _("A file of our own"))], initial=ORDINARY
    )
    file = forms.FileField(
        label=_("File of our own"),
        required=False,
        help_text=_("JSON Lines, at most 5 MB. Only choose it with “A file of our own”."),
        widget=forms.ClearableFileInput(attrs={"accept": ".jsonl,.ndjson,application/json"}),
    )
    town = forms.SlugField(
        label=_("Only this town"),
        required=False,
        max_length=60,
        help_text=_("As it stands in the scenario, in small letters. Leave empty to hear what is said to all towns."),
    )
    field_order = ("scenario", "file", "town", "speed")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.faults: list[tuple[int, str]] = []
        self.read: Scenario | None = None

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        try:
            self.read = self._chosen(data)
        except Faulty as problem:
            self.faults = problem.faults
            self.add_error("file", _now("This file cannot be used. What is wrong stands above, line by line."))
        except Permanent as problem:
            self.add_error("scenario", str(problem))
        if self.read and data.get("town") and not self.read.networks(data["town"]):
            known = ", ".join(self.read.towns)
            self.add_error("town", _now("Nobody speaks to this town. Known are: %(towns)s.") % {"towns": known})
        return data

    def _chosen(self, data: dict[str, Any]) -> Scenario | None:
        scenario = data.get("scenario")
        if scenario == OWN:
            return self._brought(data)
        return load_scenario(scenario) if scenario else None

    def _brought(self, data: dict[str, Any]) -> Scenario | None:
        file = data.get("file")
        if file is None:
            self.add_error("file", _now("Choose a file."))
            return None
        if file.size > LARGEST:
            raise Faulty(file.name[:60], [(0, _now("the file is larger than 5 MB"))])
        content = file.read()
        read_scenario(file.name[:60], content)
        return load_scenario(keep_scenario(content))
