"""The contact form for the conformance suite: a resident at our page, and the mail server by which answers go out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from klankbord.channels import registry
from klankbord.channels.actions import connect_channel
from klankbord.channels.contract import Connector, Json
from klankbord.channels.form.channel import ContactForm
from klankbord.channels.mail.channel import Mail
from klankbord.channels.mail.tests import conformance as mailbox
from klankbord.channels.models import Channel
from klankbord.public import actions, tickets
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.conformance.adapter import IN
from tests.conformance.door import DoorAdapter

MANY = 10_000
PAGE = {"title": "Stel uw vraag (oefening)", "intro": "", "intro_en": "", "ask_place": True, "ask_photo": False}


class Network(DoorAdapter):
    """The mailbox of the sender is connected beside it, as the page with its settings advises."""

    connector: ClassVar[type[Connector]] = ContactForm
    exempt: ClassVar[dict[tuple[str, str], str]] = {(IN, "clock skew"): "only our own clock counts"}

    def __init__(self, folder: Path, monkeypatch: Any) -> None:
        super().__init__(folder, monkeypatch)
        self.mail = mailbox.Network(folder, monkeypatch)
        monkeypatch.setattr(ContactForm, "answer_seconds", 0.5)
        monkeypatch.setattr(ContactForm, "end_seconds", 0.5)
        # the suite is quicker than a person, and has one address on the internet for everybody
        monkeypatch.setattr(tickets, "QUICKEST", timedelta(seconds=-1))
        monkeypatch.setattr(actions, "PER_PAGE", MANY)
        monkeypatch.setattr(actions, "CONFIRMATIONS", MANY)

    def __exit__(self, *problem: object) -> None:
        self.mail.__exit__(*problem)

    def connected(self, cast: Cast, channel: Channel) -> None:
        super().connected(cast, channel)
        known = {**registry.connectors(), "mail": Mail}
        self.monkeypatch.setattr(registry, "connectors", lambda: known)
        self.fault_changed()
        with acting_for(cast.klankendam.pk):
            connect_channel(cast.klankendam, "mail", "Post (oefening)", self.mail.settings, self.mail.secrets, by=None)

    def fault_changed(self) -> None:
        self.mail.fault = self.fault
        self.monkeypatch.setattr(actions, "PER_VISITOR", 0 if self.fault == "429" else MANY)

    @property
    def settings(self) -> Json:
        kept = ("address", "smtp_host", "smtp_port", "smtp_security", "smtp_user")
        return {name: self.mail.settings[name] for name in kept} | {"id": "proef", "page": PAGE}

    @property
    def path(self) -> str:
        return f"/contact/gemeente-klankendam-{self.channel.pk}/"

    def fill_in(self, text: str) -> dict[str, str]:
        return {"text": text, "email": "bea@bewoner.example"}

    @property
    def nonsense(self) -> dict[str, str]:
        return {
            "ticket": "geraden",
            "text": "\0<script>",
            "email": "x\r\nBcc: y@z.example",
            "website": "https://x.example",
        }

    def received(self) -> list[str]:
        return self.mail.received()
