"""The looks of an organisation: who may change them, where they are worn, and that they can be taken off again."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from klankbord.base.tests.test_picture import png
from klankbord.project.tests.test_style_theme import EXAMPLE, EXAMPLE_DARK
from klankbord.tenancy.fence import acting_for, entered
from klankbord.tenancy.models import HouseStyle, Organisation
from tests.cast import Cast
from tests.pages import acts_of, says

PAGE = "/house-style/"


def upload(client: Client, light: bytes | None = None, dark: bytes | None = None, question: str = "") -> Any:
    files = {
        f"theme-{name}": SimpleUploadedFile("tokens.json", content, "application/json")
        for name, content in (("light", light), ("dark", dark))
        if content is not None
    }
    return client.post(PAGE + question, {"act": "theme"} | files)


def upload_logo(client: Client, content: bytes) -> Any:
    return client.post(PAGE, {"act": "logo", "logo-logo": SimpleUploadedFile("logo.png", content)})


def worn(page: str) -> str:
    """The address of the theme that a page wears; empty for ours."""
    found = re.search(r'href="(/house-style/\d+/theme\.css[^"]*)"', page)
    return found[1] if found else ""


@pytest.fixture
def chantal(client: Client, cast: Cast) -> Client:
    client.force_login(cast.chantal)
    return client


def test_the_administrator_gives_the_organisation_its_own_looks(chantal: Client, cast: Cast) -> None:
    assert not worn(chantal.get(PAGE).content.decode())
    answer = upload(chantal, EXAMPLE.read_bytes(), EXAMPLE_DARK.read_bytes())
    assert answer.status_code == 302
    assert acts_of(cast.klankendam.pk)[-1] == "huisstijl wijzigen"
    address = worn(chantal.get("/people/").content.decode())
    sheet = chantal.get(address)
    assert sheet["Content-Type"].startswith("text/css")
    assert "--kb-brand: #1f5c2e" in sheet.content.decode()
    assert "immutable" in sheet["Cache-Control"]
    again = chantal.get(address.partition("?")[0], headers={"if-none-match": sheet["ETag"]})
    assert again.status_code == 304
    assert "no-cache" in again["Cache-Control"]


def test_taken_off_the_looks_of_klankbord_are_back(chantal: Client, cast: Cast) -> None:
    upload(chantal, EXAMPLE.read_bytes())
    address = worn(chantal.get("/people/").content.decode())
    assert chantal.post(PAGE, {"act": "no-theme"}).status_code == 302
    assert not worn(chantal.get("/people/").content.decode())
    assert chantal.get(address).status_code == 404
    assert acts_of(cast.klankendam.pk).count("huisstijl wijzigen") == 2


def test_a_refusal_names_the_token_and_changes_nothing(chantal: Client, cast: Cast) -> None:
    bad = json.dumps({"nl": {"link": {"color": {"value": "url(https://elders.example)"}}}}).encode()
    answer = upload(chantal, bad)
    assert answer.status_code == 422
    assert "nl.link.color" in answer.content.decode()
    faint = json.dumps({"nl": {"link": {"color": {"value": "#ffff00"}}}}).encode()
    assert upload(chantal, faint).status_code == 422
    # a file that is in order does not carry one that is not
    black = json.dumps({"nl": {"link": {"color": {"value": "#000000"}}}}).encode()
    assert upload(chantal, EXAMPLE.read_bytes(), black).status_code == 422
    assert "huisstijl wijzigen" not in acts_of(cast.klankendam.pk)
    assert says(upload(chantal), "Choose the file of design tokens first.")


def test_the_logo_is_kept_without_what_hides_in_it(chantal: Client, cast: Cast) -> None:
    assert upload_logo(chantal, png() + b"<script>geheim</script>").status_code == 302
    assert acts_of(cast.klankendam.pk)[-1] == "logo wijzigen"
    page = chantal.get("/people/").content.decode()
    found = re.search(r'<img class="kb-logo" src="([^"]+)" alt="">', page)
    assert found
    logo = chantal.get(found[1])
    assert logo["Content-Type"] == "image/png"
    assert logo.content == png()
    assert chantal.get(found[1], headers={"if-none-match": logo["ETag"]}).status_code == 304
    chantal.post(PAGE, {"act": "no-logo"})
    assert "kb-logo" not in chantal.get("/people/").content.decode()
    assert chantal.get(found[1]).status_code == 404


@pytest.mark.parametrize(
    "content",
    [
        b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
        b"\n<?xml version='1.0'?><svg/>",
        b"GIF89a",
        png(4, 4),
        png(3000, 30),
    ],
    ids=["svg", "xml", "gif", "tiny", "wide"],
)
def test_a_logo_that_cannot_be_used_is_refused(chantal: Client, cast: Cast, content: bytes) -> None:
    assert upload_logo(chantal, content).status_code == 422
    assert upload_logo(chantal, b"\x89PNG" + b"\0" * 300_001).status_code == 422
    with acting_for(cast.klankendam.pk):
        assert not HouseStyle.objects.exists()


@pytest.mark.parametrize("who", ["eva", "daan", "amal", "bram", "fatma", "gijs"])
def test_only_an_administrator_may(client: Client, cast: Cast, who: str) -> None:
    client.force_login(cast.everybody[who])
    assert client.get(PAGE).status_code == 403
    assert upload(client, EXAMPLE.read_bytes()).status_code == 403
    assert upload(client, EXAMPLE.read_bytes(), question=f"?organisation={cast.klankendam.pk}").status_code == 403
    assert "huisstijl wijzigen" not in acts_of(cast.klankendam.pk)


def test_the_administrator_cannot_dress_another_organisation(chantal: Client, cast: Cast) -> None:
    for other in (cast.luisterveen, cast.zwijgerswaard):
        assert upload(chantal, EXAMPLE.read_bytes(), question=f"?organisation={other.pk}").status_code == 404
    with acting_for(cast.luisterveen.pk):
        assert not HouseStyle.objects.exists()


def test_the_row_itself_is_behind_the_fence(chantal: Client, cast: Cast) -> None:
    upload(chantal, EXAMPLE.read_bytes())
    for who in (cast.eva, cast.daan):
        with entered(who):
            assert not HouseStyle.objects.exists()
            assert not Organisation.objects.filter(pk=cast.klankendam.pk).update(style_version="gekaapt")
    with entered(cast.amal):
        assert HouseStyle.objects.filter(organisation=cast.klankendam).exists()


def test_a_desk_that_answers_for_others_wears_its_own_looks(client: Client, cast: Cast) -> None:
    with acting_for(cast.luisterveen.pk):
        Organisation.objects.filter(pk=cast.luisterveen.pk).update(style_version="luisterveen")
    client.force_login(cast.amal)
    assert not worn(client.get("/desk/").content.decode())
    with acting_for(cast.klankendam.pk):
        Organisation.objects.filter(pk=cast.klankendam.pk).update(style_version="klankendam")
    assert worn(client.get("/desk/").content.decode()) == f"/house-style/{cast.klankendam.pk}/theme.css?v=klankendam"
    # also on a page that somebody may not see, which is drawn outside the fence
    assert worn(client.get("/people/").content.decode()).endswith("?v=klankendam")
    client.force_login(cast.eva)
    assert not worn(client.get("/desk/").content.decode())


def test_the_register_for_everybody_wears_the_looks_of_its_organisation(chantal: Client, cast: Cast) -> None:
    upload(chantal, EXAMPLE.read_bytes())
    stranger = Client()
    address = worn(stranger.get(f"/register/{cast.klankendam.pk}").content.decode())
    assert address.startswith(f"/house-style/{cast.klankendam.pk}/")
    assert stranger.get(address).status_code == 200
    assert not worn(stranger.get(f"/register/{cast.luisterveen.pk}").content.decode())
    assert not worn(stranger.get("/accounts/login/").content.decode())


@pytest.mark.parametrize("pk", [0, 999_999, 2**63, 10**40])
def test_looks_that_are_not_there(client: Client, cast: Cast, pk: int) -> None:
    assert client.get(f"/house-style/{pk}/theme.css").status_code == 404
    assert client.get(f"/house-style/{pk}/logo").status_code == 404
