"""A contact form may send over a mailbox of its own organisation, as that mailbox is set now, and over no other."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from klankbord.channels import registry
from klankbord.channels.actions import connect_channel
from klankbord.channels.contract import AuthorData, Outgoing, Visibility
from klankbord.channels.form.channel import ContactForm
from klankbord.channels.mail.channel import Mail
from klankbord.channels.mail.tests.faulty_smtp import FaultySmtp
from klankbord.channels.models import Channel, ChannelSecret
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Organisation, User
from tests.cast import Cast

PAGE = {"channel_name": "Contactformulier", "title": "Stel uw vraag (oefening)"}


@pytest.fixture
def smtp() -> Iterator[FaultySmtp]:
    with FaultySmtp() as server:
        yield server


@pytest.fixture
def mailboxes(cast: Cast, smtp: FaultySmtp, monkeypatch: pytest.MonkeyPatch) -> dict[str, Channel]:
    """A mailbox of Klankendam and one of Luisterveen."""
    monkeypatch.setattr(registry, "connectors", lambda: {"mail": Mail, "form": ContactForm})

    def mailbox(town: Organisation) -> Channel:
        name = town.name.split()[-1].lower()
        settings: dict[str, Any] = {
            "address": f"webcare@{name}.example",
            "imap_host": "127.0.0.1",
            "imap_port": 143,
            "imap_security": "none",
            "imap_user": name,
            "imap_folder": "INBOX",
            "smtp_host": "127.0.0.1",
            "smtp_port": smtp.port,
            "smtp_security": "none",
            "smtp_user": "",
            "copy_to_self": False,
            "signature": "Tot ziens",
        }
        with acting_for(town.pk):
            return connect_channel(town, "mail", "Webcare", settings, {"smtp_password": "geheim"}, by=None)

    return {"own": mailbox(cast.klankendam), "other": mailbox(cast.luisterveen)}


def answer() -> Outgoing:
    return Outgoing(
        client_id=str(uuid.uuid4()),
        text="Dat mag.",
        visibility=Visibility.DIRECT,
        to=AuthorData("bea@bewoner.example", "bea@bewoner.example"),
        parent_uri="form:a:b",
        root_uri="form:a",
        reply_data={"to": "bea@bewoner.example", "subject": "Vliegeren", "confirm": False},
        subject="Vliegeren",
    )


def test_it_sends_as_the_mailbox_is_set_now(
    cast: Cast, mailboxes: dict[str, Channel], smtp: FaultySmtp, client_of: Callable[[User], Client]
) -> None:
    page = client_of(cast.chantal).get("/channels/connect/form").content.decode()
    assert "webcare@klankendam.example" in page
    assert "webcare@luisterveen.example" not in page
    sent = client_of(cast.chantal).post("/channels/connect/form", PAGE | {"over": mailboxes["own"].pk})
    assert sent.status_code == 302
    with acting_for(cast.klankendam.pk):
        form = Channel.objects.get(kind="form")
        assert registry.decrypt(ChannelSecret.objects.get(channel=form).ciphertext) == {}
        registry.connector_for(form).send(answer())
        settings = mailboxes["own"].settings | {"signature": "Met een andere groet"}
        Channel.objects.filter(pk=mailboxes["own"].pk).update(settings=settings)
        registry.connector_for(form).send(answer())
    first, second = (mail.decode() for mail in smtp.taken)
    assert "webcare@klankendam.example" in first
    assert "Tot ziens" in first
    assert "Met een andere groet" in second


def test_the_mailbox_of_another_organisation_is_not_to_be_had(
    cast: Cast, mailboxes: dict[str, Channel], client_of: Callable[[User], Client]
) -> None:
    refused = client_of(cast.chantal).post("/channels/connect/form", PAGE | {"over": mailboxes["other"].pk})
    assert refused.status_code == 422
    with acting_for(cast.klankendam.pk):
        assert not Channel.objects.filter(kind="form").exists()
        # and settings that name it all the same give nothing
        sly = ContactForm({"over": mailboxes["other"].pk}, {})
        assert registry.lender_of(cast.klankendam.pk, sly) is None
