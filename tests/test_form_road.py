"""From the contact form to the resident's mailbox and back, over a real Postfix and Dovecot."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.utils import timezone

from klankbord.channels import registry
from klankbord.channels.actions import connect_channel, fetch_now
from klankbord.channels.contract import Permanent
from klankbord.channels.form.channel import ContactForm
from klankbord.channels.models import Channel, Delivery
from klankbord.inbox import actions
from klankbord.inbox.models import Conversation
from klankbord.intake.flow import collect
from klankbord.posts.models import Post
from klankbord.public.tests.conftest import Resident, door, form_settings, jobs_done, resident
from klankbord.tenancy.fence import acting_for, entered
from tests.cast import Cast
from tests.mail_desk import Desk, HastyMail
from tests.servers.mail import PASSWORD, MailServers

pytestmark = pytest.mark.real
__all__ = ["door", "jobs_done", "resident"]


@pytest.fixture
def desk(mail_servers: MailServers) -> Desk:
    mark = uuid.uuid4().hex[:8]
    one = Desk(mail_servers, f"webcare-{mark}@klankendam.example", f"bea-{mark}@bewoners.example")
    mail_servers.add_user(one.address, PASSWORD)
    mail_servers.add_user(one.resident, PASSWORD)
    return one


def settings_over(desk: Desk, **more: Any) -> dict[str, Any]:
    return form_settings(
        address=desk.address,
        smtp_port=desk.servers.smtp_port,
        smtp_user=desk.address,
        copy_to_self=True,
        **more,
    )


@pytest.fixture
def form(cast: Cast, door: Channel, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Channel:
    """The form, and the mailbox of its sender as a channel beside it."""
    monkeypatch.setattr(registry, "connectors", lambda: {"mail": HastyMail, "form": ContactForm})
    with acting_for(cast.klankendam.pk):
        Channel.objects.filter(pk=door.pk).update(settings=settings_over(desk, id=door.settings["id"]))
        # connecting again keeps the page and gives it its password
        again = connect_channel(
            cast.klankendam,
            "form",
            "Contactformulier",
            settings_over(desk, id=door.settings["id"]),
            {"smtp_password": PASSWORD},
            by=None,
        )
        mail = desk.connector()
        connect_channel(cast.klankendam, "mail", "Mailbox", mail.settings, mail.secrets, by=None)
    assert again.pk == door.pk
    return again


def listen(cast: Cast, jobs_done: Callable[[], None]) -> None:
    with acting_for(cast.klankendam.pk):
        for channel in Channel.objects.filter(kind="mail"):
            fetch_now(channel.source_id, timezone.now())
    while collect(timezone.now()):
        pass
    jobs_done()


def test_question_confirmation_answer_and_what_is_mailed_back_are_one_conversation(
    cast: Cast, form: Channel, desk: Desk, resident: Resident, jobs_done: Callable[[], None]
) -> None:
    assert resident.send("Wanneer is het loket open?", subject="Loket", email=desk.resident).status_code == 302
    jobs_done()
    (raw,) = desk.servers.wait_for_mail(desk.resident, 1)
    confirmation = message_from_bytes(raw, policy=policy.default)
    assert confirmation["Auto-Submitted"] == "auto-replied"
    assert confirmation["Subject"] == "Re: Loket"
    assert "loket" not in confirmation.get_content().lower()
    # our copy in the mailbox proves that it went out
    desk.servers.wait_for_mail(desk.address, 1)
    listen(cast, jobs_done)
    with acting_for(cast.klankendam.pk):
        assert [one.state for one in Delivery.objects.all()] == ["sent"]
        conversation = Conversation.objects.get()

    with entered(cast.amal):
        conversation = Conversation.objects.select_related("channel").get()
        client_id = uuid.uuid4()
        for _press in range(2):
            actions.reply(conversation, "Elke dag vanaf negen uur.", by=cast.amal, client_id=client_id, seen=10**9)
    jobs_done()
    answer = message_from_bytes(desk.servers.wait_for_mail(desk.resident, 2)[-1], policy=policy.default)
    assert answer["In-Reply-To"] == confirmation["Message-ID"]
    assert "Elke dag vanaf negen uur." in answer.get_content()

    desk.write("Dank u!", In_Reply_To=answer["Message-ID"], References=answer["Message-ID"])
    desk.servers.wait_for_mail(desk.address, 3)
    listen(cast, jobs_done)
    with acting_for(cast.klankendam.pk):
        assert Conversation.objects.get().pk == conversation.pk
        said = list(Post.objects.order_by("pk").values_list("direction", flat=True))
    assert said == ["in", "out", "out", "in"]
    with entered(cast.amal):
        conversation = Conversation.objects.select_related("channel").get()
        assert conversation.status == "open"
        actions.reply(conversation, "Graag gedaan.", by=cast.amal, client_id=uuid.uuid4(), seen=10**9)
    jobs_done()
    assert len(desk.servers.wait_for_mail(desk.resident, 3)) == 3


def test_the_settings_are_tried_at_the_mail_server(form: Channel, desk: Desk) -> None:
    good = ContactForm(settings_over(desk), {"smtp_password": PASSWORD})
    assert good.check()
    with pytest.raises(Permanent):
        ContactForm(settings_over(desk), {"smtp_password": "fout"}).check()
