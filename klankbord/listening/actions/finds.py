"""Writes around what was found: noise, notes, who is told, opening what is closed, what the clock takes away."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Exists, OuterRef
from django.utils import timezone

from klankbord.listening.actions.dossiers import end_dossier
from klankbord.listening.asking import running
from klankbord.listening.doubts import doubts
from klankbord.listening.models import (
    LONGEST_KEPT,
    Dossier,
    DossierNote,
    FindsOpening,
    Follower,
    Match,
    Noise,
)
from klankbord.listening.queries import own_accounts
from klankbord.posts.forgetting import Traces, forget_posts
from klankbord.posts.models import Post
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import User

OPEN_FOR = timedelta(hours=1)
SHARED_AT_LEAST = 5
SHARED_DAYS = 92


def mark_noise(dossier: Dossier, post_id: int, *, by: User) -> None:
    """This find does not belong here: it leaves the list, and becomes part of a proposal for sharper words."""
    Noise.objects.get_or_create(
        organisation_id=dossier.organisation_id,
        dossier=dossier,
        post_id=post_id,
        defaults={"by": by, "at": timezone.now()},
    )
    record(dossier.organisation_id, "hoort hier niet", f"dossier:{dossier.pk}", by=by, details={"bericht": post_id})


def unmark_noise(dossier: Dossier, post_id: int, *, by: User) -> None:
    Noise.objects.filter(dossier=dossier, post_id=post_id).delete()
    record(dossier.organisation_id, "hoort hier toch", f"dossier:{dossier.pk}", by=by, details={"bericht": post_id})


def write_note(dossier: Dossier, text: str, *, by: User) -> DossierNote:
    note = DossierNote.objects.create(
        organisation_id=dossier.organisation_id, dossier=dossier, by=by, name=by.name, text=text, at=timezone.now()
    )
    record(dossier.organisation_id, "notitie bij dossier", f"dossier:{dossier.pk}", by=by)
    return note


def follow_dossier(dossier: Dossier, when: str, *, by: User) -> None:
    """Tell this colleague what it finds; without ``when`` no longer. About oneself, so it is not in the log."""
    if not when:
        Follower.objects.filter(dossier=dossier, user=by).delete()
        return
    Follower.objects.update_or_create(
        organisation_id=dossier.organisation_id,
        dossier=dossier,
        user=by,
        defaults={"when": when},
        create_defaults={"when": when, "seen_at": timezone.now()},
    )


def see_finds(dossier: Dossier, *, by: User) -> None:
    """Whoever follows a dossier has seen what there is."""
    Follower.objects.filter(dossier=dossier, user=by).update(seen_at=timezone.now())


def open_finds(dossier: Dossier, reason: str, *, by: User) -> FindsOpening:
    """Open the messages of a closed dossier for an hour; the reason is in the log."""
    opening = FindsOpening.objects.create(
        organisation_id=dossier.organisation_id,
        dossier=dossier,
        user=by,
        reason=reason,
        until=timezone.now() + OPEN_FOR,
    )
    record(
        dossier.organisation_id,
        "berichten openbare orde inzien" if dossier.is_public_order else "berichten bijzondere gegevens inzien",
        f"dossier:{dossier.pk}",
        by=by,
        details={"reden": reason},
    )
    return opening


def note_source_opened(dossier: Dossier, post_id: int, *, by: User) -> None:
    """Somebody goes to the network to see who said it: that is in the log before they go."""
    record(dossier.organisation_id, "bron openen", f"dossier:{dossier.pk}", by=by, details={"bericht": post_id})


def note_export(dossier: Dossier, persons: bool, rows: int, *, by: User) -> None:
    act = "dossier uitvoeren met berichten" if persons else "dossier uitvoeren zonder personen"
    record(dossier.organisation_id, act, f"dossier:{dossier.pk}", by=by, details={"regels": rows})


def note_told(followers: Collection[int], now: datetime) -> None:
    """These were mailed; nobody hears the same twice."""
    Follower.objects.filter(pk__in=followers).update(told_at=now)


# ---- by the clock ----------------------------------------------------------------------------------------


def end_overdue(organisation_id: int, now: datetime) -> int:
    """Dossiers whose last day has passed, or whose signature has, end by themselves."""
    overdue = Dossier.objects.filter(organisation_id=organisation_id, state=Dossier.State.ACTIVE).exclude(running())
    for dossier in overdue:
        end_dossier(dossier, by=None, now=now)
    return len(overdue)


def flag_doubtful(organisation_id: int, now: datetime) -> int:
    """Running dossiers whose words could not start any more get a flag, and lose it when they are well again.

    They go on: an owner may have a ground for it that only has to be written down. How many were flagged.
    """
    own = own_accounts(organisation_id)
    flagged = 0
    for dossier in Dossier.objects.filter(running(), organisation_id=organisation_id):
        reasons = doubts(dossier, own)
        if bool(reasons) == (dossier.flagged_at is not None):
            continue
        dossier.flagged_at = now if reasons else None
        dossier.save(update_fields=["flagged_at"])
        if reasons:
            flagged += 1
            record(organisation_id, "dossier aanmerken", f"dossier:{dossier.pk}", by=None, details={"redenen": reasons})
    return flagged


def remove_old_finds(organisation_id: int, now: datetime) -> int:
    """What was found longer ago than its dossier keeps goes; posts that were only overheard go with their last find.

    Figures stay. How many posts went.
    """
    for dossier in Dossier.objects.filter(organisation_id=organisation_id):
        kept_from = now - timedelta(days=dossier.retention_days)
        Match.objects.filter(dossier=dossier, found_at__lt=kept_from).delete()
    # a minute, so that what is being stored at this moment has its finds
    loose = Post.objects.filter(
        organisation_id=organisation_id, overheard=True, received_at__lt=now - timedelta(minutes=1)
    )
    unasked = loose.exclude(Exists(Match.objects.filter(post=OuterRef("pk"))))
    # what others said in a thread that somebody began with us stays as long as that, but no longer than any find
    own_threads = Post.objects.filter(organisation_id=organisation_id, root_uri=OuterRef("root_uri"), overheard=False)
    old = unasked.filter(received_at__lt=now - timedelta(days=LONGEST_KEPT))
    gone = [*unasked.exclude(Exists(own_threads)).values_list("pk", flat=True), *old.values_list("pk", flat=True)]
    return forget_posts(organisation_id, set(gone))


def share_counts(organisation_id: int, now: datetime) -> None:
    """Put the daily figures of shared dossiers where their readers find them, never fewer than five on a day."""
    today = timezone.localdate(now)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM listening_sharedday WHERE organisation_id = %s", [organisation_id])
        cursor.execute(
            "INSERT INTO listening_sharedday (organisation_id, dossier_id, name, topic, reach, day, number)"
            " SELECT dossier.organisation_id, dossier.id, dossier.name, lower(dossier.topic), dossier.shared, day,"
            " sum(number) FROM listening_dossier dossier"
            " JOIN listening_count counted ON counted.dossier_id = dossier.id AND counted.aspect = 'total',"
            " LATERAL (SELECT (counted.at AT TIME ZONE 'Europe/Amsterdam')::date AS day) local"
            " WHERE dossier.organisation_id = %s AND dossier.shared <> '' AND dossier.topic <> ''"
            " AND dossier.purpose <> 'public_order' AND dossier.special = '{}'"
            " AND dossier.state <> 'draft' AND day > %s"
            " GROUP BY dossier.id, day HAVING sum(number) >= %s",
            [organisation_id, today - timedelta(days=SHARED_DAYS), SHARED_AT_LEAST],
        )


def forget_in_dossiers(organisation_id: int, author_id: int, traces: Traces) -> None:
    """Somebody leaves the finds, the notes and the reasons; figures name nobody."""
    Match.objects.filter(organisation_id=organisation_id, post__author=author_id).delete()
    Noise.objects.filter(organisation_id=organisation_id, post__author=author_id).delete()
    for note in DossierNote.objects.filter(organisation_id=organisation_id):
        text = traces.without(note.text, near=False)
        if text != note.text:
            note.text = text
            note.save(update_fields=["text"])
    for opening in FindsOpening.objects.filter(organisation_id=organisation_id):
        reason = traces.without(opening.reason, near=False)
        if reason != opening.reason:
            opening.reason = reason
            opening.save(update_fields=["reason"])
