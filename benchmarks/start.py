"""From a folder with nothing but the source to the first page, and how long a second start takes.

    python -m benchmarks.start

Three times the real ``./start`` in a clean copy of the last commit: with an empty package cache (this fetches every
package from the registry), with a full one, and once more with everything in place.
"""

from __future__ import annotations

import io
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
import urllib.request
from pathlib import Path

from klankbord.project.tests.running import environment, free_port

CHECKOUT = Path(__file__).resolve().parents[1]
PATIENCE = 900.0  # seconds


def lay_out(folder: Path) -> None:
    """The last commit, as a clone has it."""
    packed = subprocess.run(["git", "archive", "HEAD"], cwd=CHECKOUT, capture_output=True, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def start(folder: Path, caches: Path) -> float:
    """Seconds from ``./start`` to the first page; stopped again in order."""
    port = free_port()
    began = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [folder / "start", "--no-browser", "--port", str(port)],
            env=environment(UV_CACHE_DIR=str(caches / "uv"), PIP_CACHE_DIR=str(caches / "pip")),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
        while not answers(port):
            if process.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise SystemExit((folder / "log").read_text(encoding="utf-8"))
            time.sleep(0.05)
        taken = time.perf_counter() - began
        process.send_signal(signal.SIGINT)
        process.wait(60)
    return taken


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="klankbord-start-") as temporary:
        caches, folder = Path(temporary) / "caches", Path(temporary) / "klankbord"
        caches.mkdir()
        print(f"packages by {'uv' if shutil.which('uv') else 'pip'}")
        for what in ("empty package cache", "full package cache"):
            lay_out(folder)
            print(f"empty folder to first page, {what:<22} {start(folder, caches):6.1f} s", flush=True)
            if what.startswith("empty"):
                shutil.rmtree(folder)
        seconds = sorted(start(folder, caches) for _ in range(3))
        print(f"second start {'':<36} {seconds[1]:6.1f} s   ({seconds[0]:.1f} to {seconds[2]:.1f})")


if __name__ == "__main__":
    main()
