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

import pytest

from klankbord.project.tests.running import environment
from tests.kill.counting import Count, count, unsettled
from tests.kill.desk import Colleague, Form
from tests.kill.exchange import Exchange, Killer
from tests.kill.house import EMAIL, PASSWORD, House
from tests.kill.residents import Mailer, Tooter
from tests.servers.mail import PASSWORD as MAIL_PASSWORD
from tests.servers.mail import MailServers
from tests.servers.snac import SnacServers

pytestmark = pytest.mark.real
ROUNDS = int(os.environ.get("KLANKBORD_KILL_ROUNDS", "13"))
SEED = int(os.environ.get("KLANKBORD_KILL_SEED", "0")) or time.time_ns() % 1_000_000
TOWN = "gemeente@klankendam.example"
PATIENCE = 240.0


def mail_channel(mail: MailServers) -> dict[str, object]:
    settings = {
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
    secrets = {"imap_password": MAIL_PASSWORD, "smtp_password": MAIL_PASSWORD}
    return {"kind": "mail", "name": "Post (oefening)", "settings": settings, "secrets": secrets}


def test_killed_at_random_moments_nothing_is_lost_and_nothing_comes_twice(
    mail_servers: MailServers, running_snac_servers: SnacServers, tmp_path: Path
) -> None:
    print(f"\nseed {SEED}, {ROUNDS} rounds", flush=True)
    chance, mail, snac = Random(SEED), mail_servers, running_snac_servers
    snac.revive()
    town = snac.a.add_user("klankendamoefening")
    addresses = [f"bewoner{number}@bewoners.example" for number in (1, 2)]
    for address in (TOWN, *addresses):
        mail.add_user(address)
    people: list[Mailer | Tooter] = [Mailer(mail, address, TOWN, Random(chance.random())) for address in addresses]
    people += [Tooter(snac.b.add_user(f"oefenaar{number}"), town, Random(chance.random())) for number in (1, 2)]
    fediverse = {
        "kind": "mastodon",
        "name": "Fediverse (oefening)",
        "settings": {"server": town.server.url, "account": town.name},
        "secrets": {"token": town.token},
    }
    with House(tmp_path, [snac.a.host, snac.b.host]) as house:
        house.furnish([mail_channel(mail), fediverse])
        colleagues = [Colleague(house.address, EMAIL, PASSWORD, Random(chance.random())) for _number in range(2)]
        for colleague in colleagues:
            colleague.log_in()
        exchange = Exchange(colleagues, people, Random(chance.random()))
        killer = Killer(house, mail, snac, exchange, Random(chance.random()))
        exchange.start()
        try:
            for _round in range(ROUNDS):
                killer.round()
            time.sleep(3)
        finally:
            exchange.stop()
        forms = [form for colleague in colleagues for form in colleague.forms]
        killed = {victim for victim, _when in killer.killed}

        def recount() -> Count:
            return count(house, mail, snac, town, people, forms, killed)

        result = settled(house, mail, snac, recount)
        verified = subprocess.run(
            [sys.executable, "-m", "klankbord.project.command", "audit", "verify", "--data", str(house.data)],
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        print(report(result, killer, forms), flush=True)
        assert not exchange.faults
        assert not result.wrong, f"{report(result, killer, forms)}\n{house.said}"
        assert verified.returncode == 0, verified.stdout + verified.stderr
        assert house.started.health()["ok"]


def settled(house: House, mail: MailServers, snac: SnacServers, recount: Callable[[], Count]) -> Count:
    """The count once everything has come to rest, and rests a little longer; at the latest when the patience ends."""
    deadline = time.monotonic() + PATIENCE
    rests = 0
    while True:
        moving = []
        for server in (snac.a, snac.b):
            server.hurry()
            if server.waiting():
                moving.append(f"{server.waiting()} deliveries in the queues of {server.host}")
        result = recount()
        moving += unsettled(house)
        if mail.waiting():
            moving.append("mail in Postfix")
        if not house.started.health().get("ok"):
            moving.append("health")
        rests = 0 if moving or result.wrong else rests + 1
        if rests == 3:
            return result
        if time.monotonic() > deadline:
            result.wrong += [f"still not at rest: {what}" for what in moving]
            return result
        time.sleep(2)


def report(result: Count, killer: Killer, forms: list[Form]) -> str:
    return "\n".join(
        [
            f"{len(killer.killed)} rounds (seed {SEED}): {', '.join(victim for victim, _when in killer.killed)}",
            f"{result.messages} messages of residents with {result.pictures} pictures,"
            f" {result.answers} answers: {dict(result.states)}",
            f"{len(forms)} forms, {sum(form.acknowledged for form in forms)} acknowledged,"
            f" {sum(form.tries > 1 for form in forms)} sent again, {sum(form.refused for form in forms)} refused",
            *(f"noted: {one}" for one in result.noted),
            *(f"WRONG: {one}" for one in result.wrong),
        ]
    )
