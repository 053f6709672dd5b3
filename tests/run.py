"""What ``./test`` does, in the environment that has everything: each check in turn, and one line at the end."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
CHECKS = (
    ("Regels voor de code", ("ruff", "check", "--quiet", ".")),
    ("Opmaak van de code", ("ruff", "format", "--check", "--quiet", ".")),
    ("Wie wie mag importeren", ("lint-imports", "--no-logo")),
    ("Typen", ("mypy",)),
)
# Two runs beside each other, each with a PostgreSQL of its own: what waits for servers and browsers, and the rest.
HALVES = ["-m", "real or browser"], ["-m", "not real and not browser"]
# Two cores do two runs: what waited too long for its turn may try again with nothing beside it. More than this many
# is no coincidence; and a message lost or told twice in the rounds of violence is once too many.
AGAIN_AT_MOST = 5
NEVER_AGAIN = "tests/kill/"
# What somebody set for an installation of their own must not reach the tests.
FOREIGN = ("KLANKBORD_DATA", "KLANKBORD_ADDRESS", "KLANKBORD_SECRET_FILE", "KLANKBORD_ALLOWED_HOSTS")


@dataclass
class Found:
    """What the tests did: whether every run got to its end, and well, and the names of the tests per outcome."""

    ended: bool = True
    right: bool = True
    outcomes: dict[str, list[str]] = field(default_factory=lambda: {"passed": [], "failed": [], "skipped": []})

    def worth_another_try(self) -> bool:
        """A few tests fell, and nothing else is wrong."""
        fell = self.outcomes["failed"]
        forbidden = self.outcomes["skipped"] and os.environ.get("KLANKBORD_REQUIRE_ALL") == "1"
        few = 0 < len(fell) <= AGAIN_AT_MOST and not any(name.startswith(NEVER_AGAIN) for name in fell)
        return self.ended and few and not forbidden


def main(arguments: list[str]) -> int:
    """Runs all checks and the tests, or with arguments only pytest with those; 0 when everything is right."""
    os.chdir(CHECKOUT)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="klankbord-test-") as folder:
        environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        environment["KLANKBORD_DATA"] = folder
        failed = [] if arguments else [name for name, command in CHECKS if not _check(name, command, environment)]
        print("Tests, op een eigen PostgreSQL…", flush=True)
        # a server of your own has room for one test database
        at_once = not arguments and "DATABASE_URL" not in environment
        found = _test(HALVES if at_once else [arguments], environment)
        second = []
        if at_once and found.worth_another_try():
            print(f"Nog een keer, met niets ernaast: {', '.join(found.outcomes['failed'])}", flush=True)
            again = _test([found.outcomes["failed"]], environment)
            second = again.outcomes["passed"]
            found.right = again.right
            found.outcomes["passed"] += second
            found.outcomes["failed"] = again.outcomes["failed"]
    if not found.right:
        failed.append("Tests")
    verdict = f"Niet in orde: {', '.join(failed)}." if failed else "Alles in orde."
    late = f" Pas de tweede keer goed: {', '.join(second)}." if second else ""
    figures = ", ".join(f"{len(tests)} {outcome}" for outcome, tests in found.outcomes.items())
    print(f"{verdict}{late} {figures} in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


def _test(runs: Sequence[list[str]], environment: dict[str, str]) -> Found:
    """All runs of pytest at the same time.

    The first one shows what it does; what the others said follows when it is done.
    """
    folder = Path(tempfile.mkdtemp(prefix="told-", dir=environment["KLANKBORD_DATA"]))
    begun = []
    for number, arguments in enumerate(runs):
        said = (folder / f"said-{number}").open("w+", encoding="utf-8") if number else None
        tally = folder / f"tally-{number}.json"
        command = [sys.executable, "-m", "pytest", f"--tally={tally}", *arguments]
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=said, stderr=said and subprocess.STDOUT
        )
        begun.append((process, said, tally))
    found = Found()
    for process, said, tally in begun:
        code = process.wait()
        found.right &= code == 0
        found.ended &= code in (0, 1) and tally.exists()
        if said:
            said.seek(0)
            shutil.copyfileobj(said, sys.stdout)
            said.close()
        if tally.exists():
            for outcome, tests in json.loads(tally.read_text(encoding="utf-8")).items():
                found.outcomes[outcome] += tests
    return found


def _check(name: str, command: tuple[str, ...], environment: dict[str, str]) -> bool:
    """One check by name; what it says is shown only when something is wrong."""
    print(f"{name}…", end=" ", flush=True)
    done = subprocess.run(
        [BIN / command[0], *command[1:]],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    print("in orde" if done.returncode == 0 else f"niet in orde\n{done.stdout.strip()}\n", flush=True)
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
