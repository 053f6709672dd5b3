"""Everything an organisation holds on one person, to hand over (AVG 15): what they said, what was said to them, what
was noted and done, and what was overheard under their pseudonym.

Inside the fence of the organisation; who may ask for it is decided before. Names of colleagues are left out, and so are
messages of others, which are theirs.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable
from typing import IO, Any

from django.db.models import Q, QuerySet
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from klankbord.channels.models import Arrival, Delivery
from klankbord.channels.registry import connector_class
from klankbord.inbox.models import Conversation, Draft
from klankbord.intake.persons import arrivals_of
from klankbord.listening.models import Dossier, DossierNote, Match
from klankbord.posts.files import path_of
from klankbord.posts.forgetting import traces_of
from klankbord.posts.models import Attachment, Author, Objection, Post
from klankbord.posts.overheard import SOMEBODY, pseudonym
from klankbord.tenancy.models import AuditEntry, Mandate

Rows = list[dict[str, Any]]


def held_on(author: Author) -> dict[str, Any]:
    """What there is, by kind; keys in Dutch, since the person reads them too."""
    organisation_id = author.organisation_id
    # of somebody who was only overheard the pseudonym is all there is
    unnamed = author.network_id.startswith(SOMEBODY)
    person = author.network_id if unnamed else pseudonym(organisation_id, author.kind, author.network_id)
    known = {author.network_id, person}
    posts = (
        Post.objects.filter(organisation_id=organisation_id, author__kind=author.kind, author__network_id__in=known)
        .order_by("pk")
        .select_related("channel")
        .prefetch_related("revisions", "attachments")
        .defer("tokens")
    )
    theirs = list(posts.filter(overheard=False))
    threads = {post.root_uri for post in theirs}
    conversations = list(
        Conversation.objects.filter(
            Q(author=author) | Q(root_uri__in=threads), organisation_id=organisation_id
        ).order_by("pk")
    )
    threads |= {one.root_uri for one in conversations}
    ours = (
        Post.objects.filter(organisation_id=organisation_id, root_uri__in=threads)
        .exclude(direction=Post.Direction.IN)
        .order_by("pk")
        .defer("tokens")
    )
    own, _naming = arrivals_of(author)
    return {
        "persoon": {
            "netwerk": _(connector_class(author.kind).label),
            "adres": author.network_id,
            "account": author.handle,
            "naam": author.name,
            "pseudoniem": person,
            "bezwaar gemaakt": Objection.objects.filter(
                organisation_id=organisation_id, kind=author.kind, person__in=known
            ).exists(),
        },
        "berichten": [_post(post) for post in theirs],
        "opgevangen": [_post(post) for post in posts.filter(overheard=True)],
        "antwoorden": [_ours(post) for post in ours if post.direction == Post.Direction.OUT],
        "aantekeningen": [_ours(post) for post in ours if post.direction == Post.Direction.INTERNAL],
        "concepten": [
            {"moment": _at(draft.changed_at), "tekst": draft.text}
            for draft in Draft.objects.filter(conversation__in=conversations).order_by("pk")
        ],
        "gesprekken": [_conversation(one, own=one.author_id == author.pk) for one in conversations],
        "verzendingen": _deliveries(organisation_id, threads),
        "dossiers": _finds(posts),
        "notities bij dossiers": _notes(author),
        "ruwe kopieën": [_arrival(one) for one in own if one.body],
        "handelingen": _acts(organisation_id, conversations),
        "wie het ontving": _recipients(organisation_id),
    }


def _at(moment: Any) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds") if moment else ""


def _post(post: Post) -> dict[str, Any]:
    return {
        "moment": _at(post.published_at),
        "binnengekomen": _at(post.received_at),
        "kanaal": post.channel.name,
        "adres": post.web_url or post.uri,
        "in antwoord op": post.parent_uri,
        "onderwerp": post.subject,
        "waarschuwing": post.warning,
        "tekst": post.text,
        "aangehaald": post.quoted,
        "opmaak": post.html,
        "taal": post.language,
        "weggehaald": _at(post.deleted_at),
        "gegevens om te antwoorden": post.reply_data,
        "eerdere versies": [{"tot": _at(one.until), "tekst": one.text} for one in post.revisions.all()],
        "bestanden": [_file(one) for one in post.attachments.all()],
    }


def _file(one: Attachment) -> dict[str, Any]:
    return {
        "naam": one.filename,
        "soort": one.content_type,
        "beschrijving": one.alt_text,
        "adres": one.url,
        "in dit bestand": name_of(one) if one.state == Attachment.State.KEPT else "",
        "niet bewaard omdat": one.reason,
    }


def name_of(one: Attachment) -> str:
    """Where a file stands in what is handed over."""
    safe = "".join(sign if sign.isalnum() or sign in "._- " else "_" for sign in one.filename).strip(". ") or "bestand"
    return f"bestanden/{one.pk}-{safe[-100:]}"


def _ours(post: Post) -> dict[str, Any]:
    return {"moment": _at(post.published_at), "onderwerp": post.subject, "tekst": post.text, "bij": post.root_uri}


def _conversation(one: Conversation, *, own: bool) -> dict[str, Any]:
    return {
        "nummer": one.pk,
        # in a conversation that somebody else began these are theirs
        "naam": one.author_name if own else "",
        "onderwerp": one.subject if own else "",
        "adres": one.root_uri,
        "stand": one.get_status_display(),
        "geopend": _at(one.opened_at),
        "afgehandeld": _at(one.closed_at),
    }


def _deliveries(organisation_id: int, threads: Iterable[str]) -> Rows:
    sent = Delivery.objects.filter(
        organisation_id=organisation_id, posts__root_uri__in=threads, posts__direction=Post.Direction.OUT
    ).order_by("pk")
    return [
        {"aan": one.outgoing.get("to", {}), "stand": one.state, "tekst": one.outgoing.get("text", "")}
        for one in sent.distinct()
    ]


def _finds(posts: QuerySet[Post]) -> Rows:
    found = Match.objects.filter(post__in=posts).select_related("dossier").order_by("pk")
    return [
        {
            "dossier": one.dossier.name,
            "doel": one.dossier.get_purpose_display(),
            "grondslag": one.dossier.legal_basis,
            "gevonden": _at(one.found_at),
            "woorden": one.words,
            "bewaard": _("%(days)d days, then figures only") % {"days": one.dossier.retention_days},
        }
        for one in found
    ]


def _notes(author: Author) -> Rows:
    traces = traces_of(author)
    notes = DossierNote.objects.filter(organisation_id=author.organisation_id).order_by("pk")
    return [
        {"moment": _at(one.at), "tekst": one.text} for one in notes if traces.without(one.text, near=False) != one.text
    ]


def _arrival(one: Arrival) -> dict[str, Any]:
    body = bytes(one.body or b"").decode(errors="replace")
    return {"binnengekomen": _at(one.received_at), "stand": one.state, "zoals het binnenkwam": body}


def _acts(organisation_id: int, conversations: list[Conversation]) -> Rows:
    about = [f"gesprek:{one.pk}" for one in conversations]
    entries = AuditEntry.objects.filter(organisation=organisation_id, object__in=about).order_by("pk")
    return [{"moment": _at(one.tijdstempel), "handeling": one.actie, "gesprek": one.object} for one in entries]


def _recipients(organisation_id: int) -> Rows:
    mandates = Mandate.objects.filter(organisation=organisation_id).select_related("desk_organisation").order_by("pk")
    return [
        {"organisatie": one.desk_organisation.name, "van": _at(one.valid_from), "tot": _at(one.valid_until)}
        for one in mandates
    ]


def write_access(author: Author, file: IO[bytes]) -> dict[str, int]:
    """Write it as a ZIP: a page to read, the same as JSON, and the files; how many of each kind there are."""
    organisation = author.organisation
    # it is for the person, whatever language the privacy officer works in
    with translation.override("nl"):
        held = held_on(author)
        dossiers = Dossier.objects.filter(organisation=organisation, state=Dossier.State.ACTIVE).order_by("name")
        context = {"held": _page(held), "organisation": organisation, "dossiers": dossiers, "now": timezone.now()}
        page = render_to_string("intake/access.html", context)
    kept = Attachment.objects.filter(
        post__author=author, organisation=organisation, state=Attachment.State.KEPT
    ).order_by("pk")
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("lees-mij.html", page)
        archive.writestr("gegevens.json", json.dumps(held, ensure_ascii=False, indent=2))
        for one in kept:
            path = path_of(organisation.pk, one.sha256)
            if path.is_file():
                archive.write(path, name_of(one))
    return {kind: len(rows) for kind, rows in held.items() if isinstance(rows, list)}


def _page(held: dict[str, Any]) -> dict[str, Any]:
    """The same with each value as people read it."""
    return {
        kind: [{name: _readable(value) for name, value in row.items()} for row in rows]
        if isinstance(rows, list)
        else rows
        for kind, rows in held.items()
    }


def _readable(value: Any) -> str:
    """A value of the JSON as people read it."""
    match value:
        case dict():
            return ", ".join(f"{name}: {_readable(inner)}" for name, inner in value.items() if inner)
        case list():
            return "\n".join(map(_readable, value))
    return str(value)
