"""People, teams and invitations on the screen: who may, who may not, and what the log says."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.tenancy.actions import hash_of
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import Invitation, Membership, Team, TeamMember, User
from tests.cast import Cast
from tests.pages import acts_of, says

HUGE = "x" * 100_000


def membership(cast: Cast, user: User) -> Membership:
    with entered(cast.chantal):
        return Membership.objects.get(user=user, organisation=cast.klankendam)


def test_the_administrator_sees_colleagues_with_roles_and_teams(client: Client, cast: Cast) -> None:
    client.force_login(cast.chantal)
    page = client.get("/people/").content.decode()
    for name in ("Amal", "Bram", "Chantal", "Fatma", "Gijs", "Webcareteam Klankendam"):
        assert name in page
    assert cast.eva.email not in page
    assert cast.daan.email not in page


@pytest.mark.parametrize("who", ["daan", "eva", "amal", "bram"])
@pytest.mark.parametrize("page", ["people/", "people/teams", "people/mandates", "people/mandates/give", "channels/"])
def test_who_may_not_is_refused(client: Client, cast: Cast, who: str, page: str) -> None:
    client.force_login(cast.everybody[who])
    assert client.get(f"/{page}").status_code == 403


@pytest.mark.parametrize("page", ["/people/", "/people/teams", "/people/mandates", "/channels/", "/audit/", "/place/"])
def test_who_is_not_logged_in_goes_to_the_log_in_page(client: Client, cast: Cast, page: str) -> None:
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/")


def test_reading_is_not_writing(client: Client, cast: Cast) -> None:
    amal = membership(cast, cast.amal)
    for reader in (cast.gijs, cast.fatma):
        client.force_login(reader)
        assert client.get("/people/").status_code == 200
        wish = {"email": "nieuw@klankendam.example", "roles": "webcare"}
        assert client.post("/people/invite", wish).status_code == 403
        assert client.get(f"/people/{amal.pk}").status_code == 404
        assert client.post(f"/people/{amal.pk}/end").status_code == 404
    assert "collega uitnodigen" not in acts_of(cast.klankendam.pk)


@pytest.mark.parametrize("address", ["?organisation=999999", "?organisation=abc", f"?organisation={'9' * 40}"])
def test_the_organisation_of_others_is_not_there(client: Client, cast: Cast, address: str) -> None:
    client.force_login(cast.chantal)
    assert client.get(f"/people/{address}").status_code == 404
    assert client.get(f"/people/?organisation={cast.zwijgerswaard.pk}").status_code == 404


def test_roles_and_teams_of_a_member_change_and_it_is_audited(client: Client, cast: Cast) -> None:
    client.force_login(cast.chantal)
    bram = membership(cast, cast.bram)
    assert client.get(f"/people/{bram.pk}").status_code == 200
    answer = client.post(f"/people/{bram.pk}", {"roles": ["editor", "webcare"], "teams": [cast.desk.pk]})
    assert answer.status_code == 302
    with entered(cast.chantal):
        bram.refresh_from_db()
        assert bram.roles == ["editor", "webcare"]
        assert TeamMember.objects.filter(membership=bram, team=cast.desk).exists()
    assert acts_of(cast.klankendam.pk)[-1] == "lid wijzigen"


def test_the_team_of_another_organisation_cannot_be_chosen(client: Client, cast: Cast) -> None:
    with acting_for(cast.zwijgerswaard.pk):
        foreign = Team.objects.create(organisation=cast.zwijgerswaard, name="Vreemd")
    client.force_login(cast.chantal)
    bram = membership(cast, cast.bram)
    answer = client.post(f"/people/{bram.pk}", {"roles": ["editor"], "teams": [foreign.pk]})
    assert answer.status_code == 422


@pytest.mark.parametrize("roles", [[], ["koning"], ["webcare\0"], [HUGE]])
def test_roles_that_do_not_exist_are_refused(client: Client, cast: Cast, roles: list[str]) -> None:
    client.force_login(cast.chantal)
    bram = membership(cast, cast.bram)
    assert client.post(f"/people/{bram.pk}", {"roles": roles}).status_code == 422
    assert membership(cast, cast.bram).roles == ["editor"]


def test_a_member_of_another_organisation_is_not_there(client: Client, cast: Cast) -> None:
    with entered(cast.eva):
        foreign = Membership.objects.get(user=cast.eva)
    client.force_login(cast.chantal)
    assert client.get(f"/people/{foreign.pk}").status_code == 404
    assert client.post(f"/people/{foreign.pk}/end").status_code == 404
    assert client.get("/people/99999999999999999999").status_code == 404


def test_who_left_sees_nothing_at_once(client: Client, cast: Cast) -> None:
    other = Client()
    other.force_login(cast.amal)
    assert other.get("/desk/").status_code == 200
    client.force_login(cast.chantal)
    assert client.post(f"/people/{membership(cast, cast.amal).pk}/end").status_code == 302
    assert acts_of(cast.klankendam.pk)[-1] == "lid beëindigen"
    with entered(cast.amal) as sight:
        assert not sight.organisations
        assert not sight.public_channels
    assert cast.amal.email not in client.get("/people/").content.decode()


def test_an_organisation_keeps_an_administrator(client: Client, cast: Cast) -> None:
    client.force_login(cast.chantal)
    me = membership(cast, cast.chantal)
    refusals = [client.post(f"/people/{me.pk}", {"roles": ["webcare"]}), client.post(f"/people/{me.pk}/end")]
    for answer in refusals:
        assert answer.status_code == 422
        assert says(answer, "This is the only administrator. Make somebody else administrator first.")
    client.post(f"/people/{membership(cast, cast.bram).pk}", {"roles": ["admin"]})
    assert client.post(f"/people/{me.pk}", {"roles": ["webcare"]}).status_code == 302


def test_a_coordinator_makes_a_team_once(client: Client, cast: Cast) -> None:
    client.force_login(cast.gijs)
    assert client.post("/people/teams", {"name": "Avondploeg"}).status_code == 302
    assert acts_of(cast.klankendam.pk)[-1] == "team maken"
    answer = client.post("/people/teams", {"name": "Avondploeg"})
    assert answer.status_code == 422
    assert says(answer, "There is already a team with this name.")
    client.force_login(cast.fatma)
    assert client.post("/people/teams", {"name": "Andere ploeg"}).status_code == 404


@pytest.mark.parametrize("name", ["", HUGE, "nul\0byte"])
def test_a_team_needs_a_usable_name(client: Client, cast: Cast, name: str) -> None:
    client.force_login(cast.chantal)
    assert client.post("/people/teams", {"name": name}).status_code == 422


# ---- invitations -----------------------------------------------------------------------------------------


def invited(client: Client, cast: Cast, email: str = "Nieuw@klankendam.example", *roles: str) -> str:
    """The path of the link for a new colleague."""
    client.force_login(cast.chantal)
    answer = client.post("/people/invite", {"email": email, "roles": roles or ["webcare"]})
    assert answer.status_code == 200
    found = re.search(r'id="link">[^<]*(/join/[^<]+)<', answer.content.decode())
    assert found
    return found[1]


NEW = {"name": "Nora Nieuw", "password": "vier losse woorden samen", "again": "vier losse woorden samen"}


def test_an_invitation_works_once_and_only_its_hash_is_kept(client: Client, cast: Cast) -> None:
    path = invited(client, cast)
    assert acts_of(cast.klankendam.pk)[-1] == "collega uitnodigen"
    with acting_for(cast.klankendam.pk):
        invitation = Invitation.objects.get()
        assert bytes(invitation.token_hash) == hash_of(path.removeprefix("/join/"))
    visitor = Client()
    assert "nieuw@klankendam.example" in visitor.get(path).content.decode()
    assert visitor.post(path, NEW).status_code == 302
    nora = User.objects.get(email="nieuw@klankendam.example")
    with entered(nora) as sight:
        assert sight.roles == {cast.klankendam.pk: frozenset({"webcare"})}
    assert acts_of(cast.klankendam.pk)[-1] == "uitnodiging aannemen"
    assert int(visitor.session["_auth_user_id"]) == nora.pk
    again = Client().post(path, NEW)
    assert again.status_code == 404
    assert says(again, "This invitation does not work (any more)")


def test_who_joins_the_demo_is_made_up_too(client: Client, cast: Cast) -> None:
    Client().post(invited(client, cast), NEW)
    assert User.objects.get(email="nieuw@klankendam.example").is_demo


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "kort", "again": "kort"},
        {"again": "iets heel anders dan dit"},
        {"name": "nul\0byte"},
        {"name": HUGE},
        {"password": "nieuw@klankendam.example", "again": "nieuw@klankendam.example"},
    ],
)
def test_a_bad_account_leaves_the_invitation_whole(client: Client, cast: Cast, wrong: dict[str, str]) -> None:
    path = invited(client, cast)
    assert Client().post(path, NEW | wrong).status_code == 422
    assert Client().get(path).status_code == 200


def test_an_invitation_that_ran_out_or_was_taken_back_does_not_work(client: Client, cast: Cast) -> None:
    path = invited(client, cast)
    with acting_for(cast.klankendam.pk):
        Invitation.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    assert Client().post(path, NEW).status_code == 404
    path = invited(client, cast, "ander@klankendam.example")
    with acting_for(cast.klankendam.pk):
        invitation = Invitation.objects.get(email="ander@klankendam.example")
    assert client.post(f"/people/invitation/{invitation.pk}/withdraw").status_code == 302
    assert acts_of(cast.klankendam.pk)[-1] == "uitnodiging intrekken"
    assert Client().post(path, NEW).status_code == 404


def test_a_new_link_ends_the_old_one(client: Client, cast: Cast) -> None:
    old = invited(client, cast)
    with acting_for(cast.klankendam.pk):
        invitation = Invitation.objects.get()
    assert client.post(f"/people/invitation/{invitation.pk}/renew").status_code == 200
    assert Client().get(old).status_code == 404


def test_a_link_that_ran_out_is_not_renewed_for_who_came_by_a_later_one(client: Client, cast: Cast) -> None:
    invited(client, cast)
    with acting_for(cast.klankendam.pk):
        Invitation.objects.update(expires_at=timezone.now() - timedelta(days=1))
        over = Invitation.objects.get()
    later = invited(client, cast)
    assert Client().post(later, NEW).status_code == 302
    answer = client.post(f"/people/invitation/{over.pk}/renew", follow=True)
    assert answer.status_code == 200
    assert says(answer, "Somebody with this address already works here.")


def test_the_log_does_not_hold_the_link_of_an_invitation(
    client: Client, cast: Cast, caplog: pytest.LogCaptureFixture
) -> None:
    path = invited(client, cast)
    with caplog.at_level("INFO"):
        assert Client().post(path, NEW | {"again": "iets anders"}).status_code == 422
    assert path not in caplog.text


def test_an_invitation_is_for_one_address(client: Client, cast: Cast) -> None:
    path = invited(client, cast)
    stranger = Client()
    stranger.force_login(cast.eva)
    assert stranger.post(path).status_code == 200
    with entered(cast.eva) as sight:
        assert list(sight.roles) == [cast.zwijgerswaard.pk]


def test_somebody_who_has_an_account_joins_with_it(client: Client, cast: Cast) -> None:
    path = invited(client, cast, cast.eva.email, "editor")
    assert "/accounts/login/?next=/join/" in Client().get(path).content.decode()
    eva = Client()
    eva.force_login(cast.eva)
    assert eva.get(path).status_code == 200
    assert eva.post(path).status_code == 302
    with entered(cast.eva) as sight:
        assert sight.roles[cast.klankendam.pk] == frozenset({"editor"})


def test_a_real_person_does_not_join_the_demo(client: Client, cast: Cast) -> None:
    real = User.objects.create(email="echt@overheid.example", name="Echt", is_demo=False)
    path = invited(client, cast, real.email)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("klankbord.project.security.must_have_second_step", lambda user: False)
        visitor = Client()
        visitor.force_login(real)
        assert visitor.post(path).status_code == 422
    with entered(real) as sight:
        assert not sight.roles


@pytest.mark.parametrize("email", ["", "geen adres", "a\0@b.example", f"{HUGE}@b.example", "amal@klankendam.example"])
def test_an_unusable_address_is_told(client: Client, cast: Cast, email: str) -> None:
    client.force_login(cast.chantal)
    assert client.post("/people/invite", {"email": email, "roles": ["webcare"]}).status_code == 422


@pytest.mark.parametrize("token", ["x", "0" * 5000, "a%00b"])
def test_a_made_up_link_gives_nothing(client: Client, cast: Cast, token: str) -> None:
    assert client.get(f"/join/{token}").status_code == 404


def test_invitations_of_others_cannot_be_touched(client: Client, cast: Cast) -> None:
    invited(client, cast)
    with acting_for(cast.klankendam.pk):
        invitation = Invitation.objects.get()
    for stranger in (cast.eva, cast.gijs, cast.daan):
        client.force_login(stranger)
        assert client.post(f"/people/invitation/{invitation.pk}/withdraw").status_code == 404
        assert client.post(f"/people/invitation/{invitation.pk}/renew").status_code == 404
