"""What an administrator uploads: the design tokens of the organisation and its logo."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from klankbord.base.picture import NotAPicture, Picture, read_picture
from klankbord.project.style.reading import LARGEST, NotATheme
from klankbord.project.style.theme import Theme, read_theme

LARGEST_LOGO = 300_000  # bytes
SMALLEST_SIDE, LARGEST_SIDE = 24, 2000  # pixels
JSON = forms.FileInput(attrs={"accept": ".json,application/json"})


class ThemeForm(forms.Form):
    """One file for the light display, and if there is one, a second for the dark."""

    light = forms.FileField(
        label=gettext_lazy("File of design tokens"),
        widget=JSON,
        help_text=gettext_lazy("The file tokens.json of your NL Design System theme. At most 3 MB."),
        error_messages={"required": gettext_lazy("Choose the file of design tokens first.")},
    )
    dark = forms.FileField(
        label=gettext_lazy("File for the dark display"),
        required=False,
        widget=JSON,
        help_text=gettext_lazy("Only if your theme has one. Without it, the dark of Klankbord stays."),
    )

    def clean_light(self) -> Theme:
        return _theme(self.cleaned_data["light"], dark=False)

    def clean_dark(self) -> Theme | None:
        file = self.cleaned_data["dark"]
        return _theme(file, dark=True) if file else None


def _theme(file: UploadedFile[bytes], *, dark: bool) -> Theme:
    # one byte more than fits is enough to see that it does not fit
    try:
        return read_theme(file.read(LARGEST + 1), dark=dark)
    except NotATheme as problem:
        raise forms.ValidationError(list(problem.sentences)) from None


class LogoForm(forms.Form):
    logo = forms.FileField(
        label=gettext_lazy("Logo"),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
        help_text=gettext_lazy("A PNG, JPG or WebP of at most 300 kB, at least 24 pixels high."),
        error_messages={"required": gettext_lazy("Choose the file with the logo first.")},
    )

    def clean_logo(self) -> Picture:
        file: UploadedFile[bytes] = self.cleaned_data["logo"]
        if (file.size or 0) > LARGEST_LOGO:
            raise forms.ValidationError(_("This logo is too large. Choose a file of at most 300 kB."))
        content = file.read()
        if content.lstrip()[:5].lower() in (b"<?xml", b"<svg "):
            raise forms.ValidationError(
                _("An SVG can hold a program, so we do not take it. Save your logo as a PNG and choose that.")
            )
        try:
            picture = read_picture(content)
        except NotAPicture:
            raise forms.ValidationError(
                _("This is not a picture that we can open. Choose a PNG, JPG or WebP.")
            ) from None
        sides: list[Any] = [picture.width, picture.height]
        if min(sides) < SMALLEST_SIDE or max(sides) > LARGEST_SIDE:
            raise forms.ValidationError(
                _("This logo is %(width)s by %(height)s pixels. Choose one between 24 and 2000 pixels.")
                % {"width": picture.width, "height": picture.height}
            )
        return picture
