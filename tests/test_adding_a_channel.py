"""The page on adding a channel is true, and each channel has all that the page asks for."""

from __future__ import annotations

import builtins
import importlib
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from django.conf import settings

import klankbord.channels
from klankbord.base.drawing import CHANNEL_ICONS
from klankbord.base.outside import http, mail
from klankbord.channels import contract, registry
from klankbord.channels.contract import Connector, Unparseable
from klankbord.channels.registry import connectors, settings_form
from tests.cast import Cast
from tests.conformance import adapter, door
from tests.conformance import test_conformance as suite
from tests.conformance.adapter import FAULTS, Adapter, adapters
from tests.paper import Paper

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


# ---- the whole one that stands on the page --------------------------------------------------------------

BLOCKS = dict(re.findall(r"^```python\n# (\S+\.py)\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL))
BOARD = "klankbord.channels.board"
LONG = {"SIGKILL", "slow"}
"""Faults that would take this test minutes; the suite tries them on every connector that is in the tree."""


@pytest.fixture
def board(cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A reader who copied the page into a folder of the house; what that folder's adapter then is."""
    folder = tmp_path / "channels" / "board"
    for name, block in {"__init__.py": "", "tests/__init__.py": "", **BLOCKS}.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(block, encoding="utf-8")
    monkeypatch.setattr(klankbord.channels, "__path__", [*klankbord.channels.__path__, str(folder.parent)])
    monkeypatch.setattr(registry, "connectors", connectors)
    monkeypatch.setattr(settings, "OUTSIDE_ALLOWED_HOSTS", ["127.0.0.1"])
    importlib.invalidate_caches()
    connectors.cache_clear()
    yield importlib.import_module(f"{BOARD}.tests.conformance")
    connectors.cache_clear()
    for name in [name for name in sys.modules if name == BOARD or name.startswith(f"{BOARD}.")]:
        del sys.modules[name]
    del klankbord.channels.board


def test_what_the_page_shows_is_found_with_all_its_parts(board: ModuleType) -> None:
    assert set(BLOCKS) == {"channel.py", "forms.py", "tests/conformance.py"}
    assert set(registry.connectors()) == {*KINDS, "board"}
    form = settings_form("board")
    assert form is not None
    filled = form({"url": "https://bord.oefening.example/lijst.json"})
    assert filled.is_valid()
    assert adapters()["board"] is board.Network


@pytest.mark.parametrize("fault", [one.name for one in FAULTS if one.coming_in and one.name not in LONG])
def test_what_the_page_shows_stands_the_faults(
    board: ModuleType, cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    # the network of the cast stays there too
    known = {**connectors(), "paper": Paper}
    monkeypatch.setattr(registry, "connectors", lambda: known)
    with board.Network(tmp_path, monkeypatch) as network:
        line = suite.Line(cast, network)
        suite.test_what_residents_say_arrives_once_whatever_goes_wrong(line, "board", fault)


@pytest.mark.parametrize(
    "body", [b"", b"3", b"[]", b"{}", b'{"id": 1, "by": "b", "at": "2030-01-01T00:00", "text": "x"}', b"[" * 100_000]
)
def test_what_the_page_shows_refuses_nonsense_in_one_way(board: ModuleType, body: bytes) -> None:
    with pytest.raises(Unparseable):
        connectors()["board"]({"url": "https://bord.oefening.example"}, {}).parse(body)
