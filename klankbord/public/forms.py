"""What a resident fills in. Every refusal keeps what was typed and says in one sentence what to do."""

from __future__ import annotations

import struct
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from klankbord.base.picture import NotAPicture, read_picture
from klankbord.base.text.clean import safe_text
from klankbord.channels.form.message import Photo
from klankbord.channels.mail.identity import valid_address
from klankbord.posts.files import showable_type

LONGEST_TEXT = 10_000
MOST_PHOTOS = 5
LARGEST_PHOTO = 10 * 1024 * 1024
LARGEST_TOGETHER = 25 * 1024 * 1024
MOST_PIXELS = 70_000_000
"""A panorama of a phone fits; a small file that says it is huge takes a colleague's browser down."""
PICTURES = "image/jpeg,image/png,image/webp,image/gif"


class Words(forms.CharField):
    """Words of a person: whatever signs they hold, made safe to keep; counted, and never cut off in silence."""

    def __init__(self, *, longest: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.longest = longest
        # a sign that no text can hold is taken out, not held against somebody
        self.validators = []

    def to_python(self, value: Any) -> str:
        return safe_text(str(super().to_python(value) or "")).strip()

    def validate(self, value: str) -> None:
        super().validate(value)
        if len(value) > self.longest:
            raise forms.ValidationError(
                _("This has %(count)s characters. At most %(most)s fit. Please make it shorter.")
                % {"count": len(value), "most": self.longest}
            )


class PhotosInput(forms.FileInput):
    allow_multiple_selected = True


class Photos(forms.FileField):
    """Some photos of a person, judged by their own first bytes and not by what they are called."""

    widget = PhotosInput

    def clean(self, data: Any, initial: Any = None) -> list[Photo]:
        files: list[UploadedFile[bytes]] = [super(Photos, self).clean(one) for one in data or []]
        if len(files) > MOST_PHOTOS:
            raise forms.ValidationError(
                _("At most %(most)s photos fit. Choose the clearest ones.") % {"most": MOST_PHOTOS}
            )
        if sum(file.size or 0 for file in files) > LARGEST_TOGETHER:
            raise forms.ValidationError(
                _("Together these photos are larger than 25 MB. Choose smaller ones, or fewer.")
            )
        return [self._photo(file) for file in files]

    def _photo(self, file: UploadedFile[bytes]) -> Photo:
        if (file.size or 0) > LARGEST_PHOTO:
            raise forms.ValidationError(_("A photo is too large. Choose one of at most 10 MB."))
        content = file.read()
        kind = showable_type(content[:16])
        if kind is None:
            raise forms.ValidationError(_("This is not a photo that we can open. Choose a JPG, PNG, WebP or GIF."))
        try:
            width, height = _size(kind, content)
        except (NotAPicture, struct.error):
            raise forms.ValidationError(
                _("This photo is damaged: we cannot open all of it. Choose the photo again, or another one.")
            ) from None
        if width * height > MOST_PIXELS:
            raise forms.ValidationError(
                _("This photo is %(width)s by %(height)s pixels. That is too large to open. Choose a smaller one.")
                % {"width": width, "height": height}
            )
        return Photo(safe_text(file.name or "")[:100] or "foto", kind, content)


def _size(kind: str, content: bytes) -> tuple[int, int]:
    """Width and height in pixels of a photo that is whole. NotAPicture or struct.error when it is not.

    The photo is kept as it came: without its EXIF one held upright would lie on its side.
    """
    if kind == "image/gif":
        width, height = struct.unpack_from("<HH", content, 6)
    else:
        picture = read_picture(content)
        width, height = picture.width, picture.height
    if not (width and height):
        raise NotAPicture
    return width, height


class ContactForm(forms.Form):
    """A question or a message for the organisation."""

    subject = Words(label=gettext_lazy("What is it about?"), longest=150, required=False)
    text = Words(
        label=gettext_lazy("Your question or message"),
        longest=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 8, "dir": "auto"}),
        help_text=gettext_lazy("Do not write your citizen service number (BSN) or bank account number here."),
        error_messages={"required": gettext_lazy("Write your question or message first.")},
    )
    place = Words(
        label=gettext_lazy("Which place is it about?"),
        longest=200,
        required=False,
        help_text=gettext_lazy("For instance a street with a house number, or “the playground behind the library”."),
    )
    photo = Photos(
        label=gettext_lazy("Photos"),
        required=False,
        max_length=500,
        widget=PhotosInput(attrs={"accept": PICTURES}),
        help_text=gettext_lazy(
            "At most 5: JPG, PNG, WebP or GIF, each of at most 10 MB. No faces or number plates if you can avoid it."
        ),
    )
    photo_text = Words(
        label=gettext_lazy("What can be seen on the photos?"),
        longest=500,
        required=False,
        help_text=gettext_lazy("For colleagues who cannot see the photos."),
    )
    name = Words(
        label=gettext_lazy("What is your name?"),
        longest=100,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("Your mail address"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        help_text=gettext_lazy("Only if you want an answer. Without it we read your message, but cannot answer."),
        error_messages={"invalid": gettext_lazy("This is not a mail address. An example: name@example.nl.")},
    )
    # people do not see this field; a machine that fills in everything fills in this one too
    website = forms.CharField(
        label=gettext_lazy("Leave this empty"),
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, page: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not page.get("ask_place"):
            del self.fields["place"]
        if not page.get("ask_photo"):
            del self.fields["photo"], self.fields["photo_text"]

    @property
    def asked(self) -> list[forms.BoundField]:
        """The fields that people see."""
        return [field for field in self if field.name != "website"]

    def clean_email(self) -> str:
        email = str(self.cleaned_data["email"]).strip().lower()
        if email and not (valid_address(email) and email.isascii()):
            raise forms.ValidationError(_("We cannot send mail to this address. Is there another one?"))
        return email

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            self.add_error(None, _("Leave the field “Leave this empty” empty and press again."))
        return ""
