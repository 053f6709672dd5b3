"""Passkeys and security keys: the forms in our words, and the rule that nobody takes away the last second step."""

from __future__ import annotations

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.webauthn import forms as allauth_forms
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

NAME_LENGTH = 60


def name_field(*, required: bool) -> forms.CharField:
    return forms.CharField(
        label=_("Name"),
        max_length=NAME_LENGTH,
        required=required,
        help_text=_("So that you recognise it later, for instance Work laptop or Blue key."),
    )


class AddKeyForm(allauth_forms.AddWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """A new key; by default one that can log in alone, when the device can do that."""

    name = name_field(required=False)
    passwordless = forms.BooleanField(
        label=_("Also log in with it without a password"),
        required=False,
        initial=True,
        help_text=_("Your device then asks for your finger, your face or its PIN. Untick this for a key without PIN."),
    )


class RenameKeyForm(allauth_forms.EditWebAuthnForm):  # type: ignore[misc]  # allauth has no types
    """Another name for a key."""

    name = name_field(required=True)


class RemoveKey(RemoveWebAuthnView):  # type: ignore[misc]  # allauth has no types
    """Asks first, and refuses the last second step of who must have one: allauth asks that for the app only."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = self.get_queryset().filter(pk=kwargs["pk"]).first() if request.user.is_authenticated else None
        if key is not None and not get_adapter().can_delete_authenticator(key):
            messages.error(request, _("This is your only second step. Add another one first, then remove this one."))
            return redirect("mfa_list_webauthn")
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer


remove = RemoveKey.as_view()
