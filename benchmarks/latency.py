"""From the moment a real mail or fediverse server has a message to the changed list in a real browser.

    python -m benchmarks.latency      (needs Postfix, Dovecot, snac2 and Chromium; as root)

The whole house runs as ``klankbord start`` makes it. A resident writes by SMTP, or on a second fediverse server; the
clock starts when the mail server says 250, or when the town's own fediverse server has the note on its disk. It stops
when the browser of a colleague who is looking at the list has the row, or the button that says there is one.
"""

from __future__ import annotations

import argparse
import shutil
import smtplib
import tempfile
import time
from collections.abc import Callable
from email.message import EmailMessage
from email.utils import make_msgid
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.figures import Times, times_of
from tests.kill.house import EMAIL, PASSWORD, House
from tests.kill.test_rounds import TOWN, mail_channel
from tests.servers.browser import CHROMIUM, FLAGS
from tests.servers.mail import MailServers
from tests.servers.snac import SnacServers, SnacUser

RESIDENT = "bewoner@bewoners.example"
WATCH = """() => {
  window.changed = new Promise(done => new MutationObserver((records, watcher) => {
    const isRow = node => node.nodeType === 1 && (node.matches('.row') || node.querySelector('.row'));
    const seen = record => record.type === 'attributes'
      ? record.target.id === 'new-messages' && !record.target.hidden
      : [...record.addedNodes].some(isRow);
    if (records.some(seen)) { watcher.disconnect(); done(Date.now()); }
  }).observe(document.getElementById('queue'), {subtree: true, childList: true, attributes: true}));
}"""


def write_mail(servers: MailServers, number: int) -> float:
    """When the mail server had taken the message."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = RESIDENT, TOWN, f"Vraag {number} (oefening)"
    message["Message-ID"] = make_msgid(domain="bewoners.example")
    message.set_content(f"De lantaarnpaal op de hoek is stuk. (oefening, bericht {number})")
    with smtplib.SMTP(servers.host, servers.smtp_port, timeout=10) as client:
        client.send_message(message)
        return time.time()


def write_note(servers: SnacServers, resident: SnacUser, town: SnacUser, number: int) -> float:
    """When the town's own server had the note."""
    known = len(servers.a.statuses_of(resident))
    resident.post(f"@{town.name}@{servers.a.host} Wanneer komt de vuilniswagen? (oefening, bericht {number})")
    while len(servers.a.statuses_of(resident)) == known:
        time.sleep(0.01)
    return time.time()


def watch(page: Page, write: Callable[[int], float], times: int) -> Times:
    """Write again and again while somebody looks at the list."""
    taken = []
    for number in range(times):
        page.goto("/desk/?view=all")
        page.wait_for_timeout(1500)  # the stream is open and the page has come to rest
        page.evaluate(WATCH)
        accepted = write(number)
        changed = page.evaluate("() => window.changed") / 1000
        taken.append(max(0.0, changed - accepted))
    return times_of(taken)


def measure(times: int, folder: Path) -> None:
    with MailServers() as mail, SnacServers.prepare() as snac:
        for address in (TOWN, RESIDENT):
            mail.add_user(address)
        town, resident = snac.a.add_user("klankendamoefening"), snac.b.add_user("oefenaar")
        fediverse = {
            "kind": "mastodon",
            "name": "Fediverse (oefening)",
            "settings": {"server": town.server.url, "account": town.name},
            "secrets": {"token": town.token},
        }
        with House(folder, [snac.a.host, snac.b.host]) as house, sync_playwright() as playwright:
            house.furnish([mail_channel(mail), fediverse])
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_page(base_url=house.address)
            page.goto("/accounts/login/")
            page.fill("[name=login]", EMAIL)
            page.fill("[name=password]", PASSWORD)
            page.click("main button[type=submit]")
            page.wait_for_url(lambda url: "/accounts/login" not in url)
            time.sleep(15)  # the listening process has found both channels
            report("mail: accepted by Postfix", watch(page, lambda n: write_mail(mail, n), times))
            report(
                "fediverse: on the town's server",
                watch(page, lambda n: write_note(snac, resident, town, n), times),
            )
            browser.close()


def report(what: str, times: Times) -> None:
    print(f"{what:<36} {times.median:8.0f} {times.p95:8.0f}   (median and p95 in ms, {times.count})", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure from network to browser.")
    parser.add_argument("--times", type=int, default=20)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="klankbord-latency-"))
    try:
        measure(options.times, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
