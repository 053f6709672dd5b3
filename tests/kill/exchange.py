"""The exchange of messages that goes on while the house is killed, and the killing itself."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from functools import partial
from itertools import count
from random import Random

from tests.kill.browser import NoAnswer
from tests.kill.desk import Colleague, Doubter
from tests.kill.house import House
from tests.kill.residents import Mailer, Tooter
from tests.kill.ways import Way
from tests.servers.mail import MailServers
from tests.servers.snac import SnacServers

DECK = (
    "work", "work", "web", "web", "listen", "backend", "database", "database", "supervisor",
    "postfix", "dovecot", "snac_a", "snac_b",
)  # fmt: skip

NEVER_AGAIN = 1_000


class Exchange:
    """Residents write and colleagues answer, each in a thread of their own, until ``stop``."""

    def __init__(
        self, colleagues: list[Colleague], doubter: Doubter, people: Sequence[Mailer | Tooter | Way], chance: Random
    ) -> None:
        self.faults: list[str] = []
        self._chance = chance
        self._numbers = count(1)
        self._stopping = threading.Event()
        self._news = threading.Condition()
        self._last = ""
        jobs: list[Callable[[], None]] = [partial(self._answering, one) for one in colleagues]
        jobs.append(partial(self._doubting, doubter))
        jobs += [partial(self._writing, one) for one in people]
        self._threads = [threading.Thread(target=self._guarded, args=(job,), daemon=True) for job in jobs]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Everybody finishes what they are doing and goes home."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(120)
            assert not thread.is_alive(), "somebody does not stop writing"

    def wait_for(self, what: str, seconds: float) -> None:
        """Until the next ``message`` or ``answer`` sets off, or until the patience ends."""
        with self._news:
            self._last = ""
            self._news.wait_for(lambda: self._last == what, seconds)

    def _happens(self, what: str) -> None:
        with self._news:
            self._last = what
            self._news.notify_all()

    def _guarded(self, job: Callable[[], None]) -> None:
        try:
            job()
        except Exception:  # noqa: BLE001  the test itself tells what went wrong in a thread
            self.faults.append(traceback.format_exc())

    def _writing(self, one: Mailer | Tooter | Way) -> None:
        while not self._stopping.wait(self._chance.uniform(0.8, 5.0)):
            self._happens("message")
            one.write(next(self._numbers))

    def _answering(self, colleague: Colleague) -> None:
        answered: dict[int, int] = {}
        while not self._stopping.wait(self._chance.uniform(0.1, 1.0)):
            try:
                open_ones = colleague.conversations()
                # some conversations get several answers
                rest = [one for one in open_ones if answered.get(one, 0) < 1 + one % 3]
                if not rest:
                    continue
                chosen = self._chance.choice(rest)
                self._happens("answer")
                form = colleague.write(chosen, f"Antwoord {next(self._numbers)} van de gemeente (oefening).")
                # who left no address cannot be answered
                answered[chosen] = answered.get(chosen, 0) + 1 if form is not None else NEVER_AGAIN
            except NoAnswer:
                time.sleep(0.5)

    def _doubting(self, doubter: Doubter) -> None:
        while not self._stopping.wait(self._chance.uniform(0.5, 3.0)):
            try:
                open_ones = doubter.conversations()
                if open_ones:
                    doubter.doubt(self._chance.choice(open_ones), next(self._numbers))
            except NoAnswer:
                time.sleep(0.5)


class Killer:
    """One kill per round: who, decided by a shuffled deck; when, at random or just after something set off."""

    def __init__(self, house: House, mail: MailServers, snac: SnacServers, exchange: Exchange, chance: Random) -> None:
        self.house, self.mail, self.snac, self.exchange = house, mail, snac, exchange
        self._chance = chance
        self._deck: list[str] = []
        self.killed: list[tuple[str, float]] = []

    def round(self) -> None:
        if not self._deck:
            self._deck = self._chance.sample(DECK, len(DECK))
        victim = self._deck.pop()
        time.sleep(self._chance.uniform(0.3, 3.0))
        moment = self._chance.choice(["any", "message", "answer", "answer"])
        if moment != "any":
            self.exchange.wait_for(moment, 2)
            time.sleep(self._chance.uniform(0.0, 0.8))
        print(f"round {len(self.killed) + 1}: kill {victim} ({moment})", flush=True)
        self.killed.append((victim, time.time()))
        self._kill(victim)

    def _kill(self, victim: str) -> None:
        away = self._chance.uniform(0.3, 2.5)
        match victim:
            case "postfix" | "dovecot":
                self.mail.kill(victim)
                time.sleep(away)
                self.mail.start(victim)
            case "snac_a" | "snac_b":
                server = self.snac.a if victim == "snac_a" else self.snac.b
                server.kill()
                time.sleep(away)
                server.start()
            case "supervisor":
                self.house.kill(victim)
                self.house.start()
            case _:
                self.house.kill(victim)
