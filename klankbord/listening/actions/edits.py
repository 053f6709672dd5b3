"""Somebody changed what they said: what dossiers found follows the new words, and the figures with it.

A find that no dossier asks for any more has no ground to stay (AVG 5(1)(b) and (c)); its figures go with it, or the
same message would count twice when its author changes it back.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from klankbord.channels.contract import PostArrived
from klankbord.channels.models import Channel
from klankbord.listening.actions.matching import Find, keep_finds, take_back_counts
from klankbord.listening.asking import Asked, asking, needed_terms, read, satisfied
from klankbord.listening.finds import document
from klankbord.listening.models import Dossier, Match
from klankbord.listening.query import Document, Refused
from klankbord.posts.models import Post


def match_again(channel: Channel, post: Post, event: PostArrived, now: datetime) -> None:
    """Hold a changed post against the dossiers again: finds that came, changed and went, each counted once.

    What was only overheard and nobody asks for any more shows nowhere from now on, and goes within the hour with what
    it said before (``remove_old_finds``).
    """
    if post.private or post.deleted_at:
        return
    text = document(post, event.matched_text)
    [asked] = asking(channel.organisation_id).find([text])
    held = {one.dossier_id: one for one in Match.objects.filter(post=post).select_related("dossier")}
    over = [one.dossier for pk, one in held.items() if pk not in {found.dossier_id for found in asked}]
    fresh = _still_kept(asked, held, post, now)
    kept = [one for one in asked if one.dossier_id in held] + list(_asked_before(over, text)) + fresh
    take_back_counts(channel.organisation_id, posts=[post.pk])
    Match.objects.filter(post=post).exclude(dossier__in=[one.dossier_id for one in kept]).delete()
    changed = [held[one.dossier_id] for one in kept if one.dossier_id in held]
    words = {one.dossier_id: [word[:80] for word in one.words] for one in kept}
    for match in changed:
        match.words = words[match.dossier_id]
    Match.objects.bulk_update(changed, ["words"])
    keep_finds(channel, [Find(post.pk, post.published_at, post.language, kept)], now)


def _asked_before(dossiers: Iterable[Dossier], text: Document) -> Iterable[Asked]:
    """Dossiers that found it and do not run any more: their finds stay until their day, while the words are there."""
    for dossier in dossiers:
        try:
            found = read(dossier.query).match(text) if dossier.query else None
        except Refused:
            found = None
        words = found.why if found else satisfied(needed_terms(dossier.words), text.terms)
        if words:
            yield Asked(dossier.pk, words)


def _still_kept(asked: list[Asked], held: dict[int, Match], post: Post, now: datetime) -> list[Asked]:
    """The new finds, without those of dossiers that would not have kept this post until now.

    Such a find may have been there and have gone on its day, while its figures stayed.
    """
    new = [one for one in asked if one.dossier_id not in held]
    days = dict(Dossier.objects.filter(pk__in=[one.dossier_id for one in new]).values_list("pk", "retention_days"))
    return [one for one in new if post.received_at >= now - timedelta(days=days[one.dossier_id])]
