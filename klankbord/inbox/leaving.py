"""What somebody leaves behind at the desk: conversations in their name go back to the team.

The names under answers and in the log stay: they are text, and true.
"""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter

from django.db import connection

from klankbord.base.realtime import announce
from klankbord.inbox.models import Conversation
from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import acting_for


def give_back_conversations(user_id: int) -> int:
    """Nobody has what this person cannot answer any more; how many conversations that were."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT organisation_id, conversation_id FROM conversations_out_of_reach(%s)", [user_id])
        found = cursor.fetchall()
    number = 0
    for organisation, pairs in groupby(found, key=itemgetter(0)):
        with acting_for(organisation):
            number += _give_back(user_id, [conversation for _organisation, conversation in pairs])
    return number


def _give_back(user_id: int, ids: list[int]) -> int:
    held = list(Conversation.objects.select_for_update().filter(pk__in=ids, assignee_id=user_id).order_by("pk"))
    for conversation in held:
        details = {"van": conversation.assignee_name}
        conversation.assignee, conversation.assignee_name = None, ""
        conversation.save(update_fields=["assignee", "assignee_name"])
        subject = f"gesprek:{conversation.pk}"
        record(conversation.organisation_id, "gesprek teruggeven", subject, by=None, details=details)
        announce(conversation.channel_id, [conversation.pk], private=conversation.private)
    return len(held)
