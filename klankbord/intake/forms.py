"""What a colleague fills in about a call, a tip or a file."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from klankbord.base.text.clean import safe_text
from klankbord.channels.models import Channel
from klankbord.channels.tip.message import CAME_BY, Note
from klankbord.channels.tip.table import LONGEST

LARGEST_FILE = 1024 * 1024
TYPED = ("phone", "counter", "letter", "elsewhere")


class _ByHand(forms.Form):
    channel = forms.ChoiceField(label=gettext_lazy("For"))

    def __init__(self, *args: Any, channels: list[Channel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.channels = {str(one.pk): one for one in channels}
        self.fields["channel"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (key, f"{one.organisation.name}: {one.name}") for key, one in self.channels.items()
        ]
        if len(channels) == 1:
            self.fields["channel"].widget = forms.HiddenInput()
            self.fields["channel"].initial = str(channels[0].pk)

    @property
    def chosen(self) -> Channel:
        return self.channels[self.cleaned_data["channel"]]


def _words(label: Any, part: str, help_text: Any = "", widget: forms.Widget | None = None) -> forms.CharField:
    return forms.CharField(
        label=label, max_length=LONGEST[part], required=part == "text", help_text=help_text, widget=widget
    )


class NoteForm(_ByHand):
    """A call or a tip, while somebody is still on the phone: only what was said is required."""

    came_by = forms.ChoiceField(
        label=gettext_lazy("How did it come in?"),
        choices=lambda: [(key, CAME_BY[key]) for key in TYPED],
        initial="phone",
    )
    text = _words(
        gettext_lazy("What was said?"),
        "text",
        gettext_lazy("In the words of the resident where you can."),
        forms.Textarea(attrs={"rows": 6, "dir": "auto"}),
    )
    name = _words(gettext_lazy("Name"), "name")
    phone = _words(gettext_lazy("Telephone"), "phone", widget=forms.TextInput(attrs={"inputmode": "tel"}))
    email = forms.EmailField(label=gettext_lazy("Mail address"), required=False, max_length=LONGEST["email"])
    subject = _words(gettext_lazy("Subject"), "subject")
    place = _words(gettext_lazy("Place"), "place")
    call_back = forms.DateTimeField(
        label=gettext_lazy("Call back at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        help_text=gettext_lazy("Leave empty when the resident need not be called back."),
        error_messages={"invalid": gettext_lazy("Fill in a day and a time.")},
    )
    mark = forms.UUIDField(widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        for name in ("text", "name", "phone", "subject", "place"):
            data[name] = safe_text(data.get(name) or "").strip()
        if not data["text"] and "text" not in self.errors:
            self.add_error("text", _("Write down what was said."))
        if data.get("call_back") and not any(character.isdigit() for character in data["phone"]):
            self.add_error("phone", _("Which number must be called back?"))
        return data

    def note(self, taken_by: str, now: datetime) -> Note:
        data = self.cleaned_data
        return Note(
            text=data["text"],
            at=now,
            mark=str(data["mark"]),
            name=data["name"],
            phone=data["phone"],
            email=data["email"].lower(),
            subject=data["subject"],
            place=data["place"],
            came_by=data["came_by"],
            call_back=data["call_back"],
            taken_by=taken_by,
        )

    @staticmethod
    def fresh_mark() -> uuid.UUID:
        """The identity of one page: sent twice it is one note."""
        return uuid.uuid4()


class FileForm(_ByHand):
    """A file with rows, or a mail that was saved."""

    file = forms.FileField(
        label=gettext_lazy("File"),
        max_length=300,
        help_text=gettext_lazy("A CSV file with headings, or a mail saved as .eml. At most 1 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,.eml,text/csv,message/rfc822"}),
    )

    def clean_file(self) -> bytes:
        file: UploadedFile[bytes] = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST_FILE:
            raise forms.ValidationError(_("This file is larger than 1 MB. Cut it up."))
        return bytes(file.read())
