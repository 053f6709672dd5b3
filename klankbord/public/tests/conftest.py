"""A contact form of Klankendam, and a resident in front of it."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from klankbord.channels import registry
from klankbord.channels.actions import connect_channel
from klankbord.channels.form.channel import ContactForm
from klankbord.channels.models import Channel
from klankbord.public import tickets
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.paper import Paper

PAGE = {
    "title": "Stel uw vraag (oefening)",
    "intro": "Spoed? Bel 112.",
    "intro_en": "Emergency? Call 112.",
    "ask_place": True,
    "ask_photo": True,
    "answer_days": 2,
}


def form_settings(**more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "page": PAGE,
        "address": "webcare@klankendam.example",
        "display_name": "Gemeente Klankendam (oefening)",
        "smtp_host": "127.0.0.1",
        "smtp_port": 1,
        "smtp_security": "none",
        "smtp_user": "",
        "copy_to_self": False,
        "signature": "",
    } | more


@pytest.fixture
def door(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Channel:
    """Klankendam's contact form."""
    monkeypatch.setattr(registry, "connectors", lambda: {"paper": Paper, "form": ContactForm})
    # a machine is quicker than a person; the one test about that sets it back
    monkeypatch.setattr(tickets, "QUICKEST", timedelta(seconds=-1))
    with acting_for(cast.klankendam.pk):
        return connect_channel(cast.klankendam, "form", "Contactformulier", form_settings(), {}, by=None)


@dataclass
class Resident:
    """Somebody with a browser without cookies or JavaScript."""

    url: str
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    def page(self, language: str = "nl") -> str:
        return self.client.get(f"{self.url}?lang={language}").content.decode()

    def ticket(self) -> str:
        found = re.search(r'name="ticket" value="([^"]+)"', self.page())
        assert found
        return found[1]

    def send(self, text: str = "De lantaarn is stuk.", *, ticket: str | None = None, **more: Any) -> Any:
        body = {"ticket": self.ticket() if ticket is None else ticket, "text": text} | more
        return self.client.post(f"{self.url}?lang=nl", body)


@pytest.fixture
def resident(door: Channel) -> Resident:
    return Resident(f"/contact/gemeente-klankendam-{door.pk}/")


@pytest.fixture
def jobs_done() -> Callable[[], None]:
    from tests.failpoints import do_jobs

    return do_jobs
