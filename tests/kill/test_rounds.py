"""Nothing lost, nothing twice: the house is killed at random moments and everything is counted at the other servers.

``KLANKBORD_KILL_ROUNDS`` chooses the number of rounds (13 without it), ``KLANKBORD_KILL_SEED`` repeats the choices of
an earlier run. See ``docs/nothing-lost.md``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import psycopg
import pytest

from klankbord.channels.feed.tests.newsstand import Newsstand
from klankbord.project.tests.running import environment
from tests.kill.browser import Browser
from tests.kill.counting import Count, Scene, count, never, unsettled
from tests.kill.desk import Colleague, Doubter, Form
from tests.kill.exchange import Exchange, Killer
from tests.kill.house import DOUBTER, EMAIL, PASSWORD, House
from tests.kill.residents import Mailer, Tooter
from tests.kill.ways import Clerk, Editor, Leader, Visitor, Way
from tests.servers.mail import PASSWORD as MAIL_PASSWORD
from tests.servers.mail import MailServers
from tests.servers.snac import SnacServers

pytestmark = pytest.mark.real
ROUNDS = int(os.environ.get("KLANKBORD_KILL_ROUNDS", "13"))
SEED = int(os.environ.get("KLANKBORD_KILL_SEED", "0")) or time.time_ns() % 1_000_000
TOWN = "gemeente@klankendam.example"
PATIENCE = 600.0


def mailbox_settings(mail: MailServers) -> dict[str, object]:
    return {
        "address": TOWN,
        "display_name": "Gemeente Klankendam (oefening)",
        "imap_host": "127.0.0.1",
        "imap_port": mail.imap_port,
        "imap_security": "none",
        "imap_user": TOWN,
        "imap_folder": "INBOX",
        "smtp_host": "127.0.0.1",
        "smtp_port": mail.smtp_port,
        "smtp_security": "none",
        "smtp_user": TOWN,
        "copy_to_self": True,
        "signature": "",
    }


def mail_channel(mail: MailServers) -> dict[str, object]:
    secrets = {"imap_password": MAIL_PASSWORD, "smtp_password": MAIL_PASSWORD}
    return {"kind": "mail", "name": "Post (oefening)", "settings": mailbox_settings(mail), "secrets": secrets}


def form_channel(mail: MailServers) -> dict[str, object]:
    page = {"title": "Stel uw vraag (oefening)", "intro": "", "intro_en": "", "ask_place": False, "ask_photo": True}
    out = {name: value for name, value in mailbox_settings(mail).items() if not name.startswith("imap_")}
    return {
        "kind": "form",
        "name": "Contactformulier (oefening)",
        "settings": out | {"id": "kill", "page": page | {"answer_days": 2}},
        "secrets": {"smtp_password": MAIL_PASSWORD},
    }


def test_killed_at_random_moments_nothing_is_lost_and_nothing_comes_twice(
    mail_servers: MailServers, running_snac_servers: SnacServers, tmp_path: Path
) -> None:
    print(f"\nseed {SEED}, {ROUNDS} rounds", flush=True)
    chance, mail, snac = Random(SEED), mail_servers, running_snac_servers
    snac.revive()
    town = snac.a.add_user("klankendamoefening")
    addresses = [f"bewoner{number}@bewoners.example" for number in (1, 2)]
    visitors = [f"bezoeker{number}@bewoners.example" for number in range(1, 9)]
    for address in (TOWN, *addresses, *visitors):
        mail.add_user(address)
    people: list[Mailer | Tooter] = [Mailer(mail, address, TOWN, Random(chance.random())) for address in addresses]
    people += [Tooter(snac.b.add_user(f"oefenaar{number}"), town, Random(chance.random())) for number in (1, 2)]
    fediverse = {
        "kind": "mastodon",
        "name": "Fediverse (oefening)",
        "settings": {"server": town.server.url, "account": town.name},
        "secrets": {"token": town.token},
    }
    with Newsstand() as stand, House(tmp_path, [snac.a.host, snac.b.host, stand.place]) as house:
        news = {"kind": "feed", "name": "De Klankbode (oefening)", "settings": {"url": stand.url}, "secrets": {}}
        calls = {"kind": "tip", "name": "Telefoon (oefening)", "settings": {"id": "kill"}, "secrets": {}}
        house.furnish([form_channel(mail), mail_channel(mail), fediverse, news, calls])
        number = house.ask("SELECT id FROM channels_channel WHERE kind = 'form'")[0]["id"]
        visitor = Visitor(house.address, f"/contact/klankendam-oefening-{number}/", visitors, Random(chance.random()))
        colleagues = [Colleague(house.address, Random(chance.random())) for _number in range(2)]
        doubter, clerk, leader = (
            Doubter(house.address, Random(chance.random())),
            Browser(house.address),
            Browser(house.address),
        )
        for one in (*colleagues, clerk, leader):
            one.log_in(EMAIL, PASSWORD)
        doubter.log_in(DOUBTER, PASSWORD)
        exercise = Leader(leader, Random(chance.random()))
        exercise.hold()
        ways: list[Way] = [visitor, Editor(stand, house), Clerk(clerk, Random(chance.random())), exercise]
        scene = Scene(
            house, mail, snac, town, people, visitor, ways, doubter,
            forms=lambda: [form for colleague in (*colleagues, doubter) for form in colleague.forms],
        )  # fmt: skip
        exchange = Exchange(colleagues, doubter, [*people, *ways], Random(chance.random()))
        killer = Killer(house, mail, snac, exchange, Random(chance.random()))
        began = time.monotonic()
        exchange.start()
        try:
            for number in range(1, ROUNDS + 1):
                killer.round()
                scene.killed.add(killer.killed[-1][0])
                if number % 10 == 0:
                    twice = once_it_answers(lambda: never(scene))
                    assert not twice, f"after {number} rounds: {twice}"
            time.sleep(3)
        finally:
            exchange.stop()
        assert not exchange.faults, "\n".join(exchange.faults)
        exercise.run_out()
        house.hurry("feed")
        result = settled(scene)
        verified = subprocess.run(
            [sys.executable, "-m", "klankbord.project.command", "audit", "verify", "--data", str(house.data)],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        said = report(result, killer, scene.forms(), time.monotonic() - began)
        print(said, flush=True)
        assert not result.wrong, f"{said}\n{house.said}"
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert house.started.health()["ok"]


def once_it_answers(question: Callable[[], list[str]]) -> list[str]:
    """What the database says, as soon as there is one again."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            return question()
        except (psycopg.Error, AssertionError):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def settled(scene: Scene) -> Count:
    """The count once everything has come to rest, and rests a little longer; at the latest when the patience ends."""
    deadline = time.monotonic() + PATIENCE
    rests, said = 0, ""
    while True:
        moving = []
        for server in (scene.snac.a, scene.snac.b):
            server.hurry()
            if server.waiting():
                moving.append(f"{server.waiting()} deliveries in the queues of {server.host}")
        result = count(scene)
        moving += unsettled(scene.house)
        if scene.mail.waiting():
            moving.append("mail in Postfix")
        if not scene.house.started.health().get("ok"):
            moving.append("health")
        rests = 0 if moving or result.wrong else rests + 1
        if str(moving) != said:
            said = str(moving)
            print(f"on its way: {', '.join(moving) or 'nothing'}; {len(result.wrong)} not right yet", flush=True)
        if rests == 3:
            return result
        if time.monotonic() > deadline:
            result.wrong += [f"still not at rest: {what}" for what in moving]
            return result
        time.sleep(2)


def report(result: Count, killer: Killer, forms: list[Form], seconds: float) -> str:
    return "\n".join(
        [
            f"{len(killer.killed)} rounds in {seconds:.0f} s (seed {SEED}):"
            f" {', '.join(victim for victim, _when in killer.killed)}",
            f"{result.messages} messages of residents with {result.pictures} pictures, {dict(result.ways)},"
            f" {result.answers} answers: {dict(result.states)}",
            f"{len(forms)} forms, {sum(form.acknowledged for form in forms)} acknowledged,"
            f" {sum(form.tries > 1 for form in forms)} sent again, {sum(form.refused for form in forms)} refused,"
            f" {result.taken_back} taken back",
            *(f"noted: {one}" for one in result.noted),
            *(f"WRONG: {one}" for one in result.wrong),
        ]
    )
