"""The lines of the list, drawn in Python: the one piece of HTML that is no template.

A page draws fifty of them and a desk fetches one for every change; as a template they took half of the time of the
whole page. Everything that came from outside goes through ``escape``.
"""

from __future__ import annotations

from datetime import datetime
from html import escape

from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from klankbord.base.drawing import channel_icon, icon, is_late, moment, waited
from klankbord.base.text.clean import initials
from klankbord.channels.models import Channel
from klankbord.inbox.models import Conversation
from klankbord.tenancy.models import User

S = Conversation.Status


class Lines:
    """Draws lines for one reader of one list: what is the same on every line is worked out once."""

    def __init__(
        self,
        channels: dict[int, Channel],
        user: User,
        query: str,
        names: dict[int, str],
        *,
        current: int | None = None,
    ) -> None:
        """``names``: the short name of each channel's organisation; ``current``: the conversation that is open."""
        self._user, self._current = user, current
        self._query = escape(f"?{query}" if query else "")
        self._now = timezone.now()
        several = len(set(names.values())) > 1
        for_whom, unread, waits, unsent = _("for"), _("Unread"), _("Waits"), _("Not sent")
        between = f'<span class="kb-hidden">, {escape(for_whom)} </span>'
        self._organisations = {
            pk: f'<span class="row__organisation">{between}{escape(name)}</span>' if several else ""
            for pk, name in names.items()
        }
        self._channel_icons = {pk: channel_icon(channel.kind, channel.name) for pk, channel in channels.items()}
        self._unread = (
            '<span class="row__new"><span class="row__dot"></span>'
            f'<span class="kb-hidden">{escape(unread)}: </span></span>'
        )
        self._private = icon("lock", _("Private"))
        self._unsent = f'<span class="row__now">{icon("alert")}{escape(unsent)}</span>'
        self._clock = f'{icon("clock")}<span class="kb-hidden">{escape(waits)} </span>'
        self._states = {
            status: f'<span class="row__done">{icon(drawn)}<span class="kb-hidden">{escape(word)}</span></span>'
            for status, drawn, word in ((S.CLOSED, "check", _("Closed")), (S.ANSWERED, "reply", _("Answered")))
        }
        self._with, self._nobody, self._empty = escape(_("With")), escape(_("Unknown")), escape(_("No text (any more)"))

    def draw(self, conversation: Conversation, *, in_view: bool = True) -> SafeString:
        """One line; ``in_view`` is False for a conversation that does not belong in this list (any more)."""
        pk, unread = conversation.pk, conversation.seen_at is None
        address = f"/desk/{pk}{self._query}"
        look = f"row row--{conversation.status}"
        look += (" row--unread" if unread else "") + (" row--private" if conversation.private else "")
        marks = (" data-unread" if unread else "") + ("" if in_view else " data-elsewhere")
        current = ' aria-current="true"' if pk == self._current else ""
        subject = f"<b>{escape(conversation.subject)}</b> " if conversation.subject else ""
        preview = escape(conversation.preview) or self._empty
        return mark_safe(  # noqa: S308  # every text above and below is escaped
            f'<li class="{look}" id="row-{pk}" data-id="{pk}"{marks}>'
            f'<a class="row__link" id="row-link-{pk}" href="{address}" hx-get="{address}" hx-target="#thread"'
            f' hx-select="#thread" hx-swap="outerHTML show:none" hx-select-oob="#context" hx-push-url="true"{current}>'
            f'<span class="kb-avatar" aria-hidden="true">{escape(initials(conversation.author_name))}</span>'
            f'<span class="row__who">{self._unread if unread else ""}'
            f'<span class="row__name" dir="auto">{escape(conversation.author_name) or self._nobody}</span>'
            f"{self._organisations[conversation.channel_id]}</span>"
            f'<span class="row__facts">{self._private if conversation.private else ""}'
            f"{self._channel_icons[conversation.channel_id]}{moment(conversation.last_post_at, self._now)}</span>"
            f'<span class="row__text" dir="auto">{subject}{preview}</span>'
            f'<span class="row__state">{self._state(conversation)}{self._assignee(conversation)}</span></a></li>\n'
        )

    def _state(self, conversation: Conversation) -> str:
        if conversation.delivery_problem:
            return self._unsent
        if conversation.status == S.OPEN and conversation.waiting_since:
            return self._waits(conversation.waiting_since)
        return self._states.get(S(conversation.status), "")

    def _waits(self, since: datetime) -> str:
        late = " row__waits--long" if is_late(since, self._now) else ""
        return f'<span class="row__waits{late}">{self._clock}{waited(since, self._now)}</span>'

    def _assignee(self, conversation: Conversation) -> str:
        name = conversation.assignee_name
        if not name:
            return ""
        mine = " row__assignee--me" if conversation.assignee_id == self._user.pk else ""
        return (
            f'<span class="row__assignee{mine}" title="{escape(name)}">'
            f'<span aria-hidden="true">{escape(initials(name))}</span>'
            f'<span class="kb-hidden">{self._with} {escape(name)}</span></span>'
        )
