"""What is in ``hosting``: checked by the programs it is meant for, as far as they are here."""

from __future__ import annotations

import re
import shutil
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from klankbord.base.problem import REFUSED
from klankbord.base.tests.needs import need
from klankbord.project import command, prepare
from klankbord.project.environment import VARIABLES
from tests.servers.browser import DEMO_PASSWORD
from tests.servers.nginx import Nginx

ROOT = Path(__file__).resolve().parents[1]
UNITS = sorted((ROOT / "hosting" / "systemd").iterdir())
COMMAND = "/opt/klankbord/.venv/bin/klankbord"
TEXTS = [ROOT / "Containerfile", ROOT / "hosting" / "compose.yaml", *UNITS]


def test_systemd_has_no_remarks_on_the_units(tmp_path: Path) -> None:
    need(shutil.which("systemd-analyze"), "systemd-analyze")
    for unit in UNITS:
        # it looks whether the program is there
        text = unit.read_text(encoding="utf-8").replace(f"ExecStart={COMMAND}", "ExecStart=/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    # without the folder of this machine's own units, which have remarks of their own
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.suffix == ".service"], ids=lambda unit: unit.name)
def test_a_unit_runs_a_command_that_there_is_and_gives_away_nothing(unit: Path) -> None:
    text = unit.read_text(encoding="utf-8")
    found = re.search(rf"{COMMAND} ([a-z-]+)", text)
    assert found
    assert found[1] in command._COMMANDS
    for line in ("User=klankbord", "NoNewPrivileges=yes", "ProtectSystem=strict", "UMask=0077"):
        assert f"\n{line}\n" in text
    if "Restart=on-failure" in text:
        assert f"RestartPreventExitStatus={REFUSED}\n" in text


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.name)
def test_every_variable_in_the_examples_exists(file: Path) -> None:
    named = set(re.findall(r"\b(?:KLANKBORD|DATABASE)_[A-Z_]+\b", file.read_text(encoding="utf-8")))
    assert named <= {variable.name for variable in VARIABLES}


def test_the_container_runs_as_nobody_in_particular_and_holds_no_tests() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    users = re.findall(r"(?m)^USER (.+)$", text)
    assert users == ["10001:10001"]
    assert text.index("USER ") < text.index("ENTRYPOINT")
    assert "**/tests" in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()


def test_what_the_container_is_made_of_is_let_through_and_is_enough(tmp_path: Path) -> None:
    """The builder copies what ``.dockerignore`` lets through; then ``./start --prepare`` must find all it reads."""
    let_through = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    copied = re.findall(r"(?m)^COPY (?!--)(.+) \S+$", (ROOT / "Containerfile").read_text(encoding="utf-8"))
    assert sorted(" ".join(copied).split()) == sorted(let_through)
    read = {"start", "klankbord", prepare.LOCK, prepare.TEST_LOCK}
    assert read <= set(let_through)


@pytest.fixture(scope="module")
def nginx(live_house: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    made = Nginx(tmp_path_factory.mktemp("nginx"), urlsplit(live_house).port or 0)
    assert made.complaints() == ""
    with made:
        yield made


@pytest.fixture
def visitor(nginx: Nginx) -> Iterator[httpx.Client]:
    """Somebody who comes through nginx, over TLS."""
    trusted = ssl.create_default_context(cafile=str(nginx.certificate))
    with httpx.Client(base_url=f"https://localhost:{nginx.tls}", verify=trusted, timeout=60) as client:
        yield client


def log_in(client: httpx.Client) -> httpx.Response:
    page = client.get("/accounts/login/")
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert token
    form = {"login": "amal@klankendam.example", "password": DEMO_PASSWORD, "csrfmiddlewaretoken": token[1]}
    return client.post("/accounts/login/", data=form, headers={"referer": str(page.url)})


@pytest.mark.real
def test_who_comes_without_tls_is_sent_to_it(nginx: Nginx) -> None:
    answer = httpx.get(f"http://localhost:{nginx.plain}/desk/", timeout=60)
    assert answer.status_code == 301
    assert answer.headers["location"].startswith("https://")


@pytest.mark.real
def test_behind_the_proxy_one_logs_in_with_cookies_that_stay_on_tls(visitor: httpx.Client) -> None:
    answer = log_in(visitor)
    assert answer.status_code == 302, answer.text[:500]
    cookies = answer.headers.get_list("set-cookie")
    assert cookies
    assert all("secure" in cookie.lower() for cookie in cookies)
    assert "max-age" in visitor.get("/desk/").headers["strict-transport-security"]


@pytest.mark.real
def test_live_events_pass_the_proxy_at_once_and_stay_open(visitor: httpx.Client) -> None:
    log_in(visitor)
    began = time.monotonic()
    with visitor.stream("GET", "/desk/live") as stream:
        assert stream.status_code == 200
        first = next(stream.iter_text())
    assert "event: hello" in first
    assert time.monotonic() - began < 20


@pytest.mark.real
def test_figures_do_not_leave_through_the_proxy(visitor: httpx.Client) -> None:
    assert visitor.get("/metrics").status_code == 404
    assert visitor.get("/health").status_code == 200
