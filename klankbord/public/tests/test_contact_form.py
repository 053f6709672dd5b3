"""From a resident's page to a conversation on the desk, and everything that strangers may try on the way."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from django.utils.html import escape
from django.utils.translation import gettext

from klankbord.base.tests.test_picture import jpeg, png, webp
from klankbord.channels.models import Arrival, Channel, Delivery, Landing
from klankbord.inbox.models import Conversation
from klankbord.posts.files import read_file
from klankbord.posts.models import Attachment, Post
from klankbord.public import actions, tickets
from klankbord.public.models import Visit
from klankbord.public.tests.conftest import Resident
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Organisation
from tests.cast import Cast
from tests.pages import says

PNG = png()
NAUGHTY = [
    "<script>alert(1)</script><img src=x onerror=alert(2)>",
    "🔥💧👨‍👩‍👧‍👦 kapot 🇳🇱",
    "\u202egnp.exe\u202c rechts naar links: שלום عليكم",
    "nul\0teken\x07 en \u2028 regel",
    "'; DROP TABLE posts_post; --",
    "{{ settings.SECRET_KEY }} %(name)s {0} %s",
    "x" * 10_000,
]


def posts(cast: Cast) -> list[Post]:
    with acting_for(cast.klankendam.pk):
        return list(Post.objects.filter(direction="in").select_related("author").order_by("pk"))


def test_a_question_becomes_a_conversation_with_a_reference(
    cast: Cast, door: Channel, resident: Resident, jobs_done: Callable[[], None]
) -> None:
    sent = resident.send(
        "De lantaarn is stuk.",
        subject="Lantaarn",
        place="Dorpsstraat 1",
        name="Bea Bewoner",
        email="Bea@Bewoner.example",
    )
    assert sent.status_code == 302
    thanks = resident.client.get(sent.headers["Location"])
    assert says(thanks, "We have your message")
    found = re.search(r'public-reference">([^<]+)<', thanks.content.decode())
    assert found
    jobs_done()
    (post,) = posts(cast)
    lines = [gettext("Place: %(place)s") % {"place": "Dorpsstraat 1"}]
    lines.append(gettext("Reference: %(reference)s") % {"reference": found[1]})
    assert post.text == "De lantaarn is stuk.\n\n" + "\n".join(lines)
    assert (post.subject, post.visibility) == ("Lantaarn", "direct")
    assert post.author is not None
    assert (post.author.network_id, post.author.name) == ("bea@bewoner.example", "Bea Bewoner")
    with acting_for(cast.klankendam.pk):
        conversation = Conversation.objects.get(root_uri=post.root_uri)
        assert (conversation.status, conversation.private, conversation.channel_id) == ("open", True, door.pk)
        # the confirmation is an answer of the house, on its way to this address, and nobody has answered yet
        confirmation = Delivery.objects.get()
        assert conversation.waiting_since is not None
    assert confirmation.outgoing["automatic"] is True
    assert confirmation.outgoing["to"]["network_id"] == "bea@bewoner.example"
    assert found[1] in confirmation.outgoing["text"]
    assert "lantaarn" not in confirmation.outgoing["text"].lower()


def test_it_is_durable_before_the_page_says_thanks(door: Channel, resident: Resident) -> None:
    """Nothing runs after the answer: what is on the doormat then is committed, whatever dies."""
    assert resident.send("Bewaar mij.").status_code == 302
    landing = Landing.objects.get()
    assert landing.source_id == door.source_id
    assert b"Bewaar mij." in bytes(landing.body)


def test_a_page_sent_twice_is_one_message_and_other_words_are_one_more(
    cast: Cast, resident: Resident, jobs_done: Callable[[], None]
) -> None:
    ticket = resident.ticket()
    for _press in range(2):
        assert resident.send("Eerste", ticket=ticket).status_code == 302
    jobs_done()
    assert resident.send("Eerste", ticket=ticket).status_code == 302
    jobs_done()
    assert len(posts(cast)) == 1
    assert resident.send("Eerste, en nog iets", ticket=ticket).status_code == 302
    jobs_done()
    assert len(posts(cast)) == 2
    with acting_for(cast.klankendam.pk):
        assert Conversation.objects.count() == 1


def test_without_an_address_it_arrives_and_says_that_it_cannot_be_answered(
    cast: Cast, door: Channel, resident: Resident, jobs_done: Callable[[], None], client: Any
) -> None:
    resident.send("Zonder adres")
    jobs_done()
    with acting_for(cast.klankendam.pk):
        assert not Delivery.objects.exists()
        conversation = Conversation.objects.get()
    client.force_login(cast.amal)
    page = client.get(f"/desk/{conversation.pk}")
    assert says(page, "This resident left no mail address, so no answer can be sent.")
    assert says(page, "Somebody without a name")


@pytest.mark.parametrize("text", NAUGHTY, ids=range(len(NAUGHTY)))
def test_whatever_is_typed_arrives_and_does_nothing(
    cast: Cast, resident: Resident, jobs_done: Callable[[], None], client: Any, text: str
) -> None:
    sent = resident.send(text, subject=text[:100], name=text[:60], place=text[:100])
    assert sent.status_code == 302
    jobs_done()
    (post,) = posts(cast)
    assert "\0" not in post.text
    if text.isprintable():
        assert post.text.startswith(text)
    client.force_login(cast.amal)
    with acting_for(cast.klankendam.pk):
        conversation = Conversation.objects.get()
    page = client.get(f"/desk/{conversation.pk}").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_too_long_keeps_every_letter(cast: Cast, resident: Resident) -> None:
    text = "é" * 10_001
    answer = resident.send(text)
    assert answer.status_code == 422
    assert text in answer.content.decode()
    assert says(
        answer,
        "This has %(count)s characters. At most %(most)s fit. Please make it shorter.",
        count=10_001,
        most=10_000,
    )
    assert not Landing.objects.exists()


WRONG: list[dict[str, Any]] = [
    {"text": ""},
    {"text": "   \u2028 "},
    {"email": "geen adres"},
    {"email": "a@b.example\nBcc: slachtoffer@elders.example"},
    {"email": "jös@bewoner.example"},
    {"website": "https://koop.example"},
    {"name": "n" * 101},
    {"place": "p" * 201},
    {"photo": SimpleUploadedFile("foto.png", b"<svg onload=alert(1)>", "image/png")},
    {"photo": SimpleUploadedFile("leeg.png", b"", "image/png")},
    {"photo": [SimpleUploadedFile("goed.png", PNG), SimpleUploadedFile("foto.png", b"<svg onload=alert(1)>")]},
    {"photo": [SimpleUploadedFile(f"{number}.png", PNG) for number in range(6)]},
    {"photo": SimpleUploadedFile("half.png", PNG[: len(PNG) // 2], "image/png")},
]


@pytest.mark.parametrize("wrong", WRONG, ids=range(len(WRONG)))
def test_what_cannot_be_is_refused_and_what_was_typed_is_kept(
    door: Channel, resident: Resident, wrong: dict[str, Any]
) -> None:
    typed = {"text": "Mijn <b>lange</b> verhaal", "subject": "Een onderwerp"} | wrong
    answer = resident.send(**typed)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert says(answer, "Your message was not sent yet. What you typed is still here.")
    assert escape(typed["text"].strip()) in page
    assert "Een onderwerp" in page
    assert not Landing.objects.exists()


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
TOO_WIDE = "This photo is 60000 by 60000 pixels. That is too large to open. Choose a smaller one."


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
    assert says(answer, said)
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


def test_a_photo_that_is_too_large_or_a_body_without_end_is_refused_in_words(resident: Resident) -> None:
    large = SimpleUploadedFile("groot.png", PNG + b"\0" * (10 * 1024 * 1024), "image/png")
    answer = resident.send("Kijk", photo=large)
    assert answer.status_code == 422
    assert says(answer, "A photo is too large. Choose one of at most 10 MB.")
    together = [SimpleUploadedFile(f"{n}.png", PNG + b"\0" * (9 * 1024 * 1024), "image/png") for n in range(3)]
    assert resident.send("Kijk", photo=together).status_code == 413
    ticket = resident.ticket()
    for body in (
        {"data": {"ticket": ticket, "text": "x" * 3_000_000}},
        {"data": {"ticket": ticket, **{f"veld{n}": "x" for n in range(2000)}}},
        {"data": b"--x\r\nContent-Disposition", "content_type": "multipart/form-data; boundary="},
        {"data": b"{}", "content_type": "multipart/form-data; boundary=" + "\x00é"},
    ):
        answer = resident.client.post(resident.url, **body)
        assert answer.status_code == 413
        assert says(answer, "This is too much at once")
    assert not Landing.objects.exists()


@pytest.mark.parametrize("body", [b"", b"\xff\xfe\x00", b"[1,2", b"text=%ff%fe&ticket=%00"])
def test_a_body_that_is_no_form_does_nothing(resident: Resident, body: bytes) -> None:
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        assert resident.client.post(resident.url, body, content_type=kind).status_code == 422
    assert not Landing.objects.exists()


def test_who_is_too_quick_or_too_late_keeps_the_text_and_can_press_again(
    resident: Resident, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticket = resident.ticket()
    monkeypatch.setattr(tickets, "QUICKEST", timedelta(seconds=60))
    quick = resident.send("Snel", ticket=ticket)
    assert quick.status_code == 422
    assert "Snel" in quick.content.decode()
    monkeypatch.setattr(tickets, "QUICKEST", timedelta(seconds=-1))
    assert resident.send("Snel", ticket=ticket).status_code == 302
    monkeypatch.setattr(tickets, "LONGEST", timedelta(seconds=-1))
    late = resident.send("Laat", ticket=ticket)
    assert late.status_code == 422
    monkeypatch.undo()
    again = re.search(r'name="ticket" value="([^"]+)"', late.content.decode())
    assert again
    assert again[1] != ticket


@pytest.mark.parametrize("ticket", ["", "geraden", "a:b:c", "\0", "x" * 5000])
def test_a_ticket_that_we_did_not_give_is_no_ticket(resident: Resident, ticket: str) -> None:
    assert resident.send("Zonder kaartje", ticket=ticket).status_code == 422
    assert not Landing.objects.exists()


def test_a_ticket_of_another_form_is_no_ticket(resident: Resident) -> None:
    assert resident.send("Verkeerde deur", ticket=tickets.page_ticket(999_999)).status_code == 422
    assert not Landing.objects.exists()


def test_who_sends_more_than_anybody_needs_waits_and_nobody_else_does(resident: Resident) -> None:
    for number in range(actions.PER_VISITOR):
        assert resident.send(f"Bericht {number}").status_code == 302
    refused = resident.send("Nog een")
    assert refused.status_code == 429
    assert "Nog een" in refused.content.decode()
    resident.client.defaults["REMOTE_ADDR"] = "203.0.113.9"
    assert resident.send("Van een ander").status_code == 302
    assert Landing.objects.count() == actions.PER_VISITOR + 1


def test_one_address_is_not_flooded_with_confirmations_and_every_message_arrives(
    cast: Cast, resident: Resident, jobs_done: Callable[[], None]
) -> None:
    for number in range(actions.CONFIRMATIONS + 2):
        resident.send(f"Bericht {number}", email="slachtoffer@elders.example")
    jobs_done()
    assert len(posts(cast)) == actions.CONFIRMATIONS + 2
    with acting_for(cast.klankendam.pk):
        assert Delivery.objects.count() == actions.CONFIRMATIONS


def test_no_internet_address_is_kept_and_the_hash_goes_after_the_hour(resident: Resident) -> None:
    resident.send("Hallo", REMOTE_ADDR="203.0.113.7")
    assert Visit.objects.count() == 2
    assert not any(b"203.0.113" in bytes(one.who) or len(bytes(one.who)) != 32 for one in Visit.objects.all())
    actions.forget_visits(timezone.now())
    assert Visit.objects.count() == 2
    actions.forget_visits(timezone.now() + timedelta(hours=1))
    assert not Visit.objects.exists()


def test_a_household_counts_as_one() -> None:
    assert actions._neighbourhood("2001:db8::1") == actions._neighbourhood("2001:db8::ffff")
    assert actions._neighbourhood("2001:db8:0:1::1") != actions._neighbourhood("2001:db8::1")
    assert actions._neighbourhood("::ffff:203.0.113.7") == actions._neighbourhood("203.0.113.7")
    assert actions._neighbourhood("geen adres") == ""


def test_a_form_that_is_switched_off_takes_nothing_and_gives_the_text_back(
    cast: Cast, door: Channel, resident: Resident
) -> None:
    ticket = resident.ticket()
    with acting_for(cast.klankendam.pk):
        Channel.objects.filter(pk=door.pk).update(enabled=False)
    closed = resident.client.get(resident.url)
    assert closed.status_code == 410
    assert "<textarea" not in closed.content.decode()
    answer = resident.send("Te laat", ticket=ticket)
    assert answer.status_code == 410
    assert "Te laat" in answer.content.decode()
    assert not Landing.objects.exists()


def test_the_page_speaks_dutch_and_english_and_sets_no_cookie(resident: Resident) -> None:
    dutch = resident.client.get(f"{resident.url}?lang=nl")
    english = resident.client.get(f"{resident.url}?lang=en")
    assert (dutch.headers["Content-Language"], english.headers["Content-Language"]) == ("nl", "en")
    assert "Spoed? Bel 112." in dutch.content.decode()
    assert "Emergency? Call 112." in english.content.decode()
    assert "Your question or message" in english.content.decode()
    assert not dutch.cookies
    sent = resident.client.post(f"{resident.url}?lang=en", {"ticket": resident.ticket(), "text": "Hello"})
    assert "We have your message" in resident.client.get(sent.headers["Location"]).content.decode()
    assert not resident.client.cookies


def test_what_is_no_form_is_not_there(cast: Cast, door: Channel, resident: Resident, client: Any) -> None:
    for pk in (cast.mail.pk, cast.luisterveen_mail.pk, 10**18, 10**30):
        assert client.get(f"/contact/x-{pk}/").status_code == 404
        assert client.post(f"/contact/x-{pk}/", {"text": "x"}).status_code == 404
    assert client.get(f"/contact/iets-anders-{door.pk}/").headers["Location"] == resident.url
    assert client.get(f"{resident.url}thanks/geraden").status_code == 404
    other = tickets.receipt_ticket(door.pk + 1, tickets.ReceiptShown("X", timezone.now(), False))
    assert client.get(f"{resident.url}thanks/{other}").status_code == 404


def test_the_page_tells_nothing_of_how_answers_go_out(resident: Resident) -> None:
    page = resident.page()
    assert "webcare@klankendam.example" not in page
    assert "127.0.0.1" not in page


def test_the_administrator_finds_the_address_of_the_page(
    client: Any, cast: Cast, door: Channel, resident: Resident
) -> None:
    client.force_login(cast.chantal)
    assert resident.url in client.get(f"/channels/{door.pk}/").content.decode()


def test_only_the_desk_of_this_organisation_gets_it(
    cast: Cast, resident: Resident, jobs_done: Callable[[], None], client: Any
) -> None:
    resident.send("Onder ons: lantaarngeheim")
    jobs_done()
    with acting_for(cast.klankendam.pk):
        conversation = Conversation.objects.get()
        assert Arrival.objects.get().state == "parsed"
    for who, status in (("amal", 200), ("eva", 404), ("daan", 404), ("chantal", 404), ("bram", 404)):
        client.force_login(cast.everybody[who])
        answer = client.get(f"/desk/{conversation.pk}")
        assert answer.status_code == status, who
        assert ("lantaarngeheim" in answer.content.decode()) == (who == "amal")


def test_the_page_wears_the_looks_of_its_organisation(cast: Cast, door: Channel, resident: Resident) -> None:
    assert "/house-style/" not in resident.page()
    with acting_for(cast.klankendam.pk):
        Organisation.objects.filter(pk=cast.klankendam.pk).update(style_version="eigen", logo_version="beeld")
    page = resident.page()
    assert f'href="/house-style/{cast.klankendam.pk}/theme.css?v=eigen"' in page
    assert f'src="/house-style/{cast.klankendam.pk}/logo?v=beeld"' in page
