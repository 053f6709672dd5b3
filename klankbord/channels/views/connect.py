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
from klankbord.channels.contract import ChannelError, Connector, Json
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


def _own_form(kind: str, request: HttpRequest, organisation_id: int, **known: Any) -> Form:
    """The connector's own form; one that may send over another channel is told which there are."""
    form = registry.settings_form(kind)
    if form is None:
        raise Http404
    if registry.connector_class(kind).sends_over:
        known["lenders"] = registry.lenders_for(organisation_id, kind)
    return form(posted(request), **known)


@in_steps
@require_http_methods(["GET", "POST"])
def connect(request: HttpRequest, kind: str) -> HttpResponseBase:
    """Connect a new account."""
    if kind not in registry.connectors():
        raise Http404
    with step(request) as first:
        house = whose(first, Right.WRITE_CHANNELS)
        filled = Filled(kind, NameForm(posted(request)), _own_form(kind, request, house.organisation.pk))
        if request.method == "GET" or not filled.valid:
            return _show(first, filled, house=house)
        name, settings, secrets = filled.result()
        connector = _connector(kind, settings, secrets, house.organisation.pk)
    problem, sentence = _try(connector)
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
        known = {"initial": channel.settings, "stored": _stored(channel)}
        filled = Filled(
            channel.kind,
            NameForm(posted(request), initial={"channel_name": channel.name}),
            _own_form(channel.kind, request, channel.organisation_id, **known),
        )
        if request.method == "GET" or not filled.valid:
            return _show(first, filled, channel=channel)
        name, settings, secrets = filled.result()
        connector = _connector(channel.kind, settings, secrets, channel.organisation_id)
    problem, sentence = _try(connector)
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


def _connector(kind: str, settings: Json, secrets: dict[str, str], organisation_id: int) -> Connector:
    connector = registry.connector_class(kind)(settings, secrets)
    connector.lender = registry.lender_of(organisation_id, connector)
    return connector


def _try(connector: Connector) -> tuple[str, str]:
    """Log in both ways, with no transaction open: (what is wrong, what was found)."""
    try:
        return "", connector.check()
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
