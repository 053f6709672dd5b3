"""The files folder: each file once per organisation, under its hash."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path

from django.conf import settings

# What a browser may show by itself, by how the file begins; everything else is only ever downloaded.
SHOWABLE = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}


def path_of(organisation_id: int, sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / str(organisation_id) / sha256[:2] / sha256


def keep_file(organisation_id: int, content: bytes) -> str:
    """Write a file, durable before this returns; its SHA-256 in hexadecimals. The same content is kept once."""
    sha256 = hashlib.sha256(content).hexdigest()
    place = path_of(organisation_id, sha256)
    if place.exists():
        # younger again, so that the removal of unused files leaves it alone until its row is there
        os.utime(place)
        return sha256
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, delete=False) as fresh:
        fresh.write(content)
        fresh.flush()
        os.fsync(fresh.fileno())
    os.replace(fresh.name, place)
    # its name must be as durable as its content
    folder = os.open(place.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return sha256


def read_file(organisation_id: int, sha256: str) -> bytes:
    return path_of(organisation_id, sha256).read_bytes()


def remove_unused(organisation_id: int, used: set[str], older_than: datetime) -> int:
    """Remove the files of an organisation that no attachment names any more; how many went.

    A file is kept before the row that names it is committed, so what is younger than ``older_than`` stays.
    """
    gone = 0
    for place in (Path(settings.MEDIA_ROOT) / str(organisation_id)).glob("??/*"):
        if place.name not in used:
            gone += remove_file(place, older_than)
    return gone


def remove_file(place: Path, older_than: datetime) -> bool:
    """Remove a file that nothing names; False when it is gone already, or was kept again since ``older_than``."""
    try:
        if place.stat().st_mtime >= older_than.timestamp():
            return False
        place.unlink()
    except FileNotFoundError:
        return False
    return True


def showable_type(head: bytes) -> str | None:
    """The image type a browser may show, judged by the first bytes and never by what the sender called it."""
    for magic, kind in SHOWABLE.items():
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None
