"""Channels on the screen: health, gaps, quarantine without content, connecting and changing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from django import forms
from django.db import connection
from django.test import Client
from django.utils import timezone

from klankbord.channels import registry
from klankbord.channels.contract import Json, Permanent
from klankbord.channels.models import Arrival, Channel, ChannelSecret, Gap, Source
from klankbord.channels.registry import decrypt
from klankbord.tenancy.fence import acting_for, entered
from tests.cast import Cast
from tests.pages import acts_of, says
from tests.paper import Paper

HUGE = "x" * 100_000


class PaperForm(forms.Form):
    address = forms.CharField(max_length=100)
    password = forms.CharField(required=False, widget=forms.PasswordInput(render_value=False))

    def __init__(self, *args: Any, stored: dict[str, str] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.stored = stored or {}

    def to_settings(self) -> tuple[Json, dict[str, str]]:
        given = self.cleaned_data["password"] or self.stored.get("password", "")
        return {"address": self.cleaned_data["address"]}, {"password": given}


class Checked(Paper):
    """Paper that remembers how it was tried, and refuses one password."""

    kind = "paper"
    label = "Paper"
    tried: ClassVar[list[tuple[str, bool]]] = []

    def check(self) -> str:
        Checked.tried.append((self.secrets["password"], connection.in_atomic_block))
        if self.secrets["password"] == "fout":
            raise Permanent("Dit wachtwoord klopt niet.")
        return "Gevonden: een postbus."


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch, cast: Cast) -> None:
    Checked.tried = []
    monkeypatch.setattr(registry, "settings_form", lambda kind: PaperForm)
    monkeypatch.setattr(registry, "connectors", lambda: {"paper": Checked})


def test_the_page_shows_health_quarantine_and_gaps(client: Client, cast: Cast, say: Callable[..., None]) -> None:
    say(cast.mail, "p:1", "Goedemorgen, wanneer gaat het loket open?")
    say(cast.mail, "p:2", "", body=b"geen papier")
    now = timezone.now()
    Source.objects.filter(pk=cast.mail.source_id).update(last_ok_at=now)
    Gap.objects.create(source=cast.mail.source, since=now - timedelta(hours=2), until=now, reason="De server zweeg.")
    client.force_login(cast.chantal)
    listed = client.get("/channels/")
    row = next(row for row in listed.context["rows"] if row["channel"].pk == cast.mail.pk)
    assert (row["health"].state, row["quarantined"], row["waiting"], row["gaps"]) == ("ok", 1, 0, 1)
    one = client.get(f"/channels/{cast.mail.pk}/").content.decode()
    assert "Dit is geen papier." in one
    assert "De server zweeg." in one
    for content in ("loket", "geen papier<", "Bea Bewoner"):
        assert content not in one.replace("Dit is geen papier.", "")


@pytest.mark.parametrize("who", ["amal", "bram", "daan", "eva"])
def test_who_may_not_finds_no_channel(client: Client, cast: Cast, who: str) -> None:
    client.force_login(cast.everybody[who])
    assert client.get(f"/channels/{cast.mail.pk}/").status_code == 404
    assert client.get(f"/channels/{cast.mail.pk}/settings").status_code == 404
    assert client.get("/channels/connect/paper").status_code in (403, 404)
    assert client.post(f"/channels/{cast.mail.pk}/switch", {"enabled": "no"}).status_code == 404
    assert client.post(f"/channels/{cast.mail.pk}/replay").status_code == 404


@pytest.mark.parametrize("who", ["gijs", "fatma"])
def test_who_reads_changes_nothing(client: Client, cast: Cast, paper: None, who: str) -> None:
    client.force_login(cast.everybody[who])
    assert client.get(f"/channels/{cast.mail.pk}/").status_code == 200
    assert client.post(f"/channels/{cast.mail.pk}/switch", {"enabled": "no"}).status_code == 404
    assert client.post(f"/channels/{cast.mail.pk}/replay").status_code == 404
    assert client.get(f"/channels/{cast.mail.pk}/settings").status_code == 404
    assert client.post("/channels/connect/paper", {"channel_name": "n", "address": "a"}).status_code == 403
    assert acts_of(cast.klankendam.pk) == []


def test_a_channel_of_others_is_not_there(client: Client, cast: Cast) -> None:
    client.force_login(cast.chantal)
    for foreign in (cast.zwijgerswaard_mail.pk, cast.luisterveen_mail.pk, 99999999999999999999):
        assert client.get(f"/channels/{foreign}/").status_code == 404
        assert client.post(f"/channels/{foreign}/replay").status_code == 404


def test_a_channel_is_switched_off_and_on(client: Client, cast: Cast) -> None:
    client.force_login(cast.chantal)
    for wanted, enabled in (("no", False), ("yes", True)):
        assert client.post(f"/channels/{cast.mail.pk}/switch", {"enabled": wanted}).status_code == 302
        with entered(cast.chantal):
            assert Channel.objects.get(pk=cast.mail.pk).enabled is enabled
    assert acts_of(cast.klankendam.pk) == ["kanaal uitzetten", "kanaal aanzetten"]


def test_the_quarantine_is_tried_again_after_a_repair(client: Client, cast: Cast, say: Callable[..., None]) -> None:
    from klankbord.intake.flow import take_in

    say(cast.mail, "p:1", "", body=b"geen papier")
    with acting_for(cast.klankendam.pk):
        assert Arrival.objects.get().state == Arrival.State.QUARANTINED
    client.force_login(cast.chantal)
    assert client.post(f"/channels/{cast.mail.pk}/replay").status_code == 302
    assert acts_of(cast.klankendam.pk)[-1] == "quarantaine opnieuw"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Paper, "parse", lambda self, body: [])
        take_in(cast.klankendam.pk, cast.mail.pk)
    with acting_for(cast.klankendam.pk):
        assert Arrival.objects.get().state == Arrival.State.PARSED


def test_a_channel_is_connected_after_it_was_tried_with_no_transaction_open(
    client: Client, cast: Cast, paper: None
) -> None:
    client.force_login(cast.chantal)
    assert client.get("/channels/connect/paper").status_code == 200
    wish = {"channel_name": "Info", "address": "nieuw@klankendam.example", "password": "geheim-woord"}
    answer = client.post("/channels/connect/paper", wish)
    assert answer.status_code == 302
    assert Checked.tried == [("geheim-woord", False)]
    assert "Gevonden: een postbus." in client.get(answer["Location"]).content.decode()
    with entered(cast.chantal):
        made = Channel.objects.get(name="Info")
        assert decrypt(ChannelSecret.objects.get(channel=made).ciphertext) == {"password": "geheim-woord"}
    assert acts_of(cast.klankendam.pk) == ["kanaal verbinden"]


def test_what_does_not_work_is_told_and_not_kept(client: Client, cast: Cast, paper: None) -> None:
    client.force_login(cast.chantal)
    answer = client.post("/channels/connect/paper", {"channel_name": "Info", "address": "a", "password": "fout"})
    assert answer.status_code == 422
    assert "Dit wachtwoord klopt niet." in answer.content.decode()
    assert "fout" not in answer.content.decode().replace("utrecht", "")
    with entered(cast.chantal):
        assert not Channel.objects.filter(name="Info").exists()


def test_settings_change_and_a_secret_is_kept_but_never_shown(client: Client, cast: Cast, paper: None) -> None:
    client.force_login(cast.chantal)
    first = {"channel_name": "Info", "address": "nieuw@klankendam.example", "password": "geheim-woord"}
    client.post("/channels/connect/paper", first)
    with entered(cast.chantal):
        made = Channel.objects.get(name="Info")
    shown = client.get(f"/channels/{made.pk}/settings").content.decode()
    assert "nieuw@klankendam.example" in shown
    assert "geheim-woord" not in shown
    wish = {"channel_name": "Balie", "address": "anders@klankendam.example", "password": ""}
    assert client.post(f"/channels/{made.pk}/settings", wish).status_code == 302
    assert Checked.tried[-1] == ("geheim-woord", False)
    with entered(cast.chantal):
        made = Channel.objects.select_related("source").get(pk=made.pk)
        assert (made.name, made.source.address) == ("Balie", "anders@klankendam.example")
    assert acts_of(cast.klankendam.pk)[-1] == "kanaal wijzigen"


def test_one_account_is_one_channel(client: Client, cast: Cast, paper: None) -> None:
    client.force_login(cast.chantal)
    for name, address in (("Een", "een@k.example"), ("Twee", "twee@k.example")):
        client.post("/channels/connect/paper", {"channel_name": name, "address": address})
    with entered(cast.chantal):
        two = Channel.objects.get(name="Twee")
    answer = client.post(f"/channels/{two.pk}/settings", {"channel_name": "Twee", "address": "een@k.example"})
    assert answer.status_code == 422
    assert says(answer, "This account is already connected as another channel.")


@pytest.mark.parametrize("wrong", [{}, {"channel_name": HUGE}, {"channel_name": "a\0"}, {"address": HUGE}])
def test_bad_settings_never_reach_the_network(client: Client, cast: Cast, paper: None, wrong: dict[str, str]) -> None:
    client.force_login(cast.chantal)
    good = {"channel_name": "Info", "address": "a@k.example"} if wrong else {}
    assert client.post("/channels/connect/paper", good | wrong).status_code == 422
    assert Checked.tried == []


def test_a_kind_that_is_not_there_cannot_be_connected(client: Client, cast: Cast) -> None:
    client.force_login(cast.chantal)
    for kind in ("telex", "paper", "tests", "models"):
        assert client.get(f"/channels/connect/{kind}").status_code == 404


def test_the_list_asks_few_questions(
    client: Client, cast: Cast, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    client.force_login(cast.chantal)
    client.get("/channels/")  # what a session asks once and remembers is not the page's own
    with django_assert_max_num_queries(11):
        client.get("/channels/")
