"""Reading what a dossier found: lists behind figures, with the reasons marked; and what a new query would find."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from django.contrib.postgres.search import SearchQueryField
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.template.defaultfilters import linebreaksbr
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from klankbord.base.keyed_hash import unseal
from klankbord.base.text.clean import safe_text
from klankbord.base.text.folding import fold
from klankbord.base.text.tokens import highlight
from klankbord.listening.asking import read, text_of
from klankbord.listening.models import Dossier, Match, Noise
from klankbord.listening.query import Document, Query, Refused
from klankbord.posts.models import Post
from klankbord.posts.queries import quoted_term

PAGE = 50
SAMPLE = 1000
"""Posts that a preview is tried on, newest first."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which finds somebody looks at: those behind one figure."""

    day: date | None = None
    until: date | None = None
    """The last of several days from ``day`` on."""
    word: str = ""
    source: str = ""
    language: str | None = None
    said: str = ""
    """A word that stands in the message, whatever it was found by."""
    last: int | None = None
    """Published in so many days back from now."""
    skip: int = 0
    """And not in the newest so many of those."""
    noise: bool = False
    before: int | None = None

    @property
    def narrowed(self) -> bool:
        return bool(self.day or self.word or self.said or self.last or self.source or self.language is not None)


@dataclass(frozen=True, slots=True)
class Seen:
    """A find as it is shown."""

    post: Post
    words: list[str]
    found_at: datetime
    text: SafeString
    match_id: int


def finds_of(dossier: Dossier, wanted: Wanted) -> QuerySet[Match]:
    """The finds of a dossier that one may see, newest first; without what colleagues said does not belong."""
    noise = Exists(Noise.objects.filter(dossier=dossier, post=OuterRef("post")))
    found = Match.objects.filter(noise if wanted.noise else ~noise, dossier=dossier, post__deleted_at__isnull=True)
    if wanted.day:
        start, end = day_bounds(wanted.day)[0], day_bounds(wanted.until or wanted.day)[1]
        found = found.filter(post__published_at__gte=start, post__published_at__lt=end)
    if wanted.last:
        now = timezone.now()
        found = found.filter(
            post__published_at__gte=now - timedelta(days=wanted.last),
            post__published_at__lt=now - timedelta(days=wanted.skip) if wanted.skip else now + timedelta(days=1),
        )
    if wanted.said:
        found = found.filter(_holds(wanted.said))
    if wanted.word:
        found = found.filter(words__contains=[wanted.word])
    if wanted.source:
        found = found.filter(post__channel__kind=wanted.source)
    if wanted.language is not None:
        found = found.filter(post__language=wanted.language)
    if wanted.before:
        found = found.filter(pk__lt=wanted.before)
    return found.select_related("post", "post__channel").defer("post__tokens", "post__html").order_by("-pk")


def _holds(word: str) -> Func:
    """Whether the index of the post holds a term; a cast, since to_tsquery would read signs in it."""
    asked = Cast(Value(quoted_term(fold(word))), SearchQueryField())
    return Func(F("post__tokens"), asked, arg_joiner=" @@ ", template="(%(expressions)s)", output_field=BooleanField())


def day_bounds(day: date) -> tuple[datetime, datetime]:
    """The first moment of a day in the Netherlands, and that of the next."""
    here = timezone.get_default_timezone()
    return (
        datetime.combine(day, time.min, here).astimezone(UTC),
        datetime.combine(day + timedelta(days=1), time.min, here).astimezone(UTC),
    )


def shown(dossier: Dossier, matches: Iterable[Match]) -> list[Seen]:
    """Finds with the words that made them finds marked."""
    mark = marker(dossier)
    return [
        Seen(match.post, match.words, match.found_at, marked(match.post.text, mark(match.post.text)), match.pk)
        for match in matches
    ]


def marker(dossier: Dossier) -> Callable[[str], list[tuple[int, int]]]:
    """What tells where the words of a dossier stand in a text."""
    try:
        query = read(dossier.query) if dossier.query else None
    except Refused:
        query = None
    return query.highlights if query else partial(highlight, words=dossier.words)


def marked(text: str, spans: Sequence[tuple[int, int]]) -> SafeString:
    """A text as safe HTML with these stretches marked."""
    pairs: list[tuple[str, str]] = []
    at = 0
    for start, end in spans:
        pairs.append((text[at:start], text[start:end]))
        at = end
    return linebreaksbr(format_html("{}{}", format_html_join("", "{}<mark>{}</mark>", pairs), text[at:]))


# ---- trying a query on what we have ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Preview:
    """What a query finds in the newest posts that this purpose may look at."""

    tried: int = 0
    found: int = 0

    @property
    def nothing(self) -> bool:
        return self.tried >= 20 and self.found == 0

    @property
    def everything(self) -> bool:
        """More than half of all that was said about everything: such a query says little."""
        return self.tried >= 20 and self.found * 2 > self.tried


PREVIEWED = {
    Dossier.Purpose.SERVICE: True,
    Dossier.Purpose.COMMUNICATION: True,
    Dossier.Purpose.CRISIS: True,
    Dossier.Purpose.PUBLIC_ORDER: False,
}
"""For which purposes what was found for another may be looked at again (AVG 5(1)(b): compatible use). What was found
for public order is never a sample for anything."""


def preview(organisation_id: int, query: Query, purpose: str) -> Preview | None:
    """Try a query on the newest public posts of this organisation; None where the purpose does not allow that."""
    if purpose not in Dossier.Purpose.values or not PREVIEWED[Dossier.Purpose(purpose)]:
        return None
    found = [query.match(document(post)) is not None for post in sample(organisation_id)]
    return Preview(len(found), sum(found))


def sample(organisation_id: int, most: int = SAMPLE) -> Iterator[Post]:
    """The newest public posts, without those that only a closed dossier found."""
    ordinary = Match.objects.filter(post=OuterRef("pk")).exclude(Dossier.closed("dossier__"))
    return (
        Post.objects.filter(
            Q(overheard=False) | Exists(ordinary),
            organisation_id=organisation_id,
            direction=Post.Direction.IN,
            private=False,
            deleted_at__isnull=True,
        )
        .select_related("channel")
        .defer("tokens", "html")
        .order_by("-published_at")[:most]
        .iterator()
    )


def document(post: Post, more: str = "") -> Document:
    """A stored post as queries see it; ``more``: words that came along to find it by and are not kept."""
    return Document(
        text_of(post.subject, post.warning, post.text, safe_text(more)),
        channel=post.channel.kind,
        language=post.language,
        source=(unseal(post.organisation_id, post.source) or "") if post.overheard else post.web_url or post.uri,
        published_at=post.published_at,
    )


@dataclass(frozen=True, slots=True)
class Sharper:
    """A proposal from what colleagues marked: leave out a word, with its effect on what was found before."""

    word: str
    query: str
    noise_gone: int
    finds_gone: int


def proposals(dossier: Dossier, most: int = 5) -> tuple[list[Sharper], int, int]:
    """Words that stand in what does not belong and hardly in what does; with how many of each there are.

    Pure arithmetic on at most 500 of each: a word is proposed when it is in at least a third of the noise and takes
    away at most a twentieth of the good finds; most noise gone first.
    """
    good = [match.post for match in finds_of(dossier, Wanted())[:500]]
    bad = [match.post for match in finds_of(dossier, Wanted(noise=True))[:500]]
    if not dossier.query or not bad:
        return [], len(bad), len(good)
    in_bad, in_good = [document(post).terms for post in bad], [document(post).terms for post in good]
    asked = {term for leaf in read(dossier.query).leaves for term in Document(leaf.written).terms}
    found: list[Sharper] = []
    for word in set().union(*in_bad):
        if len(word) < 3 or not word.isalpha() or word in asked:
            continue
        noise_gone = sum(word in terms for terms in in_bad)
        finds_gone = sum(word in terms for terms in in_good)
        if noise_gone * 3 >= len(bad) and finds_gone * 20 <= len(good):
            found.append(Sharper(word, f"({dossier.query}) NOT {word}", noise_gone, finds_gone))
    return sorted(found, key=lambda one: (-one.noise_gone, one.finds_gone, one.word))[:most], len(bad), len(good)
