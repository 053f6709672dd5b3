"""The actions of forgetting: what was overheard goes on its day, and who objects is not kept again."""

from __future__ import annotations

import re
import uuid
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from klankbord.posts.actions import index_post
from klankbord.posts.files import path_of, remove_file
from klankbord.posts.models import Attachment, Author, Objection, Post, Revision
from klankbord.posts.overheard import SOMEBODY, pseudonym
from klankbord.tenancy.audit import record
from klankbord.tenancy.fence import acting_for
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


# ---- one person --------------------------------------------------------------------------------------------

FORGOTTEN = "[vergeten]"
SHORTEST_PART = 3
"""Characters of a part of a name that is looked for in the person's own threads."""


@dataclass(frozen=True)
class Traces:
    """By what somebody can be recognised, and under which names their messages and threads are kept from now on."""

    words: frozenset[str]
    """Name, handle, id on the network: looked for everywhere."""
    parts: frozenset[str]
    """First name and surname apart: looked for in the threads this person was in."""
    renamed: dict[str, str] = field(default_factory=dict)
    """Old uri → new uri."""
    threads: frozenset[str] = frozenset()
    """Root uris, as they are now."""

    def without(self, text: str, *, near: bool) -> str:
        """A text without this person; ``near``: in one of their own threads, where first names count too."""
        for word in sorted(self.words | (self.parts if near else frozenset()), key=len, reverse=True):
            text = re.sub(rf"(?<!\w){re.escape(word)}(?!\w)", FORGOTTEN, text, flags=re.IGNORECASE)
        return text

    def rename(self, uri: str) -> str:
        return self.renamed.get(uri, uri)


def traces_of(author: Author) -> Traces:
    """Under which names somebody may stand in texts of others."""
    whole = {author.network_id, author.handle, author.handle.lstrip("@")}
    # a name of one word is the name of others too
    whole |= {author.name} if " " in author.name.strip() else set()
    parts = {part for part in [author.name, *re.split(r"[\s@.]+", author.name)] if len(part) >= SHORTEST_PART}
    return Traces(frozenset(filter(None, whole)), frozenset(parts))


def forget_author(author: Author, now: datetime) -> Traces:
    """Empty everything somebody said and rename it, so that threads of others hold together without them."""
    organisation_id, traces = author.organisation_id, traces_of(author)
    theirs = list(Post.objects.filter(author=author).defer("tokens"))
    renamed = {post.uri: f"vergeten:{uuid.uuid4()}" for post in theirs}
    Revision.objects.filter(post__author=author).delete()
    files = Attachment.objects.filter(post__author=author)
    hashes = set(files.exclude(sha256="").values_list("sha256", flat=True))
    files.delete()
    if hashes:
        # a file that is gone does not come back with a transaction that is taken back; where the process dies before
        # this runs, the hourly sweep of files that nothing names takes them (intake/media.py)
        transaction.on_commit(partial(_remove_files, organisation_id, hashes, now))  # noqa: TID251  disk, not news
    threads = {post.root_uri for post in theirs}
    posts = Post.objects.filter(organisation_id=organisation_id)
    # what hangs under messages of theirs that we never had
    for column in ("parent_uri", "root_uri"):
        strange = posts.filter(**{f"{column}__icontains": author.network_id}).values_list(column, flat=True)
        renamed |= {uri: f"vergeten:{uuid.uuid4()}" for uri in set(strange) - set(renamed)}
    for post in theirs:
        post.uri = renamed[post.uri]
        post.text = post.quoted = post.html = post.warning = post.subject = post.web_url = ""
        post.reply_data, post.deleted_at = {}, post.deleted_at or now
        post.save(
            update_fields=[
                *("uri", "text", "quoted", "html", "warning", "subject", "web_url", "reply_data", "deleted_at"),
            ]
        )
        index_post(post)
    for old, new in renamed.items():
        posts.filter(parent_uri=old).update(parent_uri=new)
        posts.filter(root_uri=old).update(root_uri=new)
    person = pseudonym(organisation_id, author.kind, author.network_id)
    overheard = posts.filter(overheard=True, author__kind=author.kind, author__network_id=person)
    forget_posts(organisation_id, set(overheard.values_list("pk", flat=True)))
    author.network_id, author.handle, author.name = f"vergeten:{uuid.uuid4()}", "", ""
    author.forgotten_at = now
    author.save(update_fields=["network_id", "handle", "name", "forgotten_at"])
    now_called = frozenset(renamed.get(root, root) for root in threads)
    return Traces(traces.words | set(renamed), traces.parts, renamed, now_called)


def _remove_files(organisation_id: int, hashes: Collection[str], before: datetime) -> None:
    """From the disk, unless somebody else sent the same or is sending it since ``before``."""
    with acting_for(organisation_id):
        named = Attachment.objects.filter(organisation_id=organisation_id, sha256__in=hashes)
        used = set(named.values_list("sha256", flat=True))
    for sha256 in set(hashes) - used:
        remove_file(path_of(organisation_id, sha256), before)


TOLD = ("text", "quoted", "html", "warning", "subject", "web_url")


def forget_in_posts(organisation_id: int, traces: Traces) -> int:
    """Take somebody out of what others said, and out of our own answers and notes; how many posts changed."""
    named = Q(root_uri__in=traces.threads)
    for word in traces.words:
        for name in TOLD:
            named |= Q(**{f"{name}__icontains": word})
    changed = 0
    for post in Post.objects.filter(named, organisation_id=organisation_id).select_related("author").defer("tokens"):
        near = post.root_uri in traces.threads
        fresh = {name: traces.without(getattr(post, name), near=near) for name in TOLD}
        if all(getattr(post, name) == text for name, text in fresh.items()):
            continue
        for name, text in fresh.items():
            setattr(post, name, text)
        post.save(update_fields=list(TOLD))
        index_post(post, author=post.author)
        changed += 1
    for revision in Revision.objects.filter(post__organisation=organisation_id, post__root_uri__in=traces.threads):
        revision.text = traces.without(revision.text, near=True)
        revision.save(update_fields=["text"])
    for attachment in Attachment.objects.filter(post__organisation=organisation_id, post__root_uri__in=traces.threads):
        attachment.filename = traces.without(attachment.filename, near=True)
        attachment.alt_text = traces.without(attachment.alt_text, near=True)
        attachment.save(update_fields=["filename", "alt_text"])
    return changed
