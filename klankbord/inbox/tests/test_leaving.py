"""A colleague leaves: out at once, the work back with the team, the name where it was."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.utils import timezone

from klankbord.inbox import actions, drafts
from klankbord.inbox.leaving import give_back_conversations
from klankbord.inbox.models import Conversation, Draft
from klankbord.intake.sweeping import give_back_after_mandates, sweep
from klankbord.posts.models import Post
from klankbord.tenancy import actions as tenancy
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import AuditEntry, Mandate, Membership, TeamMember, User
from klankbord.tenancy.queries import has_second_step
from tests.cast import Cast
from tests.pages import acts_of

Say = Callable[..., None]


@pytest.fixture
def held(cast: Cast, say: Say) -> list[Conversation]:
    """Two conversations in Amal's name: one of the own town, one by mandate; and one of the own town with Gijs."""
    for channel, uri in ((cast.mail, "eigen"), (cast.luisterveen_mail, "mandaat"), (cast.mail, "gijs")):
        say(channel, uri, "De lantaarn is stuk", visibility="direct")
    with entered(cast.amal):
        found = {one.root_uri: one for one in Conversation.objects.select_related("channel")}
        for uri in ("eigen", "mandaat"):
            actions.reply(found[uri], "Wij komen langs", by=cast.amal, client_id=uuid4(), seen=10**9)
        actions.assign_conversation(found["gijs"], cast.gijs, by=cast.amal)
    return [found["eigen"], found["mandaat"]]


def who_has(cast: Cast) -> dict[str, str]:
    found: dict[str, str] = {}
    for town in (cast.klankendam, cast.luisterveen):
        with acting_for(town.pk):
            found |= {one.root_uri: one.assignee_name for one in Conversation.objects.all()}
    return found


def let_go(cast: Cast, user: User) -> None:
    with entered(cast.chantal):
        tenancy.end_membership(Membership.objects.select_related("user").get(user=user), by=cast.chantal)


def waiting_jobs() -> list[dict[str, int]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT args FROM procrastinate_jobs WHERE task_name = 'inbox.give_back' AND status = 'todo'")
        return [json.loads(args) for (args,) in cursor.fetchall()]


def test_who_leaves_is_out_at_once_and_keeps_no_way_in(client: Client, cast: Cast) -> None:
    Authenticator.objects.create(user=cast.amal, type="totp", data={})
    Authenticator.objects.create(user=cast.amal, type="webauthn", data={"name": "Laptop"})
    client.force_login(cast.amal)
    assert client.get("/desk/").status_code == 200
    let_go(cast, cast.amal)
    assert client.get("/desk/")["Location"].startswith("/accounts/login/")
    assert not has_second_step(cast.amal)
    cast.amal.refresh_from_db()
    assert not cast.amal.has_usable_password()


def test_who_still_works_elsewhere_keeps_the_log_in_and_loses_the_sight(client: Client, cast: Cast) -> None:
    with acting_for(cast.zwijgerswaard.pk):
        Membership.objects.create(organisation=cast.zwijgerswaard, user=cast.bram, roles=["editor"])
    Authenticator.objects.create(user=cast.bram, type="totp", data={})
    client.force_login(cast.bram)
    let_go(cast, cast.bram)
    assert client.get(f"/place/?organisation={cast.zwijgerswaard.pk}").status_code == 200
    assert client.get(f"/place/?organisation={cast.klankendam.pk}").status_code == 404
    assert has_second_step(cast.bram)


def test_conversations_go_back_to_the_team_also_those_by_mandate(cast: Cast, held: list[Conversation]) -> None:
    let_go(cast, cast.amal)
    assert waiting_jobs() == [{"user": cast.amal.pk}]
    assert give_back_conversations(cast.amal.pk) == 2
    assert who_has(cast) == {"eigen": "", "mandaat": "", "gijs": "Gijs"}
    for town in (cast.klankendam, cast.luisterveen):
        assert acts_of(town.pk)[-1] == "gesprek teruggeven"
    assert give_back_conversations(cast.amal.pk) == 0


def test_a_job_that_runs_without_reason_changes_nothing(cast: Cast, held: list[Conversation]) -> None:
    assert give_back_conversations(cast.amal.pk) == 0
    assert who_has(cast)["eigen"] == "Amal"


def test_who_leaves_the_desk_team_gives_back_what_was_held_by_mandate(cast: Cast, held: list[Conversation]) -> None:
    with entered(cast.chantal):
        amal = Membership.objects.select_related("user").get(user=cast.amal)
        tenancy.change_membership(amal, ["webcare"], [], by=cast.chantal)
        assert not TeamMember.objects.filter(membership=amal).exists()
    assert give_back_conversations(cast.amal.pk) == 1
    assert who_has(cast) == {"eigen": "Amal", "mandaat": "", "gijs": "Gijs"}


def test_the_name_stays_under_answers_and_in_the_log(cast: Cast, held: list[Conversation]) -> None:
    let_go(cast, cast.amal)
    give_back_conversations(cast.amal.pk)
    with acting_for(cast.klankendam.pk):
        assert Post.objects.get(direction="out").signed == "Amal"
        assert AuditEntry.objects.filter(actie="antwoord versturen", actor="Amal").exists()


def test_who_left_comes_back_by_an_invitation_with_a_new_password(client: Client, cast: Cast) -> None:
    let_go(cast, cast.amal)
    with entered(cast.chantal):
        _made, token = tenancy.invite(cast.klankendam, cast.amal.email, ["webcare"], by=cast.chantal)
    password = "vier losse woorden samen"
    client.post(f"/join/{token}", {"name": "Amal weer", "password": password, "again": password})
    cast.amal.refresh_from_db()
    assert (cast.amal.name, cast.amal.check_password(password)) == ("Amal weer", True)
    assert client.get("/desk/").status_code == 200


def test_an_invitation_takes_over_no_account_that_is_in_use(client: Client, cast: Cast) -> None:
    """Who holds a link for somebody that works elsewhere without a password logs in first, as that somebody."""
    with entered(cast.chantal):
        _made, token = tenancy.invite(cast.klankendam, cast.eva.email, ["webcare"], by=cast.chantal)
    assert not cast.eva.has_usable_password()
    password = "vier losse woorden samen"
    client.post(f"/join/{token}", {"name": "Kaper", "password": password, "again": password})
    cast.eva.refresh_from_db()
    assert (cast.eva.name, cast.eva.has_usable_password()) == ("Eva", False)


def test_what_somebody_was_writing_stays_for_the_team_to_take(
    client: Client, cast: Cast, held: list[Conversation]
) -> None:
    with entered(cast.amal):
        drafts.keep_draft(held[0], Draft.What.REPLY, "Wij komen donderdag", by=cast.amal, form=uuid4())
    let_go(cast, cast.amal)
    give_back_conversations(cast.amal.pk)
    with entered(cast.gijs):
        left = Draft.objects.select_related("conversation").get()
        assert (left.text, left.writer) == ("Wij komen donderdag", "Amal")
    client.force_login(cast.gijs)
    assert "Wij komen donderdag" in client.get(f"/desk/{held[0].pk}").content.decode()
    assert client.post(f"/desk/draft/{left.pk}/take").status_code in (200, 204, 302)
    with entered(cast.gijs):
        left.refresh_from_db()
        assert left.user == cast.gijs


def mandate_until(cast: Cast, until: datetime) -> None:
    with acting_for(cast.luisterveen.pk):
        Mandate.objects.filter(pk=cast.mandate.pk).update(valid_until=until)


def run_waiting_jobs() -> int:
    jobs = waiting_jobs()
    for job in jobs:
        give_back_conversations(job["user"])
    with connection.cursor() as cursor:
        cursor.execute("UPDATE procrastinate_jobs SET status = 'succeeded' WHERE task_name = 'inbox.give_back'")
    return len(jobs)


def test_the_minute_a_mandate_runs_out_its_conversations_go_back(cast: Cast, held: list[Conversation]) -> None:
    ends = timezone.now()
    mandate_until(cast, ends)
    give_back_after_mandates(ends - timedelta(seconds=1))
    assert waiting_jobs() == []
    give_back_after_mandates(ends)
    assert run_waiting_jobs() == 1
    assert who_has(cast) == {"eigen": "Amal", "mandaat": "", "gijs": "Gijs"}
    assert acts_of(cast.luisterveen.pk)[-1] == "gesprek teruggeven"
    give_back_after_mandates(ends)
    assert waiting_jobs() == []


def test_a_mandate_that_runs_on_under_another_decision_keeps_them(cast: Cast, held: list[Conversation]) -> None:
    now = timezone.now()
    mandate_until(cast, now)
    with acting_for(cast.luisterveen.pk):
        Mandate.objects.create(
            organisation=cast.luisterveen,
            desk_organisation=cast.klankendam,
            desk_team=cast.desk,
            decision="Verlenging (oefening)",
            processor_agreement="Oefening",
            valid_from=now - timedelta(minutes=1),
            valid_until=now + timedelta(days=1),
        )
    give_back_after_mandates(now)
    assert waiting_jobs() == []
    assert who_has(cast)["mandaat"] == "Amal"


def test_the_sweep_looks_at_mandates(cast: Cast, held: list[Conversation]) -> None:
    mandate_until(cast, timezone.now())
    sweep()
    assert waiting_jobs() == [{"user": cast.amal.pk}]
