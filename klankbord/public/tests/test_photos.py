"""Photos of residents: the whole ones come along as they came, the others are refused in a sentence."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from klankbord.base.tests.test_picture import jpeg, png, webp
from klankbord.channels.models import Landing
from klankbord.posts.files import read_file
from klankbord.posts.models import Attachment
from klankbord.public.tests.conftest import Resident
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.pages import says

PNG = png()


def test_a_photo_comes_along_with_its_description(
    cast: Cast, resident: Resident, jobs_done: Callable[[], None], settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    photo = SimpleUploadedFile("../../etc/gat.svg", PNG, "text/html")
    assert resident.send("Kijk", photo=photo, photo_text="Een gat in het fietspad").status_code == 302
    jobs_done()
    with acting_for(cast.klankendam.pk):
        (kept,) = Attachment.objects.all()
    # the kind is what the file itself says, not what the sender calls it
    assert (kept.content_type, kept.alt_text, kept.state) == ("image/png", "Een gat in het fietspad", "kept")
    assert "/" not in kept.filename


def huge_png() -> bytes:
    """A file of some bytes that says to be 60,000 by 60,000 pixels, with a right sum over its head."""
    whole = png()
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    return whole[:12] + head + struct.pack(">I", zlib.crc32(head)) + whole[12 + len(head) + 4 :]


DAMAGED = "This photo is damaged: we cannot open all of it. Choose the photo again, or another one."
TOO_WIDE = "This photo is %(width)s by %(height)s pixels. That is too large to open. Choose a smaller one."


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (png()[:-20], DAMAGED),
        (jpeg()[:-4], DAMAGED),
        (webp()[:-6], DAMAGED),
        (b"GIF89a\x01", DAMAGED),
        (b"GIF89a" + struct.pack("<HH", 0, 9) + b";", DAMAGED),
        (huge_png(), TOO_WIDE),
        (b"GIF89a" + struct.pack("<HH", 60_000, 60_000) + b";", TOO_WIDE),
    ],
    ids=["half png", "half jpeg", "half webp", "half gif", "empty gif", "huge png", "huge gif"],
)
def test_a_photo_that_nobody_can_open_is_refused_in_words_and_what_was_typed_is_kept(
    resident: Resident, content: bytes, said: str
) -> None:
    answer = resident.send("Mijn lange verhaal", photo=SimpleUploadedFile("foto.png", content, "image/png"))
    assert answer.status_code == 422
    assert says(answer, said, width=60_000, height=60_000)
    assert says(answer, "Mijn lange verhaal")
    assert not Landing.objects.exists()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (png(), "image/png"),
        (jpeg((0xE1, b"Exif\0\0held upright")), "image/jpeg"),
        (webp(), "image/webp"),
        (b"GIF89a" + struct.pack("<HH", 32, 24) + b";", "image/gif"),
    ],
    ids=["png", "jpeg", "webp", "gif"],
)
def test_a_whole_photo_is_kept_as_it_came(
    cast: Cast,
    resident: Resident,
    jobs_done: Callable[[], None],
    settings: Any,
    tmp_path: Any,
    content: bytes,
    kind: str,
) -> None:
    settings.MEDIA_ROOT = tmp_path
    assert resident.send("Kijk", photo=SimpleUploadedFile("foto", content), photo_text="Een gat").status_code == 302
    jobs_done()
    with acting_for(cast.klankendam.pk):
        (kept,) = Attachment.objects.all()
        assert (kept.content_type, kept.state) == (kind, "kept")
        assert read_file(kept.organisation_id, kept.sha256) == content


def test_five_photos_come_along_in_their_order(
    cast: Cast, resident: Resident, jobs_done: Callable[[], None], settings: Any, tmp_path: Any
) -> None:
    settings.MEDIA_ROOT = tmp_path
    photos = [SimpleUploadedFile(f"{number}.png", PNG + bytes([number]), "image/png") for number in range(5)]
    assert resident.send("Kijk", photo=photos, photo_text="Vijf gaten").status_code == 302
    jobs_done()
    with acting_for(cast.klankendam.pk):
        kept = Attachment.objects.order_by("pk")
        assert [one.filename for one in kept] == [f"{number}.png" for number in range(5)]
        assert {(one.alt_text, one.state) for one in kept} == {("Vijf gaten", "kept")}
