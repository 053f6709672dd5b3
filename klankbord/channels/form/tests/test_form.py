"""The contact form as a connector: what is handed in is understood, settings keep their page."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klankbord.channels.contract import Lender, Permanent, PostArrived, Uncertain, Unparseable
from klankbord.channels.form.channel import ContactForm
from klankbord.channels.form.forms import SettingsForm
from klankbord.channels.form.message import Photo, Submission, reference_of

AT = datetime(2026, 3, 1, 8, 12, tzinfo=UTC)
FILLED = {
    "title": "Stel uw vraag (oefening)",
    "intro": "Spoed? Bel 112.",
    "ask_photo": "on",
    "answer_days": "2",
    "address": "Webcare@Klankendam.example",
    "smtp_host": "localhost",
    "smtp_security": "none",
}
SETTINGS: dict[str, Any] = {"id": "x", "address": "webcare@klankendam.example", "page": {"answer_days": 2}}


def submission(**more: Any) -> Submission:
    basis: dict[str, Any] = {"id": uuid.UUID(int=7**70 % 2**128), "text": "De lantaarn is stuk.", "at": AT}
    return Submission(**basis | more)


def understood(said: Submission) -> PostArrived:
    (event,) = ContactForm(SETTINGS, {}).parse(said.envelope().body)
    assert isinstance(event, PostArrived)
    return event


def test_what_is_handed_in_is_what_is_understood() -> None:
    post = understood(
        submission(email="bea@bewoner.example", photos=(Photo("gat.png", "image/png", b"\x89PNG", "Een gat"),))
    )
    assert post.published_at == AT
    assert post.author.network_id == "bea@bewoner.example"
    (photo,) = post.attachments
    assert (photo.content, photo.alt_text) == (b"\x89PNG", "Een gat")


def test_a_message_of_before_there_could_be_more_photos_is_understood() -> None:
    body = json.loads(submission(photos=(Photo("gat.png", "image/png", b"\x89PNG"),)).envelope().body)
    (one,) = body.pop("photos")
    for photo, number in ((one, 1), (None, 0)):
        (post,) = ContactForm(SETTINGS, {}).parse(json.dumps(body | {"photo": photo}).encode())
        assert isinstance(post, PostArrived)
        assert len(post.attachments) == number


def test_the_same_words_have_the_same_key_and_others_another_in_the_same_thread() -> None:
    first, again, other = submission(), submission(confirm=False), submission(text="De lantaarn is heel.")
    assert first.envelope().key == again.envelope().key != other.envelope().key
    assert understood(first).root_uri == understood(other).root_uri
    assert understood(first).uri != understood(other).uri


def test_nobody_without_an_address_is_taken_for_somebody_else() -> None:
    one, other = understood(submission(id=uuid.uuid4())), understood(submission(id=uuid.uuid4()))
    assert one.author.network_id != other.author.network_id
    assert ContactForm.cannot_answer(one.reply_data)


@given(st.uuids())
def test_a_reference_can_be_read_out(id: uuid.UUID) -> None:
    reference = reference_of(id)
    assert len(reference) == 9
    assert not set(reference) & set("AEIOUL01")


@given(st.binary(max_size=200) | st.text(max_size=50).map(str.encode))
def test_nonsense_is_unparseable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Unparseable):
        ContactForm(SETTINGS, {}).parse(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
NAMES = ("id", "mark", "at", "text", "subject", "name", "email", "place", "language", "confirm", "photos")


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, JSON)), st.sampled_from(NAMES))
def test_a_damaged_message_is_unparseable_or_understood(noise: dict[str, Any], spared: str) -> None:
    good = json.loads(submission().envelope().body)
    for body in (noise, good | {spared: noise[spared]}, {k: v for k, v in good.items() if k != spared}):
        try:
            ContactForm(SETTINGS, {}).parse(json.dumps(body).encode())
        except Unparseable:
            continue


@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_confirmation_says_when_and_which_and_nothing_that_was_typed(language: str) -> None:
    typed = submission(email="a@b.example", name="KOOP NU", text="KOOP NU", place="KOOP NU", language=language)
    post = understood(typed)
    sent = ContactForm(SETTINGS, {}).acknowledge(post)
    assert sent is not None
    assert "KOOP" not in sent.text
    assert typed.reference in sent.text
    assert "09:12" in sent.text
    assert sent.automatic
    again = ContactForm(SETTINGS, {}).acknowledge(post)
    assert again is not None
    assert again.client_id == sent.client_id


def test_who_left_no_address_or_had_enough_gets_no_confirmation() -> None:
    for post in (understood(submission()), understood(submission(email="a@b.example", confirm=False))):
        assert ContactForm(SETTINGS, {}).acknowledge(post) is None


def test_whether_a_lost_answer_is_out_cannot_be_known_here() -> None:
    sent = ContactForm(SETTINGS, {}).acknowledge(understood(submission(email="a@b.example")))
    assert sent is not None
    with pytest.raises(Uncertain):
        ContactForm(SETTINGS, {}).look_up(sent)


def test_the_page_keeps_its_identity_and_its_password() -> None:
    first = SettingsForm(FILLED | {"smtp_user": "jan", "smtp_password": "geheim"})
    assert first.is_valid(), first.errors
    settings, secrets = first.to_settings()
    assert secrets == {"smtp_password": "geheim"}
    assert "geheim" not in json.dumps(settings)
    assert settings["address"] == "webcare@klankendam.example"
    assert settings["page"]["ask_place"] is False
    change = SettingsForm(FILLED | {"smtp_user": "jan", "title": "Anders"}, initial=settings, stored=secrets)
    assert change.is_valid(), change.errors
    changed, kept = change.to_settings()
    assert (changed["id"], kept) == (settings["id"], secrets)
    assert change.initial["title"] == "Stel uw vraag (oefening)"


def test_two_forms_never_share_an_address() -> None:
    """An address is fetched once for everybody who connected it: residents of one town must not reach another."""
    made = []
    for _form in range(2):
        form = SettingsForm(FILLED | {"id": "gekaapt"})
        assert form.is_valid()
        made.append(ContactForm.address(form.to_settings()[0]))
    assert len(set(made)) == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"title": ""}, "title"),
        ({"address": "geen adres"}, "address"),
        ({"smtp_host": "mail.elders.example"}, "smtp_security"),
        ({"smtp_user": "jan"}, "smtp_password"),
        ({"smtp_user": "jan\r\n", "smtp_password": "a\nb"}, "smtp_password"),
        ({"answer_days": "-1"}, "answer_days"),
        ({"smtp_port": "99999"}, "smtp_port"),
    ],
)
def test_what_is_filled_in_wrong_is_said_at_its_field(wrong: dict[str, str], field: str) -> None:
    form = SettingsForm(FILLED | wrong)
    assert not form.is_valid()
    assert field in form.errors


def test_a_password_does_not_travel_to_another_server() -> None:
    form = SettingsForm(
        FILLED | {"smtp_host": "127.0.0.1", "smtp_user": "jan"},
        initial={"smtp_host": "mail.klankendam.example"},
        stored={"smtp_password": "geheim"},
    )
    assert not form.is_valid()
    assert "smtp_password" in form.errors


LENDER = Lender(7, "Webcare", {"address": "webcare@klankendam.example", "smtp_host": "localhost"})


def test_with_a_mailbox_of_the_organisation_nothing_else_need_be_filled_in() -> None:
    assert SettingsForm(lenders=[LENDER]).initial["over"] == "7"
    form = SettingsForm({"title": "Stel uw vraag (oefening)", "over": "7", "smtp_port": "x"}, lenders=[LENDER])
    assert form.is_valid(), form.errors
    settings, secrets = form.to_settings()
    assert (settings["over"], settings["address"], secrets) == (7, LENDER.settings["address"], {})
    assert "smtp_host" not in settings


@pytest.mark.parametrize("over", ["", "8", "x"])
def test_without_a_mailbox_that_is_offered_the_own_server_counts(over: str) -> None:
    form = SettingsForm({"title": "Stel uw vraag (oefening)", "over": over}, lenders=[LENDER])
    assert not form.is_valid()
    assert {"address", "smtp_host"} <= set(form.errors) or "over" in form.errors


def test_a_mailbox_that_went_away_is_said_and_nothing_is_sent() -> None:
    lost = ContactForm(SETTINGS | {"over": 7}, {})
    with pytest.raises(Permanent):
        lost.check()
