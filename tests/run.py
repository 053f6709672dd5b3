"""What ``./test`` does, in the environment that has everything: each check in turn, and one line at the end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
CHECKS = (
    ("Regels voor de code", ("ruff", "check", "--quiet", ".")),
    ("Opmaak van de code", ("ruff", "format", "--check", "--quiet", ".")),
    ("Wie wie mag importeren", ("lint-imports", "--no-logo")),
    ("Typen", ("mypy",)),
)
# What somebody set for an installation of their own must not reach the tests.
FOREIGN = ("KLANKBORD_DATA", "KLANKBORD_ADDRESS", "KLANKBORD_SECRET_FILE", "KLANKBORD_ALLOWED_HOSTS")


def main(arguments: list[str]) -> int:
    """Runs all checks and the tests, or with arguments only pytest with those; 0 when everything is right."""
    os.chdir(CHECKOUT)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="klankbord-test-") as folder:
        environment = {name: value for name, value in os.environ.items() if name not in FOREIGN}
        environment["KLANKBORD_DATA"] = folder
        failed = [] if arguments else [name for name, command in CHECKS if not _check(name, command, environment)]
        tally = Path(folder) / "tally.json"
        pytest = [sys.executable, "-m", "pytest", f"--tally={tally}", *arguments]
        print("Tests, op een eigen PostgreSQL…", flush=True)
        if subprocess.run(pytest, env=environment, stdin=subprocess.DEVNULL, check=False).returncode != 0:
            failed.append("Tests")
        counted = json.loads(tally.read_text(encoding="utf-8")) if tally.exists() else {}
    figures = ", ".join(f"{counted.get(name, 0)} {name}" for name in ("passed", "failed", "skipped"))
    verdict = f"Niet in orde: {', '.join(failed)}." if failed else "Alles in orde."
    print(f"{verdict} {figures} in {time.monotonic() - began:.0f} s")
    return 1 if failed else 0


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
