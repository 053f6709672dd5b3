"""What the networks themselves find by a query, without anything being kept: not stored, not logged, in no job.

For a purpose that may not look at what was kept for another (``finds.PREVIEWED``), and for who has nothing yet.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from django.core.cache import cache
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from klankbord.channels.contract import ChannelError, Connector, PostArrived
from klankbord.channels.models import Channel
from klankbord.channels.registry import connector_class, connector_for
from klankbord.listening.asking import document_of
from klankbord.listening.finds import marked
from klankbord.listening.matching.clauses import BEGIN, END, normal_form
from klankbord.listening.matching.rarity import Rarity
from klankbord.listening.queries import known_accounts
from klankbord.listening.query import Query
from klankbord.posts.actions import Said
from klankbord.posts.overheard import cover, pseudonym
from klankbord.posts.queries import objectors

MOST_WORDS = 4
"""Words that one network is asked for."""
MOST_CHANNELS = 8
SHOWN = 10
PATIENCE = 20.0
"""Seconds after which no other network is asked."""
EVERY = timedelta(seconds=10)
"""One search per channel in this time, whoever asks: the network counts them as ours."""

logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Example:
    """A message as a network shows it now, without its author and address, masked as it would be at ingest."""

    text: SafeString
    words: list[str]
    at: datetime


@dataclass(slots=True)
class Answer:
    """What one network found: of how many messages it showed, or why it could not be asked."""

    channel: str
    network: str
    looked: int = 0
    found: int = 0
    examples: list[Example] = field(default_factory=list)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A channel that is about to be asked; ``connector`` is None for one that cannot search."""

    channel: Channel
    network: str
    connector: Connector | None


def whom_to_ask(organisation_id: int) -> list[Asked]:
    """The channels of an organisation; inside the fence, before the network is called."""
    channels = Channel.objects.filter(organisation=organisation_id, enabled=True).order_by("kind", "name", "pk")
    asked = []
    for channel in channels:
        kind = connector_class(channel.kind)
        asked.append(Asked(channel, _(kind.label), connector_for(channel) if kind.can_search else None))
    return asked


def words_to_ask(query: Query) -> list[str]:
    """The fewest words of which every find holds one; empty when nothing but the end of words is certain. Pure."""
    rarity = Rarity()
    clauses = normal_form(query.plain, rarity.cost).clauses
    able = [
        clause for clause in clauses if not any(key.startswith(END) for key in clause) and len(clause) <= MOST_WORDS
    ]
    if not able:
        return []
    return sorted(key.removeprefix(BEGIN) for key in min(able, key=rarity.cost))


def ask_networks(asked: Sequence[Asked], query: Query) -> list[tuple[Answer, list[PostArrived]]]:
    """Ask each network in turn; no transaction may be open. What comes back is only in memory."""
    words = words_to_ask(query)
    began = time.monotonic()
    answers: list[tuple[Answer, list[PostArrived]]] = []
    for one in asked:
        answer, found = Answer(one.channel.name, one.network), list[PostArrived]()
        if one.connector is None:
            answer.problem = _("This channel has no search of its own.")
        elif not words:
            answer.problem = _(
                "A network cannot be asked for this query: it needs a whole word, or the beginning of one."
            )
        elif len(answers) >= MOST_CHANNELS or time.monotonic() - began > PATIENCE:
            answer.problem = _("Not asked: the others took too long.")
        elif not cache.add(f"search:{one.channel.pk}", 1, EVERY.total_seconds()):
            answer.problem = _("This network was asked just now. Try again in ten seconds.")
        else:
            answer.problem = _ask(one.connector, words, found)
        answers.append((answer, found))
    return answers


def _ask(connector: Connector, words: list[str], found: list[PostArrived]) -> str:
    """Why it did not work, for the colleague; empty when it did."""
    try:
        found += connector.search(words)
    except ChannelError as problem:
        return str(problem)
    except Exception as problem:  # noqa: BLE001  # a fault in one connector must not stop the others
        # no trace of the fault itself: it may hold the words
        logger.warning("searching failed unexpectedly", kind=connector.kind, fault=type(problem).__name__)
        return _("Unexpected fault: %(fault)s") % {"fault": type(problem).__name__}
    return ""


def shown(
    organisation_id: int,
    query: Query,
    asked: Sequence[Asked],
    answers: Sequence[tuple[Answer, list[PostArrived]]],
    *,
    figures_only: bool,
) -> list[Answer]:
    """The answers as they may be seen: held against the query, masked, without who objected. Inside the fence."""
    known = known_accounts(organisation_id)
    for one, (answer, found) in zip(asked, answers, strict=True):
        people = {post.uri: pseudonym(organisation_id, one.channel.kind, post.author.network_id) for post in found}
        objected = objectors(organisation_id, one.channel.kind, people.values()) if people else set()
        said = [cover(post, known) for post in found if people[post.uri] not in objected]
        _judge(answer, one.channel.kind, query, said, figures_only)
    return [answer for answer, _found in answers]


def _judge(answer: Answer, kind: str, query: Query, posts: Collection[PostArrived], figures_only: bool) -> None:
    answer.looked = len(posts)
    for post in posts:
        match = query.match(document_of(kind, Said.of(post), post))
        if match is None:
            continue
        answer.found += 1
        if not figures_only and len(answer.examples) < SHOWN:
            answer.examples.append(
                Example(marked(post.text, query.highlights(post.text)), match.why, post.published_at)
            )
