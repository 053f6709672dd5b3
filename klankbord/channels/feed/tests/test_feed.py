"""A feed against a website on loopback that is good, slow, broken, hostile or away."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stamina
from hypothesis import given
from hypothesis import strategies as st

from klankbord.base.outside.http import Limits
from klankbord.base.tests.fault_server import raw, reply
from klankbord.channels.contract import ChannelError, NotSent, Permanent, PostArrived, Unparseable, Visibility
from klankbord.channels.feed import channel as channel_module
from klankbord.channels.feed import pages as pages_module
from klankbord.channels.feed.channel import NewsFeed
from klankbord.channels.feed.forms import SettingsForm
from klankbord.channels.feed.reading import NoFeed, plain_link, read_feed
from klankbord.channels.feed.tests.newsstand import Newsstand, Story

LANTERN = Story(
    "Lantaarns uit in Klankendam", "<p>Al een <b>week</b> donker.</p>", "De gemeente onderzoekt de kabel.", id="a"
)


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    stamina.set_testing(True, attempts=1)
    yield
    stamina.set_testing(False)


@pytest.fixture
def stand(settings: Any) -> Iterator[Newsstand]:
    with Newsstand(LANTERN) as one:
        settings.OUTSIDE_ALLOWED_HOSTS = [one.place]
        yield one


def feed(stand: Newsstand, **more: Any) -> NewsFeed:
    return NewsFeed({"url": stand.url, "full_text": True} | more, {})


def posts(connector: NewsFeed, batch: Any) -> list[PostArrived]:
    events = [event for one in batch.envelopes for event in connector.parse(one.body)]
    found = [event for event in events if isinstance(event, PostArrived)]
    assert found == events
    return found


def test_an_item_is_a_headline_a_short_quotation_and_a_link(stand: Newsstand) -> None:
    stand.stories[0].summary = "Al een week donker. " + "Heel lang. " * 200
    (post,) = posts(feed(stand), feed(stand).fetch({}))
    assert post.text.startswith("Lantaarns uit in Klankendam\n\nAl een week donker.")
    assert len(post.text) < 340
    assert (post.uri, post.web_url) == (f"{stand.server.url}/a", f"{stand.server.url}/a")
    assert (post.author.name, post.visibility, post.addressed) == ("De Klankbode (oefening)", Visibility.PUBLIC, False)
    # what is searched: the whole article without the menu
    assert "onderzoekt de kabel" in post.matched_text
    assert "Abonneren" not in post.matched_text
    assert not post.html
    stand.stories[0].summary = LANTERN.summary = "<p>Al een <b>week</b> donker.</p>"


def test_a_feed_that_did_not_change_costs_nothing(stand: Newsstand) -> None:
    first = feed(stand).fetch({})
    second = feed(stand).fetch(first.cursor)
    assert (len(first.envelopes), second.envelopes) == (1, [])
    assert stand.asked == ["/rss", "/robots.txt", "/a", "/rss"]
    assert b"If-None-Match" in stand.server.requests[-1]


def test_only_what_is_new_or_changed_comes_again_and_keeps_its_name(stand: Newsstand) -> None:
    connector = feed(stand)
    first = connector.fetch({})
    stand.stories.append(Story("Kermis in Luisterveen", "Vanaf vrijdag.", id="b"))
    second = connector.fetch(first.cursor)
    assert [post.uri for post in posts(connector, second)] == [f"{stand.server.url}/b"]
    stand.stories[1] = Story("Kermis in Luisterveen gaat niet door", "Te nat.", id="b")
    third = connector.fetch(second.cursor)
    (changed,) = posts(connector, third)
    assert changed.uri == f"{stand.server.url}/b"
    assert "gaat niet door" in changed.text
    assert {one.key for one in second.envelopes}.isdisjoint(one.key for one in third.envelopes)
    # other layout is no change
    stand.stories[1].summary = "<div>Te\n   nat.</div>"
    assert connector.fetch(third.cursor).envelopes == []


def test_the_same_fetched_twice_has_the_same_keys(stand: Newsstand) -> None:
    assert [e.key for e in feed(stand).fetch({}).envelopes] == [e.key for e in feed(stand).fetch({}).envelopes]


def test_at_first_only_the_last_day_counts(stand: Newsstand) -> None:
    stand.stories.append(Story("Oud nieuws", id="oud", published=datetime.now(UTC) - timedelta(days=3)))
    batch = feed(stand).fetch({})
    assert [post.uri for post in posts(feed(stand), batch)] == [f"{stand.server.url}/a"]
    assert feed(stand).fetch(batch.cursor).envelopes == []


def test_a_gap_is_noticed_when_nothing_of_the_last_look_is_left(stand: Newsstand) -> None:
    first = feed(stand).fetch({})
    stand.stories[:] = [Story("Heel ander nieuws", id="x"), LANTERN]
    second = feed(stand).fetch(first.cursor)
    assert second.gap is None
    stand.stories[:] = [Story("Weer ander nieuws", id="y")]
    third = feed(stand).fetch(second.cursor)
    assert third.gap is not None
    assert third.gap.since == datetime.fromisoformat(second.cursor["at"])
    assert len(third.envelopes) == 1


def test_robots_txt_is_honoured_and_asked_once(stand: Newsstand) -> None:
    stand.faults["/robots.txt"] = reply(200, b"User-agent: *\nDisallow: /a\n", Content_Type="text/plain")
    stand.stories.append(Story("Mag wel", article="Dit mag gezocht worden.", id="b"))
    found = {post.uri[-1]: post for post in posts(feed(stand), feed(stand).fetch({}))}
    assert "kabel" not in found["a"].matched_text
    assert "gezocht worden" in found["b"].matched_text
    assert stand.asked.count("/robots.txt") == 1
    assert "/a" not in stand.asked


@pytest.mark.parametrize("fault", [reply(503, b""), reply(429, b""), raw(b"")], ids=["503", "429", "hangs up"])
def test_rules_that_cannot_be_read_mean_no(stand: Newsstand, fault: Any) -> None:
    stand.faults["/robots.txt"] = fault
    (post,) = posts(feed(stand), feed(stand).fetch({}))
    assert "kabel" not in post.matched_text
    assert "/a" not in stand.asked


@pytest.mark.parametrize(
    "fault",
    [
        reply(404, b""),
        reply(200, b"%PDF-1.7", Content_Type="application/pdf"),
        reply(200, b"<html>" + b"<div>" * 50_000, Content_Type="text/html"),
        reply(200, b"x" * 2_100_000, Content_Type="text/html"),
        raw(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\nContent-Type: text/html\r\n\r\n<html>half"),
        reply(302, b"", Location="http://169.254.169.254/latest/meta-data"),
    ],
    ids=["gone", "pdf", "deep", "huge", "truncated", "redirects inside"],
)
def test_an_article_that_cannot_be_had_does_not_hold_up_its_headline(stand: Newsstand, fault: Any) -> None:
    stand.faults["/a"] = fault
    (post,) = posts(feed(stand), feed(stand).fetch({}))
    assert post.text.startswith("Lantaarns uit")


def test_an_article_inside_our_own_network_is_not_fetched(stand: Newsstand) -> None:
    stand.stories[0] = Story("Binnen", id="a", link="http://127.0.0.1:1/geheim")
    (post,) = posts(feed(stand), feed(stand).fetch({}))
    assert post.matched_text.strip() == ""


def test_who_wants_headlines_only_fetches_no_article(stand: Newsstand) -> None:
    feed(stand, full_text=False).fetch({})
    assert stand.asked == ["/rss"]


def test_slow_articles_are_read_in_turns_and_none_is_lost(stand: Newsstand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "SECONDS_FOR_PAGES", 0.0)
    stand.stories[:] = [Story(f"Nieuws {number}", id=str(number)) for number in range(4)]
    connector, got = feed(stand), []
    cursor: dict[str, Any] = {}
    for _turn in range(4):
        batch = connector.fetch(cursor)
        got += [post.uri for post in posts(connector, batch)]
        cursor = batch.cursor
        assert batch.gap is None
    assert not batch.more
    assert len(got) == len(set(got)) == 4
    assert connector.fetch(cursor).envelopes == []


def test_a_page_that_drips_is_left_alone_in_time(stand: Newsstand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_module, "PATIENCE", Limits(connect=1, read=0.2, total=0.5, size=10_000))
    stand.faults["/a"] = raw(*[b"H"] * 400, pause=0.1)
    begun = time.monotonic()
    assert len(feed(stand).fetch({}).envelopes) == 1
    assert time.monotonic() - begun < 20


# ---- the feed itself goes wrong --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "wanted"),
    [
        (reply(500, b""), NotSent),
        (raw(b""), NotSent),
        (raw(b"HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n<rss"), NotSent),
        (raw(b"geen http"), NotSent),
        (reply(404, b""), ChannelError),
        (reply(410, b""), ChannelError),
        (reply(304, b""), NotSent),
        (reply(200, b"x" * 1_100_000), ChannelError),
        (reply(200, b"", Content_Type="application/rss+xml"), ChannelError),
        (reply(200, b"<html><body>Geen feed</body></html>"), ChannelError),
        (reply(200, b"/etc/passwd"), ChannelError),
        (reply(200, b"\0\xff\xfe" * 999), ChannelError),
        (reply(302, b"", Location="http://10.0.0.1/rss"), Permanent),
    ],
    ids=range(13),
)
def test_a_feed_that_goes_wrong_says_so_and_moves_no_cursor(stand: Newsstand, fault: Any, wanted: type) -> None:
    stand.faults["/rss"] = fault
    with pytest.raises(wanted) as raised:
        feed(stand).fetch({})
    assert str(raised.value)
    assert "127.0.0.1:" not in str(raised.value)


def test_a_site_that_says_when_is_asked_then(stand: Newsstand) -> None:
    stand.faults["/rss"] = reply(429, b"", Retry_After="120")
    with pytest.raises(NotSent) as raised:
        feed(stand).fetch({})
    assert 115 < (raised.value.retry_after or 0) <= 120


def test_a_feed_that_drips_is_given_up_in_time(stand: Newsstand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(channel_module, "PATIENCE", Limits(connect=1, read=0.2, total=0.5, size=10_000))
    stand.faults["/rss"] = raw(*[b"H"] * 400, pause=0.1)
    begun = time.monotonic()
    with pytest.raises(NotSent):
        feed(stand).fetch({})
    assert time.monotonic() - begun < 20


BOMB = b"""<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "haha">%s<!ENTITY x SYSTEM "file:///etc/passwd">]>
<rss version="2.0"><channel><title>&z; &x;</title><item><title>&z;&x;</title></item></channel></rss>""" % b"".join(
    b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(25)
)


def test_a_bomb_and_a_file_of_ours_do_nothing(stand: Newsstand) -> None:
    begun = time.process_time()
    with pytest.raises(NoFeed):
        read_feed(BOMB)
    assert time.process_time() - begun < 1


def test_what_is_malformed_is_read_as_far_as_it_goes() -> None:
    broken = b"<rss version='2.0'><channel><title>K & B</title><item><title>Eerste <b>nieuws</title><link>https://k.example/1"
    assert [item.title for item in read_feed(broken).items] == ["Eerste nieuws"]


def test_atom_is_read_too() -> None:
    atom = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>Raad (oefening)</title><entry><id>tag:x,2026:1</id>
    <title type="html">Agenda &amp;amp; besluiten</title><link href="https://raad.example/1#kop"/>
    <updated>2026-11-20T10:00:00+01:00</updated>
    <content type="html">&lt;p&gt;Punt 3.&lt;/p&gt;</content></entry></feed>"""
    (item,) = read_feed(atom).items
    assert (item.title, item.link, item.summary) == ("Agenda & besluiten", "https://raad.example/1", "Punt 3.")
    assert item.published == datetime(2026, 11, 20, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("link", "plain"),
    [
        ("https://krant.example/a?utm_source=rss&id=7#top", "https://krant.example/a?id=7"),
        ("javascript:alert(1)", ""),
        ("file:///etc/passwd", ""),
        ("//krant.example", ""),
        ("https://[", ""),
        ("", ""),
        ("https://krant.example/" + "x" * 1000, ""),
    ],
)
def test_a_link_is_plain_or_nothing(link: str, plain: str) -> None:
    assert plain_link(link) == plain


def test_a_date_in_the_future_is_the_moment_of_fetching(stand: Newsstand) -> None:
    stand.stories[0] = Story("Morgen", id="a", published=datetime.now(UTC) + timedelta(days=400))
    (post,) = posts(feed(stand), feed(stand).fetch({}))
    assert post.published_at <= datetime.now(UTC)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_feed_or_not(body: bytes) -> None:
    try:
        read_feed(body)
    except NoFeed:
        return


@given(st.binary(max_size=100) | st.text(max_size=50).map(str.encode))
def test_nonsense_is_unparseable_and_nothing_else(body: bytes) -> None:
    with pytest.raises(Unparseable):
        NewsFeed({"url": "https://x.example"}, {}).parse(body)


GOOD = {"id": "1", "link": "https://k.example/1", "title": "T", "summary": "S", "published": "", "mark": "m",
        "feed": "K", "at": "2026-11-22T08:00:00+00:00", "page": ""}  # fmt: skip
NOISE = st.none() | st.integers() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)


@given(st.sampled_from(sorted(GOOD)), NOISE)
def test_a_damaged_item_is_unparseable_or_understood(name: str, noise: Any) -> None:
    for body in (GOOD | {name: noise}, {key: value for key, value in GOOD.items() if key != name}):
        try:
            NewsFeed({"url": "https://x.example"}, {}).parse(json.dumps(body).encode())
        except Unparseable:
            continue


# ---- what an administrator fills in ----------------------------------------------------------------------


def test_the_settings_are_tried(stand: Newsstand) -> None:
    assert "De Klankbode (oefening)" in feed(stand).check()
    page = b'<html><head><link rel="alternate" type="application/rss+xml" href="/rss"></head></html>'
    stand.faults["/"] = reply(200, page, Content_Type="text/html")
    with pytest.raises(ChannelError) as raised:
        NewsFeed({"url": f"{stand.server.url}/"}, {}).check()
    assert stand.url in str(raised.value)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("krant.example/rss", "https://krant.example/rss"),
        ("HTTPS://Krant.Example/rss?x=1#top", "https://krant.example/rss?x=1"),
        ("http://krant.example:8080", "http://krant.example:8080/"),
    ],
)
def test_one_feed_has_one_address(typed: str, kept: str) -> None:
    form = SettingsForm({"url": typed})
    assert form.is_valid(), form.errors
    assert NewsFeed.address(form.to_settings()[0]) == kept


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "file:///etc/passwd",
        "https://",
        "https://jan:geheim@krant.example/",
        "ftp://x.example",
        "https://[",
        "https://x.example:99999/",
        "https://x.example/\u202e",
    ],
)
def test_what_is_no_web_address_is_refused(typed: str) -> None:
    form = SettingsForm({"url": typed})
    assert not form.is_valid()
    assert "url" in form.errors


def test_a_search_reads_the_feed_and_no_pages(stand: Newsstand) -> None:
    found = feed(stand).search(["lantaarns"])
    assert [one.uri for one in found] == [f"{stand.server.url}/a"]
    assert stand.asked == ["/rss"]
