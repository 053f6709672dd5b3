"""A house that is very full, on a phone: nothing for axe to find, and no word so long that the page gets too wide."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from klankbord.base.postgres.cluster import OWNER, running_sockets, url
from klankbord.project.tests.running import Started, environment
from tests.servers.browser import Visitor, axe, shoot
from tests.states import FULL, State

pytestmark = pytest.mark.browser

# in a process of its own: while a browser runs, its loop does not let the ORM work in this one
FILL = "import django; django.setup(); from tests.full_house import fill; fill()"


@pytest.fixture(scope="module")
def live_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Instead of the demo alone, for the visitor of this module: the demo and very much besides."""
    folder = tmp_path_factory.mktemp("full")
    data = folder / "data"
    with Started(data, folder / "log") as running:
        running.wait_until_up()
        sockets = running_sockets(data)
        assert sockets
        owner = {"KLANKBORD_DATA": str(data), "DATABASE_URL": url(data, OWNER, sockets)}
        told = environment(**owner, DJANGO_SETTINGS_MODULE="klankbord.project.settings")
        subprocess.run([sys.executable, "-c", FILL], env=told, check=True, cwd=Path(__file__).parents[1])
        yield f"http://localhost:{running.port}"


@pytest.mark.parametrize("state", FULL, ids=lambda state: state.name)
def test_a_very_full_page_is_without_faults(visitor: Visitor, state: State) -> None:
    page = state.reached_by(visitor)
    page.set_viewport_size({"width": 360, "height": 740})
    shoot(page, f"{state.name}-360")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{state.name} is wider than a phone"
    assert axe(page) == []
