"""News goes down the real road: kept when a dossier asks for it, found by the whole article, shown as a quotation."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import stamina
from django.db import connection
from django.utils import timezone

from klankbord.base.keyed_hash import unseal
from klankbord.base.tests.fault_server import reply
from klankbord.channels import registry
from klankbord.channels.actions import connect_channel, fetch_now
from klankbord.channels.feed.channel import NewsFeed
from klankbord.channels.feed.tests.newsstand import Newsstand, Story
from klankbord.channels.models import Arrival, Channel, Gap, Source
from klankbord.inbox.models import Conversation
from klankbord.intake.flow import NOT_ASKED, collect
from klankbord.listening.models import Match
from klankbord.posts.models import Post, Revision
from klankbord.tenancy.fence import acting_for
from tests.cast import Cast
from tests.failpoints import do_jobs

ABOUT_US = Story("Lantaarns uit", "Al een week donker.", "In Klankendam brandt geen lantaarn meer.", id="ons")
ABOUT_OTHERS = Story("Feest in Bakkum", "Met taart en muziek.", "Niemand anders werd genoemd.", id="ander")


@pytest.fixture
def stand(settings: Any) -> Iterator[Newsstand]:
    stamina.set_testing(True, attempts=1)
    with Newsstand(ABOUT_US, ABOUT_OTHERS) as one:
        settings.OUTSIDE_ALLOWED_HOSTS = [one.place]
        yield one
    stamina.set_testing(False)


@pytest.fixture
def news(cast: Cast, stand: Newsstand, monkeypatch: pytest.MonkeyPatch) -> Channel:
    monkeypatch.setattr(registry, "connectors", lambda: {"feed": NewsFeed})
    made = None
    for town in (cast.klankendam, cast.luisterveen):
        with acting_for(town.pk):
            made = made or connect_channel(town, "feed", "De Klankbode", {"url": stand.url}, {}, by=None)
            connect_channel(town, "feed", "De Klankbode", {"url": stand.url}, {}, by=None)
    assert made
    return made


def look(news: Channel) -> None:
    fetch_now(news.source_id, timezone.now())
    Source.objects.filter(pk=news.source_id).update(next_fetch_at=timezone.now())
    while collect(timezone.now()):
        pass
    do_jobs()


def test_only_what_a_dossier_asks_for_is_kept_and_only_a_quotation(cast: Cast, news: Channel, stand: Newsstand) -> None:
    look(news)
    with acting_for(cast.klankendam.pk):
        (post,) = Post.objects.all()
        assert post.text == "Lantaarns uit\n\nAl een week donker."
        assert (post.overheard, post.private) == (True, False)
        assert unseal(cast.klankendam.pk, post.source) == f"{stand.server.url}/ons"
        # found by a word that stands in the article only
        assert Match.objects.get().words == ["klankendam"]
        assert not Conversation.objects.exists()
        # no raw copy of an article stays, asked for or not
        assert [one.body for one in Arrival.objects.order_by("pk")] == [None, None]
        assert Arrival.objects.filter(outcome=NOT_ASKED).count() == 1
    with acting_for(cast.luisterveen.pk):
        assert not Post.objects.exists()
    with connection.cursor() as cursor, acting_for(cast.klankendam.pk):
        cursor.execute("SELECT to_jsonb(p) - 'tokens' FROM posts_post p")
        assert "brandt geen lantaarn" not in str(cursor.fetchall())
    # wanted by two towns, fetched once
    assert stand.asked.count("/rss") == 1
    assert stand.asked.count("/ons") == 1


def test_a_changed_headline_is_a_revision_and_stays_found(cast: Cast, news: Channel, stand: Newsstand) -> None:
    look(news)
    stand.stories[0] = Story("Lantaarns weer aan", "Kabel hersteld.", ABOUT_US.article, id="ons")
    look(news)
    with acting_for(cast.klankendam.pk):
        (post,) = Post.objects.all()
        assert post.text.startswith("Lantaarns weer aan")
        assert Revision.objects.get().text.startswith("Lantaarns uit")
        assert Post.objects.extra(where=["tokens @@ 'klankendam'::tsquery"]).exists()


def test_a_gap_and_a_failure_stand_on_the_source(cast: Cast, news: Channel, stand: Newsstand) -> None:
    look(news)
    stand.stories[:] = [Story("Heel iets anders", id="nieuw")]
    look(news)
    assert Gap.objects.get().source_id == news.source_id
    stand.faults["/rss"] = reply(429, b"", Retry_After="600")
    look(news)
    source = Source.objects.get(pk=news.source_id)
    assert source.failing_since is not None
    assert (source.next_fetch_at - timezone.now()).total_seconds() > 500
