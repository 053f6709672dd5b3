"""Connecting an account and changing its settings. Nothing is kept before the network has said that it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from klankbord.channels import actions, registry
from klankbord.channels.contract import ChannelError, Json
from klankbord.channels.forms import NameForm
from klankbord.channels.models import Channel, ChannelSecret
from klankbord.channels.views.page import channel_of, kind_label
from klankbord.tenancy.fence import FencedRequest, in_steps, step
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import House, posted, whose


@dataclass
class Filled:
    """The two forms of one page: the name of the channel and the connector's own."""

    kind: str
    name: NameForm
    own: Any
    """A connector's ``SettingsForm``: a form with ``to_settings``."""

    @property
    def valid(self) -> bool:
        return all([self.name.is_valid(), self.own.is_valid()])

    def result(self) -> tuple[str, Json, dict[str, str]]:
        settings, secrets = self.own.to_settings()
        return self.name.cleaned_data["channel_name"], settings, secrets


def _form_class(kind: str) -> type[Form]:
    form = registry.settings_form(kind) if kind in registry.connectors() else None
    if form is None:
        raise Http404
    return form


@in_steps
@require_http_methods(["GET", "POST"])
def connect(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Connect a new account."""
    filled = Filled(kind, NameForm(posted(request)), _form_class(kind)(posted(request)))
    with step(request) as first:
        house = whose(first, Right.WRITE_CHANNELS)
        if request.method == "GET" or not filled.valid:
            return _show(first, filled, house=house)
    name, settings, secrets = filled.result()
    problem, sentence = _try(kind, settings, secrets)
    with step(request) as second:
        house = whose(second, Right.WRITE_CHANNELS)
        if problem:
            return _show(second, filled, problem, house=house)
        made = actions.connect_channel(house.organisation, kind, name, settings, secrets, by=second.user)
    messages.success(request, _("%(name)s is connected. %(sentence)s") % {"name": name, "sentence": sentence})
    return redirect("channel", made.pk)


@in_steps
@require_http_methods(["GET", "POST"])
def change(request: HttpRequest, pk: int) -> HttpResponseBase:
    """Change the settings of a connected account; its secrets are used but never shown."""
    with step(request) as first:
        channel = channel_of(first, pk, Right.WRITE_CHANNELS)
        form = _form_class(channel.kind)
        filled = Filled(
            channel.kind,
            NameForm(posted(request), initial={"channel_name": channel.name}),
            form(posted(request), initial=channel.settings, stored=_stored(channel)),  # type: ignore[call-arg]  # of settings forms
        )
        if request.method == "GET" or not filled.valid:
            return _show(first, filled, channel=channel)
    name, settings, secrets = filled.result()
    problem, sentence = _try(channel.kind, settings, secrets)
    with step(request) as second:
        channel = channel_of(second, pk, Right.WRITE_CHANNELS)
        if not problem:
            try:
                actions.change_channel(channel, name, settings, secrets, by=second.user)
            except actions.Refused as refused:
                problem = str(refused)
        if problem:
            return _show(second, filled, problem, channel=channel)
    messages.success(request, _("%(name)s is changed. %(sentence)s") % {"name": name, "sentence": sentence})
    return redirect("channel", pk)


def _stored(channel: Channel) -> dict[str, str]:
    secret = ChannelSecret.objects.filter(channel=channel).first()
    try:
        return registry.decrypt(secret.ciphertext) if secret else {}
    except ChannelError:
        # sealed with the key of another installation: it must be filled in again
        return {}


def _try(kind: str, settings: Json, secrets: dict[str, str]) -> tuple[str, str]:
    """Log in both ways, with no transaction open: (what is wrong, what was found)."""
    try:
        return "", registry.connector_class(kind)(settings, secrets).check()
    except ChannelError as problem:
        return str(problem), ""


def _show(
    request: FencedRequest,
    filled: Filled,
    problem: str = "",
    *,
    house: House | None = None,
    channel: Channel | None = None,
) -> HttpResponse:
    context = {
        "filled": filled,
        "label": kind_label(filled.kind),
        "problem": problem,
        "house": house,
        "channel": channel,
    }
    wrong = problem or filled.name.errors or filled.own.errors
    return render(request, "channels/connect.html", context, status=422 if wrong else 200)
