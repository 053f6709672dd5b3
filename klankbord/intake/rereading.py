"""Every hour: read the posts of open conversations again, where the network does not announce changes."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.utils import timezone

from klankbord.base.trouble import on_its_own
from klankbord.channels import registry
from klankbord.channels.actions import bring_in
from klankbord.channels.contract import ChannelError, Json
from klankbord.channels.models import Channel, Landing
from klankbord.channels.registry import connector_for
from klankbord.inbox.models import Conversation
from klankbord.intake.flow import ask_to_take_in
from klankbord.posts.models import Post
from klankbord.tenancy.fence import acting_for, for_all_organisations

HOW_OLD = timedelta(days=14)
AT_MOST = 200  # posts per channel and hour, newest first

logger = structlog.get_logger()


def reread_open_conversations() -> None:
    kinds = [kind for kind, one in registry.connectors().items() if one.can_reread]
    with for_all_organisations("rereading: whose network announces no changes"):
        channels = list(Channel.objects.filter(enabled=True, kind__in=kinds))
    for channel in channels:
        with on_its_own(channel=channel.pk):
            reread(channel)


def reread(channel: Channel) -> None:
    """Read the posts in open conversations of one channel again; what changed comes in by the ordinary road."""
    try:
        with acting_for(channel.organisation_id):
            connector, known = connector_for(channel), _known(channel)
        envelopes = connector.reread(known) if known else []
    except ChannelError as problem:
        # fetch meets the same fault and writes it on the channel page; the next hour tries again
        logger.warning("rereading failed", channel=channel.pk, problem=str(problem))
        return
    if not envelopes:
        return
    now = timezone.now()
    with acting_for(channel.organisation_id):
        if not Channel.objects.filter(pk=channel.pk).exists():
            return
        bring_in(channel, [Landing(key=one.key, body=one.body, received_at=now) for one in envelopes])
        ask_to_take_in(channel)


def _known(channel: Channel) -> list[tuple[str, Json]]:
    open_threads = Conversation.objects.filter(channel=channel, last_post_at__gt=timezone.now() - HOW_OLD).exclude(
        status=Conversation.Status.CLOSED
    )
    posts = Post.objects.filter(
        organisation=channel.organisation_id,
        root_uri__in=open_threads.values("root_uri"),
        direction=Post.Direction.IN,
        deleted_at__isnull=True,
    )
    return list(posts.order_by("-pk").values_list("uri", "reply_data")[:AT_MOST])
