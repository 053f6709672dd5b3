"""The page on adding a channel is true, and each channel has all that the page asks for."""

from __future__ import annotations

import builtins
import re
from pathlib import Path

import pytest

import klankbord.channels
from klankbord.base.drawing import CHANNEL_ICONS
from klankbord.base.outside import http, mail
from klankbord.channels import contract
from klankbord.channels.contract import Connector
from klankbord.channels.registry import connectors, settings_form
from tests.conformance import adapter, door
from tests.conformance.adapter import Adapter, adapters

ROOT = Path(__file__).resolve().parents[1]
PAGE = (ROOT / "docs" / "adding-a-channel.md").read_text(encoding="utf-8")
CODE = set(re.findall(r"`([^`\n]+)`", PAGE))
PUBLIC = {name: hint for name, hint in vars(Connector)["__annotations__"].items() if "ClassVar" in str(hint)}
OWN_METHODS = {"wait", "reread", "search", "acknowledge", "cannot_answer", "identity"}
WITHOUT_A_FORM = {"exercise"}
"""Made by a page of their own, in a room of their own."""
KINDS = sorted(connectors())


def test_every_fact_that_a_connector_has_stands_on_the_page_and_no_other() -> None:
    step = PAGE[PAGE.index("1. **Facts.**") : PAGE.index("2. **")]
    named = set(re.findall(r"`([a-z_]+)`", step)) - OWN_METHODS - {"gettext_noop"}
    assert named == set(PUBLIC)


def test_every_method_that_must_be_written_is_a_step() -> None:
    steps = re.findall(r"^\d\. \*\*`(\w+)\(", PAGE, re.MULTILINE)
    assert set(steps) == Connector.__abstractmethods__


def test_every_part_that_the_page_names_exists() -> None:
    places = (contract, http, mail, adapter, door, Connector, Adapter)
    names = {name for one in CODE for name in re.findall(r"[A-Z][A-Za-z]+", one.split("/")[-1]) if "." not in one}
    known = (
        {name for place in places for name in dir(place)}
        | set(dir(builtins))
        | {"FaultServer", "FaultySmtp", "SettingsForm", "Network"}
    )
    assert {name for name in names if not name.isupper()} <= known


def test_every_file_that_the_page_names_exists() -> None:
    paths = [one.split(",")[0] for one in CODE if re.fullmatch(r"[\w./-]+\.(py|md)", one) and "/" in one]
    assert paths
    for path in set(paths) - {"tests/conformance.py", "tests/__init__.py"}:
        assert any((ROOT / start / path).exists() for start in ("", "klankbord")), path


def test_a_folder_with_a_connector_is_found() -> None:
    folders = {path.parent.name for path in Path(*klankbord.channels.__path__).glob("*/channel.py")}
    assert folders == set(KINDS), "is there an __init__.py, and is its kind the name of the folder?"


@pytest.mark.parametrize("kind", KINDS)
def test_a_channel_has_all_that_the_page_asks_for(kind: str) -> None:
    folder = ROOT / "klankbord" / "channels" / kind
    assert list((folder / "tests").glob("test_*.py"))
    assert kind in CHANNEL_ICONS
    assert adapters()[kind] is not None, "it has no network for the conformance suite"
    if kind not in WITHOUT_A_FORM:
        assert settings_form(kind) is not None
        assert (ROOT / "docs" / "channels" / f"{kind}.md").exists()
