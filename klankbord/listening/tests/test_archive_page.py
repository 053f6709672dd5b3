"""The page that searches what we keep already with the query of a dossier."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from klankbord.listening import archive
from klankbord.listening.models import Dossier
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast, follow


@pytest.fixture
def dossier(cast: Cast, say: Callable[..., None]) -> Dossier:
    """A dossier of Klankendam about a lamp, begun after two messages came in."""
    say(cast.square, "p:1", "Op het Marktplein is de lantaarn <b>kapot</b>")
    say(cast.square, "p:2", "De lantaarn doet het weer")
    say(cast.mail, "p:3", "lantaarn kapot", visibility="direct")
    follow(cast.klankendam, "lantaarn")
    with acting_for(cast.klankendam.pk):
        made = Dossier.objects.get(organisation=cast.klankendam, is_place=False)
        made.query = "lantaarn NOT weer"
        made.save(update_fields=["query"])
        return made


def test_messages_from_before_the_dossier_are_found_with_their_reasons_marked(
    client: Client, cast: Cast, dossier: Dossier
) -> None:
    client.force_login(cast.bram)
    page = client.get(f"/dossiers/{dossier.pk}/archive").content.decode()
    assert "de <mark>lantaarn</mark> &lt;b&gt;kapot" in page
    assert "doet het weer" not in page
    assert page.count("kb-find__text") == 1


def test_a_long_archive_goes_on_where_the_page_stopped(
    client: Client, cast: Cast, dossier: Dossier, say: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive.search_archive, "__kwdefaults__", {"after": None, "limit": 2})
    for number in range(4):
        say(cast.square, f"q:{number}", f"lantaarn {number}")
    client.force_login(cast.bram)
    seen, address = 0, f"/dossiers/{dossier.pk}/archive"
    for _page in range(5):
        answer = client.get(address)
        seen += len(answer.context["finds"])
        address = answer.context["older_url"]
        if not address:
            break
    assert seen == 5
    for nonsense in ("?before=x&below=y", "?before=2026-99-99T00:00:00Z", "?before=2026-01-01"):
        assert client.get(f"/dossiers/{dossier.pk}/archive{nonsense}").status_code == 200


@pytest.mark.parametrize(
    ("who", "status", "found"),
    [("bram", 200, 1), ("gijs", 200, 1), ("fatma", 200, 0), ("daan", 404, 0), ("eva", 404, 0), ("chantal", 404, 0)],
)
def test_who_may_search(client: Client, cast: Cast, dossier: Dossier, who: str, status: int, found: int) -> None:
    client.force_login(cast.everybody[who])
    answer = client.get(f"/dossiers/{dossier.pk}/archive")
    assert answer.status_code == status
    if status == 200:
        assert len(answer.context["finds"]) == found


def test_public_order_and_the_place_do_not_search_the_archive(client: Client, cast: Cast, dossier: Dossier) -> None:
    client.force_login(cast.bram)
    with acting_for(cast.klankendam.pk):
        place = Dossier.objects.get(organisation=cast.klankendam, is_place=True)
        dossier.purpose = Dossier.Purpose.PUBLIC_ORDER
        dossier.save(update_fields=["purpose"])
    assert client.get(f"/dossiers/{place.pk}/archive").status_code == 404
    assert client.get(f"/dossiers/{dossier.pk}/archive").status_code == 404
