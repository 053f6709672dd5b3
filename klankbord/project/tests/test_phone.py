"""Klankbord on the start screen of a phone: a manifest that is right, and nothing of anybody kept in the browser."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.contrib.staticfiles import finders
from django.test import Client

from klankbord.tenancy.models import User
from tests.cast import Cast

ClientOf = Callable[[User], Client]


def test_the_manifest_names_pictures_that_are_there(cast: Cast) -> None:
    response = Client().get("/manifest.webmanifest")
    assert response.headers["Content-Type"] == "application/manifest+json"
    manifest = response.json()
    assert manifest["start_url"] == manifest["scope"] == "/"
    for icon in manifest["icons"]:
        found = finders.find(icon["src"].removeprefix("/static/"))
        assert found
        with open(found, "rb") as file:
            head = file.read(24)
        width, height = int.from_bytes(head[16:20], "big"), int.from_bytes(head[20:24], "big")
        assert f"{width}x{height}" == icon["sizes"]


def test_the_service_worker_keeps_the_page_without_a_connection_and_its_looks_only(cast: Cast) -> None:
    response = Client().get("/service-worker.js")
    assert response.headers["Content-Type"].startswith("text/javascript")
    program = response.content.decode()
    kept = re.findall(r'"([^"]+)"', re.findall(r"KEPT = \[(.*)\]", program)[0])
    assert [address for address in kept if not address.startswith("/static/")] == ["/offline"]
    for address in kept[1:]:
        assert finders.find(address.removeprefix("/static/"))
    assert ".put(" not in program
    assert "__" not in program


def test_the_page_without_a_connection_is_the_same_for_everybody(cast: Cast, client_of: ClientOf) -> None:
    page = Client().get("/offline").content.decode()
    assert client_of(cast.amal).get("/offline").content.decode() == page
    for name in ("Amal", cast.klankendam.name, "csrf"):
        assert name not in page
