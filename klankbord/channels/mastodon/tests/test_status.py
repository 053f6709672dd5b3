"""From the JSON of the Mastodon API to events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klankbord.channels.contract import (
    AuthorData,
    DeliverySeen,
    Envelope,
    Ignored,
    Json,
    PostArrived,
    PostDeleted,
    Unparseable,
    Visibility,
)
from klankbord.channels.mastodon import html_text
from klankbord.channels.mastodon.channel import Mastodon
from klankbord.channels.mastodon.html_text import plain_text
from klankbord.channels.mastodon.status import envelope_of, gone, same_status

CONTEXT: Json = {
    "us": {"id": "1", "uri": "https://social.klankendam.example/users/gemeente"},
    "version": "4.4.1",
    "domain": "klankendam.example",
    "ancestors": [],
}
connector = Mastodon({"server": "https://social.klankendam.example", "account": "gemeente"}, {})


def status(**more: Any) -> Json:
    return {
        "id": "1150",
        "uri": "https://elders.example/users/bewoner/statuses/7",
        "url": "https://elders.example/@bewoner/7",
        "created_at": "2026-11-22T08:00:00.000Z",
        "edited_at": None,
        "visibility": "public",
        "language": "nl",
        "spoiler_text": "",
        "content": "<p>Hallo</p>",
        "account": {
            "id": "9",
            "uri": "https://elders.example/users/bewoner",
            "url": "https://elders.example/@bewoner",
            "acct": "bewoner@elders.example",
            "display_name": "Een bewoner",
        },
        "mentions": [{"id": "1", "url": "https://social.klankendam.example/@gemeente", "acct": "gemeente"}],
        "media_attachments": [],
        **more,
    }


def notification(kind: str = "mention", **more: Any) -> Json:
    return {"id": "55", "type": kind, "created_at": "2026-11-22T08:00:01.000Z", "status": status(**more)}


def mention(**more: Any) -> Envelope:
    return envelope_of("notification", notification(**more), CONTEXT)


def arrived(envelope: Envelope) -> PostArrived:
    [event] = connector.parse(envelope.body)
    assert isinstance(event, PostArrived)
    return event


# ---- what a message becomes ------------------------------------------------------------------------------


def test_a_mention_becomes_a_message_to_us() -> None:
    assert arrived(mention()) == PostArrived(
        uri="https://elders.example/users/bewoner/statuses/7",
        author=AuthorData("https://elders.example/users/bewoner", "bewoner@elders.example", "Een bewoner"),
        text="Hallo",
        published_at=datetime(2026, 11, 22, 8, tzinfo=UTC),
        html="<p>Hallo</p>",
        language="nl",
        web_url="https://elders.example/@bewoner/7",
        reply_data={"status_id": "1150", "handle": "bewoner@elders.example", "visibility": "public"},
    )


def test_somebody_on_our_own_server_gets_a_full_handle() -> None:
    account = {**status()["account"], "acct": "buur"}
    assert arrived(mention(account=account)).author.handle == "buur@klankendam.example"


def test_older_servers_tell_only_the_profile_of_an_author() -> None:
    account = {**status()["account"], "uri": None}
    assert arrived(mention(account=account)).author.network_id == "https://elders.example/@bewoner"


@pytest.mark.parametrize(
    ("word", "version", "meaning"),
    [
        ("public", "4.4.1", Visibility.PUBLIC),
        ("unlisted", "4.4.1", Visibility.UNLISTED),
        ("private", "4.4.1", Visibility.FOLLOWERS),
        ("direct", "4.4.1", Visibility.DIRECT),
        ("private", "4.0.0 (not true; really snac/2.75)", Visibility.DIRECT),
        ("something new", "4.4.1", Visibility.DIRECT),
        (None, "4.4.1", Visibility.DIRECT),
    ],
)
def test_visibility_is_never_taken_wider_than_it_may_be(word: Any, version: str, meaning: Visibility) -> None:
    post = arrived(envelope_of("notification", notification(visibility=word), {**CONTEXT, "version": version}))
    assert (post.visibility, post.reply_data["visibility"]) == (meaning, meaning.value)


def test_the_thread_is_known_from_its_ancestors() -> None:
    ancestors = [{"id": str(n), "uri": f"https://elders.example/{n}"} for n in range(3)]
    post = arrived(envelope_of("notification", notification(), {**CONTEXT, "ancestors": ancestors}))
    assert (post.root_uri, post.parent_uri) == ("https://elders.example/0", "https://elders.example/2")


def test_a_content_warning_an_edit_and_a_poll_are_kept() -> None:
    poll = {"options": [{"title": "ja"}, {"title": "nee"}]}
    post = arrived(mention(spoiler_text="eten", edited_at="2026-11-22T09:00:00Z", poll=poll))
    assert post.warning == "eten"
    assert post.edited_at == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert post.text == "Hallo\n\n- ja\n- nee"


def test_files_come_with_their_description_and_address() -> None:
    media = [
        {"type": "image", "url": "https://elders.example/media/foto%20een.jpg", "description": "Een container"},
        {"type": "unknown", "url": None, "remote_url": "https://elders.example/media/raar", "description": None},
        {"type": "image", "url": "javascript:alert(1)"},
    ]
    first, second = arrived(mention(media_attachments=media)).attachments
    assert (first.filename, first.content_type, first.alt_text) == ("foto een.jpg", "image/jpeg", "Een container")
    assert (second.filename, second.content_type, second.alt_text) == ("raar", "application/octet-stream", "")


def test_a_message_shown_inside_a_boost_is_the_message_itself() -> None:
    boosted = {**status(uri="https://elders.example/boost", content=""), "reblog": status()}
    envelope = envelope_of("notification", {**notification(), "status": boosted}, CONTEXT)
    assert arrived(envelope).uri == status()["uri"]


def test_an_own_message_that_comes_back_proves_that_it_was_sent() -> None:
    account = {**status()["account"], "id": "1"}
    envelope = envelope_of("status", status(account=account), CONTEXT)
    assert connector.parse(envelope.body) == [DeliverySeen(status()["uri"])]


def test_what_is_gone_is_a_deletion() -> None:
    at = datetime(2026, 11, 22, 10, tzinfo=UTC)
    assert connector.parse(gone("https://elders.example/7", at).body) == [PostDeleted("https://elders.example/7", at)]


@pytest.mark.parametrize("kind", ["follow", "favourite", "reblog", "poll", "admin.report", "something new"])
def test_notifications_without_words_are_no_messages(kind: str) -> None:
    envelope = envelope_of("notification", {"id": "1", "type": kind}, CONTEXT)
    [event] = connector.parse(envelope.body)
    assert isinstance(event, Ignored)
    assert kind in event.reason


def test_an_update_counts_only_when_it_speaks_to_us() -> None:
    to_us = envelope_of("notification", notification("update"), CONTEXT)
    assert arrived(to_us).addressed
    in_reply = envelope_of("notification", notification("update", mentions=[], in_reply_to_account_id="1"), CONTEXT)
    assert arrived(in_reply).addressed
    other = envelope_of("notification", notification("update", mentions=[]), CONTEXT)
    assert isinstance(connector.parse(other.body)[0], Ignored)


# ---- keys ------------------------------------------------------------------------------------------------


def test_the_same_message_has_the_same_key_however_it_comes() -> None:
    again = envelope_of("status", status(favourites_count=3), {**CONTEXT, "ancestors": [{"id": "2"}]})
    assert mention().key == again.key


def test_an_edit_has_another_key_and_so_has_every_next_edit() -> None:
    versions = [
        mention(),
        mention(content="<p>Anders</p>"),
        mention(spoiler_text="anders"),
        mention(edited_at="2026-11-22T09:00:00Z"),
        mention(edited_at="2026-11-22T09:01:00Z"),
        gone(status()["uri"], datetime.now(UTC)),
    ]
    assert len({envelope.key for envelope in versions}) == len(versions)


def test_a_very_long_address_gives_a_short_key() -> None:
    assert len(mention(uri="https://elders.example/" + "x" * 3000).key) == 64


def test_ids_of_snac_are_compared_without_their_time() -> None:
    assert same_status("1795323485" + "a" * 32, "1795323477" + "a" * 32)
    assert not same_status("1795323485" + "a" * 32, "1795323485" + "b" * 32)
    assert not same_status("115000000000000001", "115000000000000002")


# ---- text ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>een</p><p>twee<br>drie</p>", "een\n\ntwee\ndrie"),
        ("een<br><br>twee<br>", "een\n\ntwee"),
        ("<p>een   \n twee</p>", "een twee"),
        ("<ul><li>een</li><li>twee</li></ul>", "- een\n- twee"),
        ("<pre>een\n  twee</pre>", "een\n  twee"),
        ("een &lt;b&gt; &amp; twee", "een <b> & twee"),
        ("<script>weg()</script>blijft<style>x{}</style>", "blijft"),
        (
            '<p><span><a href="https://a.example/@x" class="u-url mention">@<span>x</span></a></span> hoi</p>',
            "@x hoi",
        ),
        ('<a href="https://a.example/tags/Feest" class="mention hashtag" rel="tag">#<span>Feest</span></a>', "#Feest"),
        (
            '<a href="https://lang.example/een/pad"><span class="invisible">https://</span>'
            '<span class="ellipsis">lang.example/een</span><span class="invisible">/pad</span></a>',
            "https://lang.example/een/pad",
        ),
        ('<a href="https://a.example/">a.example</a>', "https://a.example/"),
        ('<a href="https://a.example/x">lees hier</a>', "lees hier (https://a.example/x)"),
        ('<a href="javascript:alert(1)">klik</a>', "klik"),
        ("<p>nul\x00teken</p>", "nulteken"),
        ("<p>open <b>eind", "open eind"),
        ("", ""),
    ],
)
def test_plain_text_reads_as_the_page_does(html: str, text: str) -> None:
    assert plain_text(html) == text


PIECES = st.sampled_from(
    [
        *("<p>", "</p>", "<br>", "<br />", "<br/>", "<span>", "</span>", "<span/>", "</a>", "<b>", "<!-- c -->", "<p"),
        *('<a href="https://x.example/a?b=1&amp;c=2" class="u-url mention">', '<a href="https://x.example/">', "</p >"),
        *("<a class='x'>", '<a HREF="x">', '<p title="a"b>', "<script>", "p>", '"', "&amp;", "&lt;", "& b", "&notit;"),
        *("&#62;", "&#62", "é 👋", " ", "\n", "tekst", "x > y", "&nbsp;", "\u00a0", "https://x.example", "\x00"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(PIECES, max_size=14).map("".join))
def test_the_quick_reading_says_the_same_as_the_parser(html: str) -> None:
    parsed = html_text._Reader()
    parsed.feed(html_text.clean(html))
    parsed.close()
    assert plain_text(html) == parsed.text()


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_any_html_gives_text_a_database_can_keep(html: str) -> None:
    assert "\x00" not in plain_text(html)
    plain_text(html).encode()


# ---- what cannot be understood ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[]",
        b"null",
        b"{}",
        b'{"what": "notification"}',
        b'{"what": "notification", "data": {"type": "mention"}}',
        b'{"what": "elsewhere", "data": {}}',
        b'{"what": "gone", "data": {"uri": "https://a.example", "at": "noon"}}',
        b"[" * 100_000,
        b"1" * 10_000,
        mention(uri="").body,
        mention(uri="with space").body,
        mention(created_at="yesterday").body,
        mention(account={}).body,
        mention(account=None).body,
    ],
)
def test_what_is_malformed_goes_to_quarantine(body: bytes) -> None:
    with pytest.raises(Unparseable):
        connector.parse(body)


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=10,
)
STATUS_FIELDS = st.sampled_from(sorted({*status(), "reblog", "poll", "in_reply_to_account_id"}))


@settings(max_examples=50, deadline=None)
@given(st.binary() | JSON_VALUES.map(lambda value: json.dumps(value).encode()))
def test_arbitrary_bytes_raise_nothing_but_unparseable(body: bytes) -> None:
    with pytest.raises(Unparseable):
        connector.parse(body)


@settings(max_examples=100, deadline=None)
@given(
    kind=st.sampled_from(["mention", "update", "status", "quote", "follow"]),
    damage=st.dictionaries(STATUS_FIELDS, JSON_VALUES, min_size=1, max_size=4),
    context=st.dictionaries(st.sampled_from(["us", "version", "domain", "ancestors"]), JSON_VALUES, max_size=3),
)
def test_a_damaged_status_raises_nothing_but_unparseable(kind: str, damage: Json, context: Json) -> None:
    data = {**notification(kind), "status": {**status(), **damage}}
    body = json.dumps({"what": "notification", "data": data, **CONTEXT, **context}).encode()
    try:
        events = connector.parse(body)
    except Unparseable:
        return
    for event in events:
        repr(event).encode()


def test_a_notification_of_what_is_gone_already_is_no_fault() -> None:
    envelope = envelope_of("notification", {**notification(), "status": None}, CONTEXT)
    [event] = connector.parse(envelope.body)
    assert isinstance(event, Ignored)
