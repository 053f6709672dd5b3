"""Every connector there is, found by looking in the folders: no list to edit."""

from __future__ import annotations

import importlib
import json
import pkgutil
from functools import cache
from importlib.util import find_spec

from cryptography.fernet import Fernet, InvalidToken
from django.conf import settings
from django.forms import Form
from django.utils.translation import gettext as _

import klankbord.channels
from klankbord.channels.contract import Connector, Lender, Permanent
from klankbord.channels.models import Channel, ChannelSecret


@cache
def connectors() -> dict[str, type[Connector]]:
    """Connector classes by kind: each folder under ``channels`` with a module ``channel``."""
    found: dict[str, type[Connector]] = {}
    for folder in pkgutil.iter_modules(klankbord.channels.__path__):
        name = f"klankbord.channels.{folder.name}.channel"
        if not folder.ispkg or find_spec(name) is None:
            continue
        module = importlib.import_module(name)
        for thing in vars(module).values():
            if isinstance(thing, type) and issubclass(thing, Connector) and thing.__module__ == module.__name__:
                found[thing.kind] = thing
    return found


def connector_class(kind: str) -> type[Connector]:
    """The connector of a kind; Permanent when this installation does not have it (any more)."""
    try:
        return connectors()[kind]
    except KeyError:
        raise Permanent(_("This installation has no connector for “%(kind)s”.") % {"kind": kind}) from None


def settings_form(kind: str) -> type[Form] | None:
    """What an administrator fills in for this kind, ``forms.SettingsForm`` beside the connector; None: not by hand."""
    folder = connector_class(kind).__module__.rpartition(".")[0]
    if find_spec(f"{folder}.forms") is None:
        return None
    form: type[Form] = importlib.import_module(f"{folder}.forms").SettingsForm
    return form


def encrypt(secrets: dict[str, str]) -> bytes:
    return Fernet(settings.FIELD_ENCRYPTION_KEY).encrypt(json.dumps(secrets).encode())


def decrypt(ciphertext: bytes | memoryview) -> dict[str, str]:
    """The secrets of a channel; Permanent when they were encrypted with another key (a restore without its secrets)."""
    try:
        return dict(json.loads(Fernet(settings.FIELD_ENCRYPTION_KEY).decrypt(bytes(ciphertext))))
    except InvalidToken:
        raise Permanent(
            _("The password of this channel cannot be read with the key of this installation. Enter it again.")
        ) from None


def connector_for(channel: Channel) -> Connector:
    """The connector of one channel, with its secrets and who sends for it; inside the fence of its organisation."""
    secret = ChannelSecret.objects.filter(channel=channel).first()
    connector = connector_class(channel.kind)(channel.settings, decrypt(secret.ciphertext) if secret else {})
    connector.lender = lender_of(channel.organisation_id, connector)
    return connector


def lender_of(organisation_id: int, connector: Connector) -> Connector | None:
    """The channel over which another one sends, when its settings name one that is there."""
    over = connector.settings.get("over") if connector.sends_over else None
    if not over:
        return None
    lending = Channel.objects.filter(organisation=organisation_id, kind=connector.sends_over, pk=over).first()
    return connector_for(lending) if lending else None


def lenders_for(organisation_id: int, kind: str) -> list[Lender]:
    """The channels of an organisation over which one of this kind may send."""
    wanted = connector_class(kind).sends_over
    found = Channel.objects.filter(organisation=organisation_id, kind=wanted) if wanted else []
    return [Lender(channel.pk, channel.name, channel.settings) for channel in found]
