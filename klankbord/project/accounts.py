"""What django-allauth asks us to decide: nobody signs up alone, and secrets of the second step are encrypted."""

from __future__ import annotations

import time
from typing import Any

import structlog
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.authentication import get_authentication_records
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.password_validation import MinimumLengthValidator
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from klankbord.project.security import READY, must_have_second_step
from klankbord.project.signing_in import came_by_provider, only_by_provider
from klankbord.tenancy.queries import comes_by_provider
from klankbord.tenancy.sessions import begin_session

logger = structlog.get_logger()


class Accounts(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """Accounts are made by an administrator's invitation, never by signing up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """A mail that cannot go out changes no answer: it would tell a stranger which addresses are known here.

        The demo mails nobody: everybody knows its log-ins, and could have this town's server write to anybody.
        """
        if getattr(context.get("user"), "is_demo", False):
            return
        send = super().send_mail

        def try_it() -> None:
            try:
                send(template_prefix, email, context)
            except OSError as problem:
                logger.warning("mail of the log-in not sent", template=template_prefix, problem=str(problem))

        # what it tells about is kept first; outside a transaction this is at once
        transaction.on_commit(try_it)  # noqa: TID251  a mail cannot be taken back with the transaction

    def pre_login(self, request: HttpRequest, user: AbstractBaseUser, **hook: Any) -> HttpResponse | None:
        """Whose place follows from groups comes by the provider each time: who is put out there is out here too."""
        by_provider = "sociallogin" in (hook.get("signal_kwargs") or {})
        if settings.OIDC and not by_provider and comes_by_provider(user.pk):
            clear_login(request)
            return only_by_provider(request, settings.OIDC)
        answer: HttpResponse | None = super().pre_login(request, user, **hook)
        return answer

    def login(self, request: HttpRequest, user: AbstractBaseUser) -> None:
        super().login(request, user)
        begin_session(request)
        if getattr(request, "second_step_at_provider", False):
            request.session[READY] = True

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        # asked while somebody is still logged in: afterwards nobody knows where the session began
        return reverse("leave-provider") if came_by_provider(request) else super().get_logout_redirect_url(request)

    def is_reauthentication_required(self, *, app: str, **kwargs: object) -> bool:
        """Who has just logged in is not asked for the password once more, as when setting up the second step."""
        records = get_authentication_records(self.request, self.request.user)
        newest = max((record["at"] for record in records), default=0.0)
        if time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT:
            return False
        return bool(super().is_reauthentication_required(app=app, **kwargs))


class SecondStep(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """The second step: its secrets are unreadable in the database, and who must have one keeps it."""

    def encrypt(self, text: str) -> str:
        return Fernet(settings.FIELD_ENCRYPTION_KEY).encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return Fernet(settings.FIELD_ENCRYPTION_KEY).decrypt(encrypted_text.encode()).decode()

    def is_mfa_enabled(self, user: AbstractBaseUser, types: list[str] | None = None) -> bool:
        """Nobody is asked for a second step who comes straight from a provider that asked for one already."""
        if getattr(context.request, "second_step_at_provider", False):
            return False
        return bool(super().is_mfa_enabled(user, types))

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Who must have a second step keeps at least one that is not a sheet of recovery codes."""
        others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
        has_another = others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()
        return has_another or not must_have_second_step(authenticator.user)

    def generate_authenticator_name(self, user: AbstractBaseUser, type: str) -> str:
        """A name to begin with; better is the name of the device, which only its owner knows."""
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return _("Passkey %(number)d") % {"number": number}


class LongEnough(MinimumLengthValidator):
    """Django's own rule, with a sentence that exists in Dutch."""

    def get_error_message(self) -> str:
        return _("This is too short: choose at least %(number)d characters.") % {"number": self.min_length}
