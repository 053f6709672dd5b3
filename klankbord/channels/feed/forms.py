"""What an administrator fills in to follow a feed."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from klankbord.channels.contract import Json


class SettingsForm(forms.Form):
    """The address of a feed; it has no secrets."""

    url = forms.CharField(
        label=gettext_lazy("Address of the feed"),
        max_length=400,
        help_text=gettext_lazy(
            "For instance https://www.krant.example/rss. A newspaper or a blog tells it on its page."
        ),
        widget=forms.URLInput,
    )
    full_text = forms.BooleanField(
        label=gettext_lazy("Search in the whole article too"),
        required=False,
        initial=True,
        help_text=gettext_lazy(
            "Klankbord then fetches the article where the site lets machines. It is only searched: colleagues see the "
            "headline, a short quotation and the link."
        ),
    )

    def __init__(self, *args: Any, stored: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)

    def clean_url(self) -> str:
        typed = str(self.cleaned_data["url"]).strip()
        wrong = forms.ValidationError(_("This is not the address of a web page."))
        try:
            parts = urlsplit(typed if "://" in typed else f"https://{typed}")
            host, port = (parts.hostname or "").encode("idna").decode(), parts.port
        except ValueError:
            raise wrong from None
        if parts.scheme not in ("http", "https") or not host or parts.username or not typed.isprintable():
            raise wrong
        # the same feed has the same address, so that it is fetched once for everybody
        place = f"{host}:{port}" if port else host
        return urlunsplit((parts.scheme, place, parts.path or "/", parts.query, ""))

    def to_settings(self) -> tuple[Json, dict[str, str]]:
        return self.cleaned_data, {}
