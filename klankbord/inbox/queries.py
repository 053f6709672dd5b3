"""Reading the desk: the queue, one conversation, what belongs beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Q

from klankbord.channels.models import Channel
from klankbord.inbox.models import Conversation, Draft, Presence
from klankbord.listening.models import Dossier, Match
from klankbord.posts.queries import search_threads
from klankbord.tenancy.fence import Sight
from klankbord.tenancy.models import AuditEntry, Membership, User
from klankbord.tenancy.newest import newest_per_channel
from klankbord.tenancy.roles import Right, Role, rights_of

PAGE = 50
COUNT_AT_MOST = 100
# So many of the newest posts nearly always give a page; where they stand in few conversations, ask once more and amply.
# With fewer at first a search for a common word asks twice and takes twice as long (benchmarks/queue.py).
NEWEST_SEARCHED = (PAGE * 4, PAGE * 20)
S = Conversation.Status
STATUSES: dict[str, tuple[str, ...]] = {
    "todo": (S.OPEN,),
    "mine": (S.OPEN, S.ANSWERED),
    "waiting": (S.ANSWERED,),
    "closed": (S.CLOSED,),
    "all": (S.OPEN, S.ANSWERED, S.CLOSED),
}
WRITERS = [role.value for role in Role if Right.WRITE_CONVERSATIONS in rights_of([role])]


@dataclass(frozen=True, slots=True)
class Filter:
    """What a colleague looks at: a list, perhaps one organisation, perhaps words."""

    view: str = "todo"
    organisation: int | None = None
    words: str = ""
    before: tuple[datetime, int] | None = None


def desk_channels(sight: Sight) -> dict[int, Channel]:
    """The channels whose conversations one may see, with their organisations and sources: one query."""
    return {
        channel.pk: channel
        for channel in Channel.objects.filter(pk__in=sight.public_channels).select_related("organisation", "source")
    }


def queue(user: User, channels: dict[int, Channel], wanted: Filter) -> list[Conversation]:
    """One page of the queue, newest first, and one row more when there is an older page. Two queries."""
    chosen = _chosen(channels, wanted)
    if wanted.words:
        return _found(wanted.words, chosen)
    if wanted.view == "mine":
        rows = Conversation.objects.filter(assignee=user, status__in=STATUSES["mine"], channel__in=chosen)
        if wanted.before:
            at, pk = wanted.before
            rows = rows.filter(Q(last_post_at__lt=at) | Q(last_post_at=at, pk__lt=pk))
        return list(rows.order_by("-last_post_at", "-pk")[: PAGE + 1])
    ids = newest_per_channel("inbox_conversation", chosen, STATUSES[wanted.view], PAGE + 1, wanted.before)
    return _in_order(ids)


def _in_order(ids: list[int]) -> list[Conversation]:
    rows = Conversation.objects.in_bulk(ids)
    return [rows[pk] for pk in ids if pk in rows]


def _found(words: str, channels: list[int]) -> list[Conversation]:
    """The conversations of the newest posts that hold the words. Two queries, or four."""
    found: list[Conversation] = []
    for newest in NEWEST_SEARCHED:
        threads, more = search_threads(words, channels, newest)
        found = _conversations(threads)
        if len(found) == PAGE or not more:
            break
    return found


def _conversations(threads: list[tuple[int, str]]) -> list[Conversation]:
    """The first page of those that exist for these threads, in their order."""
    return list(
        Conversation.objects.raw(
            "SELECT conversation.* FROM unnest(%s::bigint[], %s::text[]) WITH ORDINALITY"
            " AS thread (organisation, root, place)"
            " JOIN inbox_conversation conversation ON conversation.organisation_id = thread.organisation"
            " AND conversation.root_uri = thread.root ORDER BY thread.place LIMIT %s",
            [[organisation for organisation, _ in threads], [root for _, root in threads], PAGE],
        )
    )


def _chosen(channels: dict[int, Channel], wanted: Filter) -> list[int]:
    """The channels of the organisation somebody looks at, or all of them."""
    return [pk for pk, channel in channels.items() if wanted.organisation in (None, channel.organisation_id)]


def counts(user: User, channels: dict[int, Channel], wanted: Filter) -> dict[str, int]:
    """How many wait in the lists that ask for work, counted up to a hundred. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM (SELECT FROM inbox_conversation WHERE channel_id = ANY (%(channels)s)"
            " AND status = 'open' LIMIT %(most)s) todo),"
            " (SELECT count(*) FROM (SELECT FROM inbox_conversation WHERE assignee_id = %(user)s"
            " AND status = 'open' AND channel_id = ANY (%(channels)s) LIMIT %(most)s) mine)",
            {"channels": _chosen(channels, wanted), "most": COUNT_AT_MOST, "user": user.pk},
        )
        todo, mine = cursor.fetchone()
    return {"todo": todo, "mine": mine}


def in_filter(conversation: Conversation, user: User, wanted: Filter) -> bool:
    """Whether a conversation belongs in the list somebody looks at."""
    if wanted.organisation not in (None, conversation.organisation_id):
        return False
    if wanted.view == "mine" and conversation.assignee_id != user.pk:
        return False
    return conversation.status in STATUSES[wanted.view]


def earlier_conversations(conversation: Conversation) -> list[Conversation]:
    """The same resident before, with the same organisation."""
    return list(
        Conversation.objects.filter(author=conversation.author_id)
        .exclude(pk=conversation.pk)
        .order_by("-last_post_at")[:5]
        if conversation.author_id
        else ()
    )


def finds(conversation: Conversation) -> list[Match]:
    """The dossiers that this thread was found by; empty for a desk that acts by mandate. Closed ones are not shown."""
    return list(
        Match.objects.filter(post__organisation=conversation.organisation_id, post__root_uri=conversation.root_uri)
        .exclude(Dossier.closed("dossier__"))
        .select_related("dossier")
        .order_by("pk")[:20]
    )


def history(conversation: Conversation) -> list[AuditEntry]:
    """What was done with it; the fence shows this to the organisation's own people only."""
    return list(
        AuditEntry.objects.filter(
            organisation=conversation.organisation_id, object=f"gesprek:{conversation.pk}"
        ).order_by("-pk")[:20]
    )


def drafts(conversation: Conversation) -> list[Draft]:
    """What colleagues have written here and not sent, the newest first."""
    return list(Draft.objects.filter(conversation=conversation).order_by("-changed_at", "-pk"))


def present(reader: User, now: datetime) -> list[Presence]:
    """The colleagues who are in a conversation that ``reader`` may see."""
    return list(Presence.objects.filter(until__gt=now).exclude(user=reader).order_by("conversation", "name", "pk"))


def administrators() -> list[User]:
    """Who can give a colleague of one's own organisations a place at the desk."""
    members = Membership.objects.filter(ended_at__isnull=True, roles__contains=[Role.ADMIN.value]).values("user")
    return list(User.objects.filter(pk__in=members, is_active=True).order_by("name"))


def assignees(channel_id: int) -> list[User]:
    """Colleagues of one's own organisations who may write on this channel, at this minute."""
    # who reads private messages is who writes
    return list(
        User.objects.raw(
            "SELECT person.* FROM fence_may_see(ARRAY(SELECT member.user_id FROM tenancy_membership member"
            " WHERE member.ended_at IS NULL AND member.roles::text[] && %s::text[]), %s, true) AS able"
            " JOIN tenancy_user person ON person.id = able ORDER BY person.name",
            [WRITERS, channel_id],
        )
    )
