"""What the desk's templates show, made from rows: no queries here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import linebreaks, urlize
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from klankbord.base.text.clean import clean_html, initials
from klankbord.channels.contract import Connector, Visibility
from klankbord.channels.models import Channel, Delivery
from klankbord.channels.queries import health, moment
from klankbord.channels.registry import connector_class
from klankbord.inbox.lines import Lines
from klankbord.inbox.models import Conversation, Draft, Presence
from klankbord.inbox.queries import COUNT_AT_MOST, Filter
from klankbord.listening.models import Match
from klankbord.posts.models import VISIBILITY_CHOICES, Attachment, Post
from klankbord.tenancy.fence import Sight
from klankbord.tenancy.models import AuditEntry, User

Shown = dict[str, Any]
VIEW_LABELS = {
    "todo": gettext_lazy("To do"),
    "mine": gettext_lazy("Mine"),
    "waiting": gettext_lazy("Waiting for resident"),
    "closed": gettext_lazy("Closed"),
    "all": gettext_lazy("All"),
}
VISIBILITY_LABELS = dict(VISIBILITY_CHOICES)
KINDS = {Post.Direction.IN: "in", Post.Direction.OUT: "out", Post.Direction.INTERNAL: "note"}


def query_of(wanted: Filter, **changes: Any) -> str:
    """The address part that keeps somebody in the same list."""
    parts = {"view": wanted.view, "organisation": wanted.organisation, "q": wanted.words} | changes
    return urlencode({key: value for key, value in parts.items() if value and (key, value) != ("view", "todo")})


def address(name: str, *arguments: object, query: str = "") -> str:
    return reverse(name, args=arguments) + (f"?{query}" if query else "")


def view_list(wanted: Filter, counted: dict[str, int]) -> list[Shown]:
    def shown(number: int) -> str:
        return "" if not number else f"{COUNT_AT_MOST - 1}+" if number >= COUNT_AT_MOST else str(number)

    return [
        {
            "key": key,
            "label": label,
            "count": shown(counted.get(key, 0)),
            "url": address("desk", query=query_of(wanted, view=key, q="")),
            "active": key == wanted.view and not wanted.words,
        }
        for key, label in VIEW_LABELS.items()
    ]


def organisation_list(channels: dict[int, Channel], wanted: Filter) -> list[Shown]:
    found = {channel.organisation_id: short_name(channel.organisation.name) for channel in channels.values()}
    return [
        {"id": pk, "name": name, "active": pk == wanted.organisation}
        for pk, name in sorted(found.items(), key=lambda item: item[1])
    ]


def short_name(organisation: str) -> str:
    """The name without the word that most of them begin with, for where room is scarce."""
    return organisation.removeprefix("Gemeente ")


def lines(channels: dict[int, Channel], user: User, wanted: Filter, current: int | None = None) -> Lines:
    """Who draws the lines of this list."""
    names = {pk: short_name(channel.organisation.name) for pk, channel in channels.items()}
    return Lines(channels, user, query_of(wanted), names, current=current)


def mandate_text(sight: Sight, channel: Channel) -> str:
    if channel.organisation_id in sight.organisations:
        return ""
    return _("You answer for %(organisation)s by mandate.") % {"organisation": channel.organisation.name}


def head(
    conversation: Conversation,
    channel: Channel,
    user: User,
    sight: Sight,
    people: Sequence[User],
    posts: Sequence[Post],
    to: int | None = None,
    visibility: str = "",
) -> Shown:
    """The open conversation: what stands above the thread and steers the composer.

    ``to`` is the message that is answered; without it the last one of a resident. ``visibility`` is what was chosen
    already, so that an answer that comes back to its writer has not become more visible.
    """
    connector = connector_class(channel.kind)
    said = [
        post for post in posts if post.direction == Post.Direction.IN and not post.deleted_at and not post.overheard
    ]
    last = next((post for post in said if post.pk == to), said[-1] if said else None)
    options = _visibility_options(last, connector, visibility)
    return {
        "id": conversation.pk,
        "subject": conversation.subject,
        "author_name": conversation.author_name or _("Unknown"),
        "author_handle": _handle(conversation, posts),
        "channel_label": channel.name,
        "channel_kind": channel.kind,
        "organisation_name": channel.organisation.name,
        "mandate_text": mandate_text(sight, channel),
        "answer_private": any(option["selected"] and option["private"] for option in options),
        "status": conversation.status,
        "assignee_name": conversation.assignee_name,
        "is_mine": conversation.assignee_id == user.pk,
        "assignees": [{"id": p.pk, "name": p.name, "selected": p.pk == conversation.assignee_id} for p in people],
        "may_write": conversation.channel_id in sight.desk_channels,
        "can_reply": not (cannot := _cannot_reply(connector, channel, last)),
        "cannot_reply_text": cannot,
        "max_length": connector.max_length,
        "is_record": connector.answers_are_records,
        "has_files": connector.media_limits.count > 0,
        "answers": last.pk if last else "",
        "several_residents": len({post.author_id for post in said}) > 1,
        "visibility_options": options,
    }


def _cannot_reply(connector: type[Connector], channel: Channel, last: Post | None) -> str:
    if last is None:
        return _("The resident has taken the message away; there is nothing left to answer.")
    if not channel.enabled:
        return _("This channel is switched off. Ask the administrator to switch it on.")
    if not connector.can_reply:
        return _("You cannot answer on this channel.")
    return connector.cannot_answer(last.reply_data)


def _visibility_options(last: Post | None, connector: type[Connector], wanted: str) -> list[Shown]:
    """The ways an answer can be seen: never wider than what it replies to, the same as that by default."""
    if last is None:
        return []
    order = list(Visibility)
    floor = order.index(Visibility(last.visibility))
    possible = [one for one in connector.visibilities if order.index(one) >= floor] or [Visibility(last.visibility)]
    chosen = next((one for one in possible if one.value == wanted), possible[0])
    return [
        {
            "value": one.value,
            "label": VISIBILITY_LABELS[one.value],
            "selected": one == chosen,
            "private": one.private,
            "sentence": _("What you told %(name)s, to be kept here: nothing is sent") % {"name": _name_of(last)}
            if connector.answers_are_records
            else _who_reads(one, _name_of(last)),
        }
        for one in possible
    ]


def _who_reads(visibility: Visibility, name: str) -> str:
    """Whom the answer goes to and who else can read it."""
    if visibility == Visibility.DIRECT:
        return _("Private answer: only %(name)s can read this") % {"name": name}
    if visibility == Visibility.FOLLOWERS:
        return _("Answer to %(name)s: only your followers can read this") % {"name": name}
    return _("Public answer to %(name)s: everybody can read this") % {"name": name}


def _name_of(post: Post) -> str:
    if post.overheard:
        return _("Somebody else")
    return (post.author.name or post.author.handle if post.author else post.signed) or _("Unknown")


def own_draft(drafts: Sequence[Draft], user: User, kind: str) -> Draft | None:
    """What this colleague was writing here."""
    return next((one for one in drafts if one.user_id == user.pk and one.kind == kind), None)


def left_drafts(drafts: Sequence[Draft], user: User) -> list[Shown]:
    """What others were writing here."""
    return [
        {
            "id": one.pk,
            "is_note": one.kind == Draft.What.NOTE,
            "writer": one.writer,
            "initials": initials(one.writer),
            "time": one.changed_at,
            "text": one.text,
        }
        for one in drafts
        if one.user_id != user.pk
    ]


def present(others: Sequence[Presence]) -> list[Shown]:
    """Per conversation who is there, who writes first."""
    found: dict[int, list[Shown]] = {}
    for one in sorted(others, key=lambda other: not other.writing):
        shown = {"initials": initials(one.name), "name": one.name, "writing": one.writing, "until": one.until}
        found.setdefault(one.conversation_id, []).append(shown)
    return [{"id": pk, "people": people} for pk, people in found.items()]


def shown_post(post: Post, may_write: bool) -> Shown:
    name = _name_of(post)
    return {
        "id": post.pk,
        "kind": KINDS[Post.Direction(post.direction)],
        "author_name": name,
        "initials": initials(name),
        "time": post.published_at,
        "html": said(post.html, post.text),
        "quoted_html": said("", post.quoted) if post.quoted else "",
        "warning": post.warning,
        "edited_at": post.edited_at,
        "deleted_at": post.deleted_at,
        "overheard": post.overheard,
        "private": post.private and post.direction != Post.Direction.INTERNAL,
        "visibility_label": VISIBILITY_LABELS[post.visibility] if post.direction != Post.Direction.INTERNAL else "",
        "attachments": [attachment(one) for one in post.attachments.all()],
        "delivery": delivery(post.delivery, may_write) if post.delivery else None,
    }


def said(html: str, text: str) -> SafeString:
    """What somebody said, as safe HTML: cleaned again, whatever the database holds."""
    if html:
        return mark_safe(clean_html(html))  # noqa: S308  # nh3 has just cleaned it
    return mark_safe(linebreaks(urlize(text, nofollow=True, autoescape=True)))  # noqa: S308  # escaped by urlize


def attachment(one: Attachment) -> Shown:
    return {
        "url": address("desk-file", one.pk),
        "name": one.filename if one.state != Attachment.State.REFUSED else f"{one.filename}: {one.reason}",
        "is_image": one.state == Attachment.State.KEPT and one.content_type.startswith("image/"),
        "alt": one.alt_text,
        "size": one.size,
    }


def delivery(one: Delivery, may_write: bool) -> Shown:
    return {"id": one.pk, "state": one.state, "text": delivery_sentence(one), "may_decide": may_write}


def delivery_sentence(one: Delivery) -> str:
    """What happened with an answer, in a whole sentence."""
    state = Delivery.State
    match one.state:
        case state.SENT if one.outgoing.get("record") and one.sent_at:
            return _("Told by a colleague; recorded on %(at)s.") % {"at": moment(one.sent_at)}
        case state.SENT:
            return _("Sent on %(at)s.") % {"at": moment(one.sent_at)} if one.sent_at else _("Sent.")
        case state.SENDING:
            return _("Is being sent now.")
        case state.PENDING if one.problem and one.next_attempt_at:
            return _("Not sent yet: %(problem)s We try again at %(at)s.") % {
                "problem": one.problem,
                "at": moment(one.next_attempt_at),
            }
        case state.PENDING:
            return _("Waits to be sent.")
        case state.FAILED:
            return _("Not sent: %(problem)s") % {"problem": one.problem}
        case _ if one.next_attempt_at:
            return _(
                "We do not know yet whether this arrived. %(problem)s Klankbord looks it up at the network;"
                " it does not send again by itself."
            ) % {"problem": one.problem}
        case _:
            return _(
                "We do not know whether this arrived, and looking it up gave no answer. %(problem)s"
                " Look for yourself, then choose."
            ) % {"problem": one.problem}


def context(
    conversation: Conversation,
    channel: Channel,
    sight: Sight,
    earlier: Sequence[Conversation],
    found: Sequence[Match],
    log: Sequence[AuditEntry],
    posts: Sequence[Post],
    now: datetime,
) -> Shown:
    state = health(channel, now)
    return {
        "person": {
            "name": conversation.author_name,
            "handle": _handle(conversation, posts),
            "network": channel.name,
            "conversations": [
                {
                    "url": address("conversation", one.pk),
                    "subject": one.subject or one.preview,
                    "status_label": one.get_status_display(),
                    "time": one.last_post_at,
                }
                for one in earlier
            ],
        },
        "matches": _by_dossier(found),
        "organisation": {"name": channel.organisation.name, "mandate_text": mandate_text(sight, channel)},
        "channel": {
            "label": channel.name,
            "health": state.state,
            "health_text": state.sentence,
            "other_side_url": address("resident", conversation.pk)
            if connector_class(channel.kind).shows_other_side and channel.pk in sight.desk_channels
            else "",
        },
        "history": [_remembered(entry, sight.user) for entry in log],
    }


ACTS = {
    "gesprek sluiten": gettext_lazy("closed the conversation"),
    "gesprek heropenen": gettext_lazy("opened the conversation again"),
    "gesprek inzien met reden": gettext_lazy("read along with a reason"),
    "notitie schrijven": gettext_lazy("wrote a note"),
    "antwoord versturen": gettext_lazy("gave an answer"),
}


def _remembered(entry: AuditEntry, reader: int | None) -> Shown:
    """One line of the history, in words that fit after a name as well as after “You”."""
    act: str = str(ACTS.get(entry.actie, entry.actie))
    if entry.actie == "gesprek toewijzen":
        to = entry.details.get("aan", "")
        if not to:
            act = _("put the conversation back: it is with nobody")
        elif entry.actor.startswith(to):
            act = _("took the conversation")
        else:
            act = _("gave the conversation to %(name)s") % {"name": to}
    mine = entry.by_user is not None and entry.by_user == reader
    return {"time": entry.tijdstempel, "actor": _("You") if mine else entry.actor, "text": act}


def _handle(conversation: Conversation, posts: Sequence[Post]) -> str:
    """The address of who the conversation is with: not of everybody who spoke in its thread."""
    return next((p.author.handle for p in posts if p.author and p.author_id == conversation.author_id), "")


def _by_dossier(found: Sequence[Match]) -> list[Shown]:
    words: dict[tuple[int, str], list[str]] = {}
    for match in found:
        known = words.setdefault((match.dossier_id, match.dossier.name), [])
        known += [word for word in match.words if word not in known]
    return [{"dossier": name, "url": address("dossier", pk), "words": known} for (pk, name), known in words.items()]
