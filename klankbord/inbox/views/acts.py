"""What a colleague does at the desk. Every act is a POST that works without JavaScript."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from klankbord.channels.contract import Visibility
from klankbord.channels.models import Delivery
from klankbord.channels.registry import connector_class
from klankbord.inbox import actions, queries, sending, undoing
from klankbord.inbox.models import Conversation, Step
from klankbord.inbox.views.page import find_conversation, number, show
from klankbord.posts.models import Post
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.models import User
from klankbord.tenancy.roles import Right


def writable(request: FencedRequest, pk: int) -> Conversation:
    """A conversation one may write in, locked for this act; what one may only read gives the same answer as nothing."""
    if not Conversation.objects.filter(pk=pk, channel__in=request.sight.desk_channels).exists():
        raise Http404
    return Conversation.objects.select_for_update(of=("self",)).select_related("channel").get(pk=pk)


LONGEST_OFFER = 20.0  # seconds that a way back stays on the screen; after that it is in the way
SAID = {
    Step.Act.REPLY: gettext_lazy("Your answer goes out in a moment."),
    Step.Act.ASSIGN: gettext_lazy("The conversation is assigned."),
    Step.Act.CLOSE: gettext_lazy("The conversation is closed."),
    Step.Act.REOPEN: gettext_lazy("The conversation is open again."),
}
RECORDED = gettext_lazy("It is recorded that you told it. Nothing is sent.")


def offer_undo(request: FencedRequest, conversation: Conversation) -> None:
    """Say what was done, with a way back for as long as there is one."""
    step = Step.objects.filter(conversation=conversation, user=request.user, until__gt=timezone.now()).first()
    if step is not None:
        left = min(LONGEST_OFFER, (step.until - timezone.now()).total_seconds())
        address = f"{reverse('undo', args=[step.pk])}?seconds={left:.0f}"
        act = Step.Act(step.act)
        is_record = act == Step.Act.REPLY and connector_class(conversation.channel.kind).answers_are_records
        messages.success(request, RECORDED if is_record else SAID[act], extra_tags=address)


def choose_again(request: FencedRequest, files: Sequence[str]) -> None:
    """Say which files did not stay with the text that comes back to its writer; it stands there until it is read."""
    for name in files:
        messages.error(request, _("The file “%(name)s” is not with it any more. Choose it again.") % {"name": name})


def done(request: FencedRequest, conversation: Conversation) -> HttpResponseBase:
    if request.headers.get("HX-Request"):
        return show(request, find_conversation(request, conversation.pk))
    return redirect(f"{reverse('conversation', args=[conversation.pk])}#thread-end")


@inside
@require_POST
def reply(request: FencedRequest, pk: int) -> HttpResponseBase:
    conversation = writable(request, pk)
    text = request.POST.get("text", "")
    try:
        actions.reply(
            conversation,
            text,
            by=request.user,
            client_id=client_id_of(request) or uuid.uuid4(),
            # without it the whole thread counts as unseen: a colleague's answer is then never overlooked
            seen=number(request.POST.get("seen", "")) or 0,
            to=number(request.POST.get("to", "")),
            visibility=_visibility(request.POST.get("visibility", "")),
            files=_files(request),
            hold=settings.UNDO_SECONDS,
        )
    except (actions.AnsweredMeanwhile, actions.Refused) as problem:
        typed = {"reply_text": text, "reply_alt": request.POST.get("alt", ""), "file_gone": bool(request.FILES)}
        return show(request, conversation, reply_error=str(problem), **typed)
    offer_undo(request, conversation)
    return done(request, conversation)


@inside
@require_POST
def note(request: FencedRequest, pk: int) -> HttpResponseBase:
    conversation = writable(request, pk)
    text = request.POST.get("text", "")
    try:
        actions.write_note(conversation, text, by=request.user, client_id=client_id_of(request))
    except actions.Refused as problem:
        return show(request, conversation, note_error=str(problem), note_text=text)
    return done(request, conversation)


@inside
@require_POST
def assign(request: FencedRequest, pk: int) -> HttpResponseBase:
    conversation = writable(request, pk)
    wanted = request.POST.get("assignee", "")
    assignee: User | None
    if wanted == "me":
        assignee = request.user
    else:
        assignee = next(
            (person for person in queries.assignees(conversation.channel_id) if str(person.pk) == wanted), None
        )
        if wanted and assignee is None:
            raise Http404
    actions.assign_conversation(conversation, assignee, by=request.user)
    offer_undo(request, conversation)
    return done(request, conversation)


@inside
@require_POST
def seen(request: FencedRequest, pk: int) -> HttpResponseBase:
    """What came in while the conversation was open has been on the screen."""
    actions.mark_seen(writable(request, pk))
    return HttpResponse(status=204)


@inside
@require_POST
def close(request: FencedRequest, pk: int) -> HttpResponseBase:
    conversation = writable(request, pk)
    try:
        actions.close_conversation(conversation, by=request.user, seen=number(request.POST.get("seen", "")))
    except actions.Refused as problem:
        messages.warning(request, str(problem))
    else:
        offer_undo(request, conversation)
    return done(request, conversation)


@inside
@require_POST
def reopen(request: FencedRequest, pk: int) -> HttpResponseBase:
    conversation = writable(request, pk)
    actions.reopen_conversation(conversation, by=request.user)
    offer_undo(request, conversation)
    return done(request, conversation)


@inside
@require_POST
def undo(request: FencedRequest, pk: int) -> HttpResponseBase:
    """Take back what one did last in a conversation."""
    step = get_object_or_404(
        Step.objects.select_related("conversation"),
        pk=pk,
        user=request.user,
        channel__in=request.sight.desk_channels,
    )
    conversation = step.conversation
    try:
        with transaction.atomic():
            files = undoing.files_of(step)
            conversation = undoing.take_back(step, by=request.user)
    except undoing.TooLate as problem:
        messages.warning(request, str(problem))
    else:
        choose_again(request, files)
    response = done(request, conversation)
    # somebody may have gone on to another conversation: this one is on the screen now
    response.headers["HX-Push-Url"] = reverse("conversation", args=[conversation.pk])
    return response


@inside
@require_POST
def decide(request: FencedRequest, pk: int, decision: str) -> HttpResponseBase:
    """A colleague decides about an answer that is uncertain or failed."""
    delivery = get_object_or_404(Delivery, pk=pk, channel__in=request.sight.desk_channels)
    post = get_object_or_404(Post.objects.defer("tokens"), delivery=delivery)
    sending.decide(delivery.pk, decision, by=request.user)
    conversation = get_object_or_404(Conversation, organisation=post.organisation_id, root_uri=post.root_uri)
    return done(request, conversation)


@inside
@require_http_methods(["GET", "POST"])
def open_with_reason(request: FencedRequest, pk: int) -> HttpResponseBase:
    """A privacy officer writes down why, and sees one conversation for an hour."""
    if not request.sight.organisations_where(Right.OPEN_WITH_REASON):
        raise Http404
    problem = ""
    if request.method == "POST":
        reason = request.POST.get("reason", "").strip()
        if not reason:
            problem = _("Write down why you open this conversation.")
        elif actions.open_with_reason(pk, reason, by=request.user):
            return redirect("conversation", pk)
        else:
            raise Http404
    return render(request, "inbox/reason.html", {"problem": problem, "pk": pk}, status=422 if problem else 200)


def client_id_of(request: FencedRequest) -> uuid.UUID | None:
    """The identity that was made when the form was shown; None for nonsense."""
    try:
        return uuid.UUID(request.POST.get("client_id", ""))
    except ValueError:
        return None


def _visibility(text: str) -> Visibility | None:
    return Visibility(text) if text in list(Visibility) else None


def _files(request: FencedRequest) -> list[actions.NewFile]:
    file = request.FILES.get("file")
    if file is None:
        return []
    return [
        actions.NewFile(
            filename=(file.name or "bestand")[:255],
            content_type=(file.content_type or "application/octet-stream")[:120].lower(),
            content=file.read(),
            alt_text=request.POST.get("alt", "")[:1500],
        )
    ]
