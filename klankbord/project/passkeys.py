"""Passkeys and security keys: the forms in our words, and the rule that nobody takes away the last second step."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.totp.views import DeactivateTOTPView
from allauth.mfa.webauthn import forms as allauth_forms
from allauth.mfa.webauthn.views import RemoveWebAuthnView
from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from klankbord.tenancy.models import User

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


View = Callable[..., HttpResponse]


def one_by_one(view: View) -> View:
    """Somebody takes away one second step at a time, so that two tabs do not each leave the other's as the last."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST" or not request.user.is_authenticated:
            return view(request, *args, **kwargs)
        with transaction.atomic():
            User.objects.select_for_update(no_key=True).get(pk=request.user.pk)
            return view(request, *args, **kwargs)

    return wrapper


class RemoveKey(RemoveWebAuthnView):  # type: ignore[misc]  # allauth has no types
    """Asks first, and refuses the last second step of who must have one: allauth asks that for the app only."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        key = self.get_queryset().filter(pk=kwargs["pk"]).first() if request.user.is_authenticated else None
        if key is not None and not get_adapter().can_delete_authenticator(key):
            messages.error(request, _("This is your only second step. Add another one first, then remove this one."))
            return redirect("mfa_list_webauthn")
        answer: HttpResponse = super().dispatch(request, *args, **kwargs)
        return answer


remove = one_by_one(RemoveKey.as_view())
deactivate_app = one_by_one(DeactivateTOTPView.as_view())
