"""Every form in the house is drawn the same way: ``{{ form }}`` gives NL Design System fields."""

from __future__ import annotations

from typing import Any

from django.forms import widgets
from django.forms.boundfield import BoundField
from django.forms.renderers import TemplatesSetting

TEXT = "utrecht-textbox utrecht-textbox--html-input"
LOOKS: list[tuple[type[widgets.Widget], str]] = [
    (widgets.Textarea, "utrecht-textarea utrecht-textarea--html-textarea"),
    (widgets.CheckboxInput, "utrecht-checkbox utrecht-checkbox--html-input"),
    (widgets.RadioSelect, "kb-choices"),
    (widgets.CheckboxSelectMultiple, "kb-choices"),
    (widgets.Select, "utrecht-select utrecht-select--html-select"),
    (widgets.FileInput, "kb-file"),
    (widgets.Input, TEXT),
]


class Field(BoundField):
    """A field that knows the class of its widget and whether its label stands beside it."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: widgets.Widget | None = None) -> dict[str, Any]:
        shown = widget or self.field.widget
        built = super().build_widget_attrs(attrs, shown)
        look = next((name for kind, name in LOOKS if isinstance(shown, kind)), "")
        if look and not shown.is_hidden:
            own = shown.attrs.get("class", "")
            built["class"] = f"{look} {own}".strip()
        # A placeholder disappears at the moment it is needed: what has to be said stands in the label or the help.
        built["placeholder"] = False
        return built

    @property
    def beside(self) -> bool:
        """True for a single tick box: the words stand beside the box instead of above it."""
        return isinstance(self.field.widget, widgets.CheckboxInput)


class Renderer(TemplatesSetting):
    """Draws forms with ``templates/forms``; named in the setting FORM_RENDERER."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"
    bound_field_class = Field
