"""The actions of forgetting: what was overheard goes on its day, and who objects is not kept again."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, OuterRef

from klankbord.posts.models import Attachment, Author, Objection, Post, Revision
from klankbord.posts.overheard import SOMEBODY, pseudonym
from klankbord.tenancy.audit import record
from klankbord.tenancy.models import User


def forget_posts(organisation_id: int, posts: Collection[int]) -> int:
    """These posts go for good, with their earlier versions; so do pseudonyms that nothing hangs on any more.

    Files go from the disk by ``intake/media.py``, when no attachment names them. How many posts went.
    """
    gone = Post.objects.filter(organisation_id=organisation_id, pk__in=posts)
    authors = set(gone.exclude(author=None).values_list("author_id", flat=True))
    Revision.objects.filter(post__in=gone).delete()
    Attachment.objects.filter(post__in=gone).delete()
    number = gone.count()
    gone.delete()
    Author.objects.filter(pk__in=authors, network_id__startswith=SOMEBODY).exclude(
        Exists(Post.objects.filter(author=OuterRef("pk")))
    ).delete()
    return number


def honour_objection(organisation_id: int, kind: str, network_id: str, now: datetime, *, by: User | None) -> int:
    """Somebody objects (AVG 21): what was overheard of them goes, and never comes in again. How many posts went.

    What they say to us themselves still comes in: they ask us something then. The log holds no name.
    """
    person = pseudonym(organisation_id, kind, network_id)
    Objection.objects.get_or_create(
        organisation_id=organisation_id, kind=kind, person=person, defaults={"made_at": now}
    )
    theirs = Post.objects.filter(
        organisation_id=organisation_id, overheard=True, author__kind=kind, author__network_id=person
    )
    gone = forget_posts(organisation_id, set(theirs.values_list("pk", flat=True)))
    record(organisation_id, "bezwaar honoreren", f"netwerk:{kind}", by=by, details={"berichten": gone})
    return gone
