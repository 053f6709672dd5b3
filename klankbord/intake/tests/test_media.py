"""Files that came along: kept, fetched, refused, and removed when their message goes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from klankbord.channels.contract import AttachmentData, ChannelError, Event, NotSent, PostArrived
from klankbord.intake import media
from klankbord.intake.persons import forget_person, known_as
from klankbord.posts.models import Attachment, Post
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.paper import Paper

Say = Callable[..., None]
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


@pytest.fixture(autouse=True)
def files_folder(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def with_file(monkeypatch: pytest.MonkeyPatch, *, content: bytes | None = None, url: str = "") -> None:
    """Let the next message carry a file."""
    parse = Paper.parse
    data = AttachmentData("foto.png", "image/png", "Een kuil", url, content)

    def parse_with_file(self: Paper, body: bytes) -> list[Event]:
        from dataclasses import replace

        return [replace(e, attachments=(data,)) if isinstance(e, PostArrived) else e for e in parse(self, body)]

    monkeypatch.setattr(Paper, "parse", parse_with_file)


def the_attachment(cast: Cast) -> Attachment:
    with acting_for(cast.klankendam.pk):
        return Attachment.objects.get()


def test_a_file_in_the_message_is_kept_and_shown_to_who_may_see_the_message(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_file(monkeypatch, content=PNG)
    say(cast.mail, "u1", "Kijk eens.", visibility="direct")
    kept = the_attachment(cast)
    assert (kept.state, kept.size, kept.alt_text) == ("kept", len(PNG), "Een kuil")
    seen = {}
    for name, user in cast.everybody.items():
        client = Client()
        client.force_login(user)
        seen[name] = client.get(f"/desk/file/{kept.pk}").status_code
    assert {name for name, status in seen.items() if status == 200} == {"amal", "gijs"}


def test_a_page_that_calls_itself_a_picture_is_only_downloaded(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_file(monkeypatch, content=b"<script>alert(1)</script>")
    say(cast.mail, "u1", "Kijk eens.", visibility="direct")
    client = Client()
    client.force_login(cast.amal)
    response = client.get(f"/desk/file/{the_attachment(cast).pk}")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_file_behind_an_address_is_fetched_later(cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    with_file(monkeypatch, url="https://plein.example/foto.png")
    monkeypatch.setattr(media, "fetch_media", lambda url, largest: PNG)
    say(cast.square, "u1", "Kijk eens.")
    assert the_attachment(cast).state == "wanted"
    media.fetch(cast.klankendam.pk)
    assert the_attachment(cast).state == "kept"


def test_a_file_that_cannot_be_had_says_why(cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(url: str, largest: int) -> bytes:
        raise ChannelError("Het netwerk heeft dit bestand niet meer.")

    with_file(monkeypatch, url="https://plein.example/foto.png")
    monkeypatch.setattr(media, "fetch_media", gone)
    say(cast.square, "u1", "Kijk eens.")
    media.fetch(cast.klankendam.pk)
    assert the_attachment(cast).reason == "Het netwerk heeft dit bestand niet meer."


def test_a_private_address_is_never_fetched(cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    with_file(monkeypatch, url="http://127.0.0.1:1/foto.png")
    say(cast.square, "u1", "Kijk eens.")
    media.fetch(cast.klankendam.pk)
    assert the_attachment(cast).state == "refused"


def test_a_file_goes_from_the_disk_after_its_message_went(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch, files_folder: Path
) -> None:
    with_file(monkeypatch, content=PNG)
    say(cast.square, "u1", "Kijk eens.")
    (kept,) = files_folder.glob("*/*/*")
    media.remove_unused_files()
    assert kept.exists()
    say(cast.square, "u1", "", key="gone", deleted=True)
    media.remove_unused_files()
    assert kept.exists()
    long_ago = time.time() - 7200
    os.utime(kept, (long_ago, long_ago))
    media.remove_unused_files()
    assert not kept.exists()


def test_a_file_that_cannot_be_had_now_is_fetched_later_for_a_day(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(url: str, largest: int) -> bytes:
        raise NotSent("Het netwerk kan dit bestand nu niet geven.")

    def a_while_later(**age: int) -> None:
        with acting_for(cast.klankendam.pk):
            Attachment.objects.update(fetch_at=timezone.now())
            Post.objects.update(received_at=timezone.now() - timedelta(**age))

    with_file(monkeypatch, url="https://plein.example/foto.png")
    monkeypatch.setattr(media, "fetch_media", away)
    say(cast.square, "u1", "Kijk eens.")
    media.fetch(cast.klankendam.pk)
    waiting = the_attachment(cast)
    assert waiting.state == "wanted"
    assert waiting.fetch_at is not None
    assert waiting.fetch_at > timezone.now() + timedelta(seconds=5)
    a_while_later(hours=2)
    media.fetch(cast.klankendam.pk)
    waiting = the_attachment(cast)
    assert waiting.fetch_at is not None
    assert waiting.fetch_at > timezone.now() + timedelta(minutes=55)
    monkeypatch.setattr(media, "fetch_media", lambda url, largest: PNG)
    media.fetch(cast.klankendam.pk)
    assert the_attachment(cast).state == "wanted"
    a_while_later(hours=23)
    media.fetch(cast.klankendam.pk)
    assert (the_attachment(cast).state, the_attachment(cast).reason) == ("kept", "")


def test_a_file_that_could_not_be_had_for_a_day_is_given_up(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(url: str, largest: int) -> bytes:
        raise NotSent("Het netwerk kan dit bestand nu niet geven.")

    with_file(monkeypatch, url="https://plein.example/foto.png")
    monkeypatch.setattr(media, "fetch_media", away)
    say(cast.square, "u1", "Kijk eens.")
    with acting_for(cast.klankendam.pk):
        Post.objects.update(received_at=timezone.now() - timedelta(hours=25))
    media.fetch(cast.klankendam.pk)
    assert (the_attachment(cast).state, the_attachment(cast).reason) == (
        "refused",
        "Het netwerk kan dit bestand nu niet geven.",
    )


def test_a_file_that_went_with_its_message_while_it_was_fetched_holds_up_no_other(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def taken_away_meanwhile(url: str, largest: int) -> bytes:
        if not asked:
            with acting_for(cast.klankendam.pk):
                Attachment.objects.filter(url=url).delete()
        asked.append(url)
        return PNG

    monkeypatch.setattr(media, "fetch_media", taken_away_meanwhile)
    for name in ("u1", "u2"):
        with_file(monkeypatch, url=f"https://plein.example/{name}.png")
        say(cast.square, name, "Kijk eens.")
    media.fetch(cast.klankendam.pk)
    assert len(asked) == 2
    left = the_attachment(cast)
    assert (left.url, left.state) == (asked[1], "kept")


def test_the_file_of_somebody_who_is_forgotten_goes_when_that_is_kept(
    cast: Cast, say: Say, monkeypatch: pytest.MonkeyPatch, files_folder: Path
) -> None:
    with_file(monkeypatch, content=PNG)
    say(cast.mail, "u1", "Kijk eens.")
    other = {"network_id": "bewoner-2", "handle": "@ander", "name": "Ans Ander"}
    say(cast.mail, "u2", "Hier ook een.", author=other)
    (kept,) = files_folder.glob("*/*/*")

    def forget(handle: str, *, broken_off: bool = False) -> None:
        with suppress(InterruptedError), acting_for(cast.klankendam.pk):
            (known,) = known_as(cast.klankendam.pk, handle)
            forget_person(known.author, timezone.now(), by=None)
            if broken_off:
                raise InterruptedError

    forget("@bewoner")
    # somebody else sent the same
    assert kept.exists()
    forget("@ander", broken_off=True)
    assert kept.exists()
    assert the_attachment(cast).state == "kept"
    forget("@ander")
    assert not kept.exists()
