"""The page of one dossier and what one does there: figures, finds, notes, who is told, noise."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from klankbord.base.keyed_hash import unseal
from klankbord.base.text.clean import safe_text
from klankbord.channels.models import Channel
from klankbord.channels.queries import gaps_of, health
from klankbord.listening import figures, queries
from klankbord.listening.actions import dossiers, finds
from klankbord.listening.asking import read
from klankbord.listening.doubts import doubts
from klankbord.listening.finds import PAGE, Wanted, finds_of, proposals, shown
from klankbord.listening.forms import NoteForm, ReasonForm, SignForm
from klankbord.listening.models import LONGEST_KEPT, Dossier, DossierNote, Follower, Match, Signature
from klankbord.listening.query import Refused
from klankbord.listening.views.archive import may_search
from klankbord.listening.views.gate import dossier_for, dossier_to_write, finds_are_open, right_to_open
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import number, posted

SPANS = (7, 30, 90)
FIRST_FINDS = 5


@inside
@require_GET
def dossier_page(request: FencedRequest, pk: int) -> HttpResponseBase:
    dossier = dossier_for(request, pk)
    if dossier.is_place:
        return redirect(f"{reverse('place-dossier')}?organisation={dossier.organisation_id}")
    now, today = timezone.now(), timezone.localdate()
    asked = number(request.GET.get("days", ""))
    span = asked if asked in SPANS else 30
    channels = list(Channel.objects.filter(organisation=dossier.organisation_id).select_related("source"))
    days = figures.per_day(dossier, channels, span, now)
    since = now - timedelta(days=span)
    opened = finds_are_open(request, dossier)
    sight = request.sight
    context = {
        "dossier": dossier,
        "explanation": explanation(dossier),
        "days": days,
        "bars": figures.bars(days),
        "span": span,
        "spans": SPANS,
        "total": sum(day.number for day in days),
        "gaps": [day for day in days if day.gap],
        "parts": figures.parts(dossier, since),
        "outstanding": figures.standing_out(dossier, now) if opened else [],
        "opened": opened,
        "finds": shown(dossier, finds_of(dossier, Wanted())[:FIRST_FINDS]) if opened else [],
        "unseen": unseen(channels, now),
        "notes": DossierNote.objects.filter(dossier=dossier).order_by("-pk")[:20],
        "note_form": NoteForm(),
        "reason_form": ReasonForm(),
        "sign_form": SignForm(
            wording=dossiers.wording_mark(dossier),
            initial={"until": today + dossiers.LONGEST_PUBLIC_ORDER if dossier.is_public_order else dossier.ends_on},
        ),
        "followed": Follower.objects.filter(dossier=dossier, user=request.user).values_list("when", flat=True).first(),
        "followers": Follower.objects.filter(dossier=dossier).count(),
        "choices": Follower.When.choices,
        "signatures": Signature.objects.filter(dossier=dossier).order_by("-at")[:5],
        "signed": dossiers.valid_signature(dossier, today) if dossier.is_closed else None,
        "reasons": dossiers.why_not(dossier, today) if dossier.state == Dossier.State.DRAFT else [],
        "noise": queries.noise_count(dossier),
        "doubts": doubts_of(dossier),
        "review_due": dossier.state == Dossier.State.ACTIVE and dossier.review_on <= today,
        "may_write": may_write(request, dossier),
        "may_search": may_search(dossier),
        "may_sign": sight.may(Right.SIGN_DOSSIERS, dossier.organisation_id),
        "may_open": sight.may(right_to_open(dossier), dossier.organisation_id),
        "may_export_persons": may_export_persons(request, dossier),
    }
    if opened:
        finds.see_finds(dossier, by=request.user)
    return render(request, "listening/dossier.html", context)


def doubts_of(dossier: Dossier) -> list[str]:
    """Why a running dossier is flagged, as its words are judged at this moment."""
    return doubts(dossier, queries.own_accounts(dossier.organisation_id)) if dossier.is_flagged else []


def may_write(request: FencedRequest, dossier: Dossier) -> bool:
    return not dossier.is_place and request.sight.may(right_to_open(dossier), dossier.organisation_id)


def may_export_persons(request: FencedRequest, dossier: Dossier) -> bool:
    """Who writes dossiers takes the messages along too, where they are open; others take figures."""
    return may_write(request, dossier) and finds_are_open(request, dossier)


def explanation(dossier: Dossier) -> str:
    """What the dossier finds, in words, or why its query cannot be read any more."""
    try:
        return read(dossier.query).explain() if dossier.query else ""
    except Refused as refused:
        return refused.message


def unseen(channels: list[Channel], now: datetime) -> list[str]:
    """What this dossier cannot see at the moment, in sentences."""
    states = [(channel, health(channel, now)) for channel in channels]
    said = [f"{channel.name}: {state.sentence}" for channel, state in states if state.state != "ok"]
    gaps = gaps_of(channels, now - timedelta(days=30))[:5]
    return said + [f"{timezone.localtime(gap.until):%d-%m %H:%M}: {gap.reason}" for gap in gaps]


@inside
@require_GET
def find_list(request: FencedRequest, pk: int) -> HttpResponseBase:
    """The messages behind one figure."""
    dossier = dossier_for(request, pk)
    if not finds_are_open(request, dossier):
        raise PermissionDenied
    wanted = wanted_of(request)
    rows = list(finds_of(dossier, wanted)[: PAGE + 1])
    kept = request.GET.copy()
    kept.pop("before", None)
    older = urlencode({**kept.dict(), "before": rows[PAGE - 1].pk}) if len(rows) > PAGE else ""
    days = figures.per_day(dossier, [], 1, timezone.now()) if wanted.day == timezone.localdate() else []
    context = {
        "dossier": dossier,
        "wanted": wanted,
        "finds": shown(dossier, rows[:PAGE]),
        "older_url": f"{reverse('dossier-finds', args=[pk])}?{older}" if older else "",
        "counted": days[0].number if days else None,
        "gone_before": timezone.localdate() - timedelta(days=dossier.retention_days),
    }
    return render(request, "listening/finds.html", context)


def wanted_of(request: FencedRequest) -> Wanted:
    asked = {name: safe_text(str(value)) for name, value in request.GET.items()}
    return Wanted(
        day=_day(asked.get("day", "")),
        until=_day(asked.get("until", "")),
        word=asked.get("word", "")[:80],
        said=asked.get("said", "")[:80],
        last=min(number(asked.get("last", "")) or 0, LONGEST_KEPT) or None,
        skip=min(number(asked.get("skip", "")) or 0, LONGEST_KEPT),
        source=asked.get("source", "")[:20],
        language=asked["language"][:8] if "language" in asked else None,
        noise=asked.get("noise") == "1",
        before=number(asked.get("before", "")),
    )


def _day(text: str) -> date | None:
    """A day of this century; at the ends of the calendar no clock can tell when it begins."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if 2000 <= day.year <= 2100 else None


@inside
@require_POST
def noise(request: FencedRequest, pk: int) -> HttpResponseBase:
    """“This does not belong here”, or taking that back; anybody who reads the finds may say so."""
    dossier = dossier_for(request, pk)
    match = _match(request, dossier)
    if request.POST.get("back"):
        finds.unmark_noise(dossier, match.post_id, by=request.user)
        messages.success(request, _("It is back among the finds."))
    else:
        finds.mark_noise(dossier, match.post_id, by=request.user)
        messages.success(request, _("Marked. From what is marked Klankbord makes a proposal for sharper words."))
    return redirect("dossier-finds", pk)


def _match(request: FencedRequest, dossier: Dossier) -> Match:
    """The find that a form names, behind the fence and only where finds are open."""
    if not finds_are_open(request, dossier):
        raise PermissionDenied
    wanted = number(request.POST.get("find", ""))
    match = Match.objects.filter(dossier=dossier, pk=wanted or 0).select_related("post").defer("post__tokens").first()
    if match is None:
        raise Http404
    return match


@inside
@require_GET
def sharper(request: FencedRequest, pk: int) -> HttpResponseBase:
    """What colleagues marked, and which word would leave it out, with what that would cost."""
    dossier = dossier_for(request, pk)
    if not finds_are_open(request, dossier):
        raise PermissionDenied
    proposed, bad, good = proposals(dossier)
    context = {
        "dossier": dossier,
        "proposals": proposed,
        "bad": bad,
        "good": good,
        "marked": shown(dossier, finds_of(dossier, Wanted(noise=True))[:PAGE]),
        "may_write": may_write(request, dossier),
    }
    return render(request, "listening/sharper.html", context)


@inside
@require_POST
def source(request: FencedRequest, pk: int) -> HttpResponseBase:
    """Where a find stands on its network. Logged before the address is shown: there one sees who said it."""
    dossier = dossier_for(request, pk)
    match = _match(request, dossier)
    post = match.post
    address = unseal(post.organisation_id, post.source) if post.overheard else post.web_url
    finds.note_source_opened(dossier, post.pk, by=request.user)
    shown_as_link = bool(address) and str(address).startswith(("https://", "http://"))
    context = {"dossier": dossier, "address": address, "is_link": shown_as_link}
    return render(request, "listening/source.html", context)


@inside
@require_http_methods(["GET", "POST"])
def open_messages(request: FencedRequest, pk: int) -> HttpResponseBase:
    """Open the messages behind the figures of a closed dossier, with a reason."""
    dossier = dossier_for(request, pk)
    if not dossier.is_closed:
        raise Http404
    if not request.sight.may(right_to_open(dossier), dossier.organisation_id):
        raise PermissionDenied
    form = ReasonForm(posted(request))
    if request.method == "POST" and form.is_valid():
        finds.open_finds(dossier, form.cleaned_data["reason"], by=request.user)
        messages.success(request, _("The messages are open for you for an hour. Your reason is in the log."))
        return redirect("dossier", pk)
    context = {"dossier": dossier, "form": form}
    return render(request, "listening/open.html", context, status=422 if form.errors else 200)


@inside
@require_POST
def note(request: FencedRequest, pk: int) -> HttpResponseBase:
    dossier = dossier_to_write(request, pk)
    form = NoteForm(request.POST)
    if form.is_valid():
        finds.write_note(dossier, form.cleaned_data["text"], by=request.user)
    else:
        messages.error(request, _("The note is empty."))
    return redirect(reverse("dossier", args=[pk]) + "#notes")


@inside
@require_POST
def follow(request: FencedRequest, pk: int) -> HttpResponseBase:
    dossier = dossier_for(request, pk)
    when = request.POST.get("when", "")
    if when and when not in Follower.When.values:
        raise Http404
    finds.follow_dossier(dossier, when, by=request.user)
    messages.success(request, _("You are told.") if when else _("You are not told any more."))
    return redirect("dossier", pk)
