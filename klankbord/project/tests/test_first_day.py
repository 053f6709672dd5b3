"""The first day, as somebody who has nothing but the set-up code."""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import generate_totp_secret
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.utils.html import escape
from django.utils.translation import gettext

from klankbord.listening.models import Dossier
from klankbord.project import address as address_module
from klankbord.project.firstday.forms import AccountForm
from klankbord.tenancy.actions import installation
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import Organisation, User
from tests.cast import Cast
from tests.pages import acts_of, says

HUGE = "x" * 100_000
NOOR = {
    "name": "Noor de Boer",
    "email": "noor@swf.example",
    "password": "vier losse woorden samen",
    "again": "vier losse woorden samen",
    "roles": ["webcare", "editor"],
}


@pytest.fixture
def house(clean_database: None, request: pytest.FixtureRequest) -> Iterator[None]:
    """An empty installation with its municipalities."""
    migration = MigrationLoader(None).disk_migrations["tenancy", "0004_municipalities"]
    with connection.cursor() as cursor:
        cursor.execute(migration.operations[0].sql)  # type: ignore[attr-defined]  # a RunSQL
    request.getfixturevalue("as_app")
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def installer(house: None) -> Client:
    """A browser that has shown the set-up code."""
    client = Client()
    assert client.post("/first-day/", {"code": settings.SETUP_CODE}).status_code == 302
    return client


def second_step(user: User) -> None:
    """As if this user has set up the app on the phone."""
    from allauth.mfa.totp.internal.auth import TOTP

    TOTP.activate(user, generate_totp_secret())


@pytest.fixture
def noor(installer: Client) -> Client:
    """The first administrator of Súdwest-Fryslân, with a second step."""
    assert installer.post("/first-day/organisation", {"municipality": "GM1900"}).status_code == 302
    assert installer.post("/first-day/administrator", NOOR).status_code == 302
    second_step(User.objects.get(email="noor@swf.example"))
    return installer


def organisation() -> Organisation:
    return Organisation.objects.get(is_demo=False)


@pytest.mark.usefixtures("house")
class TestTheDoor:
    def test_an_empty_installation_offers_to_begin(self) -> None:
        answer = Client().get("/")
        assert answer.status_code == 200
        assert "/first-day/" in answer.content.decode()

    @pytest.mark.parametrize("page", ["organisation", "administrator"])
    def test_without_the_code_there_is_no_way_in(self, page: str) -> None:
        for method in ("get", "post"):
            answer = getattr(Client(), method)(f"/first-day/{page}", {"municipality": "GM1900"})
            assert answer.status_code == 302
            assert answer["Location"] == "/first-day/"

    @pytest.mark.parametrize("wrong", ["", "AAAA-BBBB-CCCC-DDDD", HUGE, "nul\0", "'; drop table"])
    def test_a_wrong_code_is_told(self, wrong: str) -> None:
        client = Client()
        assert client.post("/first-day/", {"code": wrong}).status_code == 422
        assert client.get("/first-day/organisation").status_code == 302

    def test_the_code_may_be_typed_carelessly(self) -> None:
        careless = settings.SETUP_CODE.lower().replace("-", " ")
        assert Client().post("/first-day/", {"code": careless})["Location"] == "/first-day/organisation"

    def test_guessing_is_slowed_down(self) -> None:
        client = Client()
        for _ in range(10):
            client.post("/first-day/", {"code": "AAAA-BBBB-CCCC-DDDD"})
        answer = client.post("/first-day/", {"code": settings.SETUP_CODE})
        assert answer.status_code == 422
        assert says(answer, "Too many tries. Wait a few minutes.")


class TestTheOrganisation:
    def test_a_search_works_without_and_with_scripts(self, installer: Client) -> None:
        whole = installer.get("/first-day/organisation", {"q": "den haag"}).content.decode()
        part = installer.get("/first-day/organisation", {"q": "den haag"}, headers={"HX-Request": "true"})
        for page in (whole, part.content.decode()):
            assert "GM0518" in page
        assert "<html" in whole
        assert "<html" not in part.content.decode()

    @pytest.mark.parametrize(
        "wrong", [{}, {"municipality": "GM9999"}, {"municipality": "\0"}, {"name": HUGE}, {"name": ""}]
    )
    def test_nonsense_chooses_nothing(self, installer: Client, wrong: dict[str, str]) -> None:
        assert installer.post("/first-day/organisation", wrong).status_code == 422
        assert installer.get("/first-day/administrator")["Location"] == "/first-day/organisation"

    def test_the_first_administrator_founds_it_with_all_the_roles_chosen(self, noor: Client) -> None:
        founded = organisation()
        assert founded.name == "Gemeente Súdwest-Fryslân"
        user = User.objects.get(email="noor@swf.example")
        with entered(user) as sight:
            assert sight.roles == {founded.pk: frozenset({"admin", "webcare", "editor"})}
            words = Dossier.objects.get(is_place=True).words
        assert {"Súdwest-Fryslân", "Zuidwest-Friesland", "Sneek", "Bolsward"} <= set(words)
        assert acts_of(founded.pk)[:2] == ["organisatie oprichten", "dossier openen"]

    def test_another_public_body_chooses_its_name(self, installer: Client) -> None:
        installer.post("/first-day/organisation", {"name": "Waterschap Oefenland"})
        installer.post("/first-day/administrator", NOOR | {"roles": []})
        assert organisation().name == "Waterschap Oefenland"
        assert organisation().municipality is None

    def test_a_municipality_is_set_up_once(self, noor: Client) -> None:
        stranger = Client()
        stranger.post("/first-day/", {"code": settings.SETUP_CODE})
        stranger.post("/first-day/organisation", {"municipality": "GM1900"})
        answer = stranger.post("/first-day/administrator", NOOR | {"email": "ander@swf.example"})
        assert answer.status_code == 422
        assert says(answer, "This municipality is already set up here. Ask its administrator for an invitation.")
        assert not User.objects.filter(email="ander@swf.example").exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"password": "kort", "again": "kort"},
            {"again": "iets anders dan dit"},
            {"email": "geen adres"},
            {"email": "a\0@b.example"},
            {"name": HUGE},
            {"roles": ["koning"]},
        ],
    )
    def test_a_bad_account_founds_nothing(self, installer: Client, wrong: dict[str, Any]) -> None:
        installer.post("/first-day/organisation", {"municipality": "GM1900"})
        assert installer.post("/first-day/administrator", NOOR | wrong).status_code == 422
        assert not Organisation.objects.exists()
        assert not User.objects.exists()

    def test_the_administrator_first_sets_up_a_second_step(self, installer: Client) -> None:
        installer.post("/first-day/organisation", {"municipality": "GM1900"})
        installer.post("/first-day/administrator", NOOR)
        assert installer.get("/first-day/")["Location"] == "/accounts/2fa/totp/activate/"
        assert installer.get("/accounts/2fa/totp/activate/").status_code == 200

    def test_who_is_already_administrator_founds_another_one(self, noor: Client) -> None:
        noor.post("/first-day/", {"code": settings.SETUP_CODE})
        noor.post("/first-day/organisation", {"municipality": "GM0014"})
        assert noor.post("/first-day/administrator", {"roles": ["webcare"]}).status_code == 302
        assert User.objects.count() == 1
        with entered(User.objects.get()) as sight:
            assert len(sight.roles) == 2


def test_a_sentence_is_a_good_password_whatever_ones_name_but_the_name_is_not() -> None:
    wish = {"name": "Sjoerd Visser (oefening)", "password": NOOR["password"], "again": NOOR["password"]}
    assert AccountForm(wish, email="sjoerd@swf.example").is_valid()
    short = AccountForm(wish | {"password": "kort", "again": "kort"}, email="sjoerd@swf.example")
    assert gettext("This is too short: choose at least %(number)d characters.") % {"number": 12} in str(short.errors)
    for bad in ("sjoerd visser (oefening)", "Sjoerd@swf.example"):
        form = AccountForm(wish | {"password": bad, "again": bad}, email="sjoerd@swf.example")
        assert "password" in form.errors


class TestTheList:
    def test_it_shows_what_is_done_and_leads_on(self, noor: Client) -> None:
        assert noor.get("/")["Location"] == "/first-day/"
        steps = noor.get("/first-day/").context["steps"]
        assert [step.done for step in steps] == [True, True, False, False, False, False, True]
        noor.post("/people/invite", {"email": "sjoerd@swf.example", "roles": ["webcare"]})
        noor.post("/place/", {"words": "Sneek\nBolsward"})
        steps = noor.get("/first-day/").context["steps"]
        assert [step.done for step in steps] == [True, True, False, False, True, True, True]

    def test_it_is_put_away(self, noor: Client) -> None:
        assert noor.post("/first-day/done").status_code == 302
        assert noor.get("/")["Location"] == "/desk/"
        assert acts_of(organisation().pk)[-1] == "eerste dag afronden"

    def test_others_have_no_first_day(self, client: Client, cast: Cast) -> None:
        for user in (cast.chantal, cast.amal, cast.daan, cast.eva):
            client.force_login(user)
            assert client.post("/first-day/done").status_code == 403
            assert client.get("/first-day/installation").status_code == 403
            assert client.get("/first-day/demo").status_code == 403


# ---- address and mail ------------------------------------------------------------------------------------


class Postman(socketserver.StreamRequestHandler):
    """The least of a mail server: takes one letter and remembers it."""

    letters: list[bytes] = []

    def handle(self) -> None:
        self.wfile.write(b"220 oefening\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                self.wfile.write(b"354 ga je gang\r\n")
                letter = b""
                while (part := self.rfile.readline()) != b".\r\n":
                    letter += part
                Postman.letters.append(letter)
            if verb == b"MAIL" and b"verboden" in line:
                self.wfile.write(b"550 niet van jou\r\n")
            else:
                self.wfile.write(b"250 goed\r\n")
            if verb == b"QUIT":
                return


@pytest.fixture
def post_office(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    # the test runner puts its own way out for mail in place
    monkeypatch.setattr(settings, "EMAIL_BACKEND", "klankbord.project.mail.InstallationBackend")
    Postman.letters = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Postman) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield int(server.server_address[1])
        server.shutdown()
        thread.join()


def mail(port: int, **more: str) -> dict[str, str]:
    return {
        "address": "",
        "mail_from": "klankbord@swf.example",
        "mail_host": "127.0.0.1",
        "mail_security": "none",
        "mail_port": str(port),
    } | more


class TestAddressAndMail:
    def test_a_test_mail_arrives(self, noor: Client, post_office: int) -> None:
        assert noor.post("/first-day/installation", mail(post_office, test="1")).status_code == 302
        assert len(Postman.letters) == 1
        assert b"noor@swf.example" in Postman.letters[0]
        assert b"From: klankbord@swf.example" in Postman.letters[0]

    def test_an_invitation_is_mailed(self, noor: Client, post_office: int) -> None:
        noor.post("/first-day/installation", mail(post_office))
        answer = noor.post("/people/invite", {"email": "sjoerd@swf.example", "roles": ["webcare"]})
        assert answer.context["mailed"] == "sent"
        assert answer.context["fresh"].link.encode()[-20:] in Postman.letters[0].replace(b"=\r\n", b"")

    def test_a_mail_that_does_not_leave_is_told_and_the_settings_are_kept(self, noor: Client, post_office: int) -> None:
        answer = noor.post("/first-day/installation", mail(post_office, mail_from="verboden@swf.example", test="1"))
        assert answer.status_code == 422
        assert says(answer, "The mail server does not accept this sender or this recipient.")
        assert installation().mail_from == "verboden@swf.example"
        answer = noor.post("/first-day/installation", mail(1, test="1"))
        assert says(answer, "The mail server %(host)s does not answer on port %(port)s.", host="127.0.0.1", port=1)
        link = noor.post("/people/invite", {"email": "sjoerd@swf.example", "roles": ["webcare"]})
        assert link.context["mailed"] == "failed"
        assert link.context["fresh"].link in link.content.decode()

    def test_a_password_is_sealed_never_shown_and_does_not_travel(self, noor: Client) -> None:
        wish = mail(25, mail_user="klankbord", mail_password="geheim-woord")
        noor.post("/first-day/installation", wish)
        from klankbord.tenancy.actions import mail_password

        assert mail_password(installation()) == "geheim-woord"
        assert b"geheim-woord" not in bytes(installation().mail_secret or b"")
        assert "geheim-woord" not in noor.get("/first-day/installation").content.decode()
        noor.post("/first-day/installation", mail(26, mail_user="klankbord"))
        assert mail_password(installation()) == "geheim-woord"
        noor.post("/first-day/installation", mail(26, mail_user="klankbord", mail_host="localhost"))
        assert mail_password(installation()) == ""

    @pytest.mark.parametrize(
        "wrong",
        [
            {"address": "http://klankbord.gemeente.example"},
            {"address": "https://klankbord.gemeente.example/pad"},
            {"address": "javascript://alert"},
            {"address": "https://[onzin"},
            {"address": "nul\0"},
            {"address": HUGE},
            {"mail_port": "99999"},
            {"mail_host": "mail gemeente"},
            {"mail_host": "mail.gemeente.example"},
            {"mail_from": ""},
            {"mail_security": "geen"},
        ],
    )
    def test_bad_settings_are_refused(self, noor: Client, wrong: dict[str, str]) -> None:
        assert noor.post("/first-day/installation", mail(25, **wrong)).status_code == 422
        assert installation().mail_host == ""

    def test_the_address_works_at_once_for_who_knows_it(self, noor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
        host: dict[str, Any] = {"HTTP_HOST": "klankbord.gemeente.example"}
        filled_in = next(one for one in settings.ALLOWED_HOSTS if isinstance(one, address_module.FilledInHost))
        monkeypatch.setattr(filled_in, "_until", 0.0)
        monkeypatch.setattr(address_module, "FRESH", 0.0)
        assert Client().get("/accounts/login/", **host).status_code == 400
        noor.post("/first-day/installation", mail(25, address="klankbord.gemeente.example"))
        assert Client().get("/accounts/login/", **host).status_code == 200
        assert Client().get("/accounts/login/", HTTP_HOST="as filled in").status_code == 400
        assert Client().get("/accounts/login/", HTTP_HOST="evil.example").status_code == 400
        monkeypatch.setattr(filled_in, "_host", "")

    def test_cookies_given_over_tls_stay_on_tls(self, noor: Client) -> None:
        answer = Client().get("/accounts/login/", secure=True)
        assert answer.cookies["csrftoken"]["secure"]
        assert "max-age" in answer["Strict-Transport-Security"]
        assert "Strict-Transport-Security" not in Client().get("/accounts/login/")

    def test_the_code_is_asked_again_in_another_browser(self, noor: Client) -> None:
        other = Client()
        other.force_login(User.objects.get(email="noor@swf.example"))
        answer = other.get("/first-day/installation")
        assert says(answer, "This needs the set-up code")
        assert other.post("/first-day/installation", mail(25)).status_code == 200
        assert installation().mail_host == ""
        answer = other.post("/first-day/", {"code": settings.SETUP_CODE, "next": "installation"})
        assert answer["Location"] == "/first-day/installation"


def test_a_page_that_is_nothing_but_a_refusal_has_a_heading(client: Client, cast: Cast) -> None:
    dead = client.get("/join/geraden")
    assert dead.status_code == 404
    with acting_for(cast.klankendam.pk):
        nobody = User.objects.create(email="niemand@nergens.example", name="Niemand", is_demo=True)
    client.force_login(nobody)
    nowhere = client.get("/")
    for answer, said in (
        (dead, "This invitation does not work (any more)"),
        (nowhere, "You do not work for an organisation here"),
    ):
        headings = re.findall(r"<h1[^>]*>(.*?)</h1>", answer.content.decode())
        assert headings == [escape(gettext(said))]
