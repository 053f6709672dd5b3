"""The residents' front door: a page to write on, and a page that says that it arrived. No log-in, no cookies."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from klankbord.channels.form.exercise import told
from klankbord.channels.form.message import Submission
from klankbord.public import actions, tickets
from klankbord.public.forms import LARGEST_TOGETHER, ContactForm
from klankbord.public.queries import Door, find_door

LARGEST_BODY = LARGEST_TOGETHER + 2 * 1024 * 1024
LARGEST_NUMBER = 2**63
MADE_UP = {"name": "Sam de Vries (oefening)", "email": "sam.devries@bewoner.example"}
"""Who writes in an exercise does not have to think up anybody."""


def in_language(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Show a page in the language of its address (``?lang=en``), else in that of the browser: no cookie needed."""

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        wanted = request.GET.get("lang", "")
        language = wanted if wanted in dict(settings.LANGUAGES) else get_language() or settings.LANGUAGE_CODE
        with override(language):
            response = view(request, *args, **kwargs)
        response.headers["Content-Language"] = language
        return response

    return wrapper


def _door(pk: int) -> Door:
    door = find_door(pk) if pk < LARGEST_NUMBER else None
    if door is None:
        raise Http404
    return door


# No cookie of ours is in a resident's browser, so a page of somebody else has nothing to send along: the signed ticket
# of the page is the proof that it was asked for.
@csrf_exempt
@never_cache
@in_language
@require_http_methods(["GET", "HEAD", "POST"])
def contact_form(request: HttpRequest, word: str, pk: int) -> HttpResponseBase:
    """The page on which residents write."""
    door = _door(pk)
    if request.method != "POST":
        if word != door.word:
            return redirect("contact-form", door.word, pk)
        form = ContactForm(page=door.page, initial=MADE_UP if door.in_exercise else None)
        return _show(request, door, form, tickets.page_ticket(pk), status=200 if door.enabled else 410)
    typed = _typed(request)
    if typed is None:
        return _too_much(request, door)
    form = ContactForm(typed, request.FILES, page=door.page)
    return _receive(request, door, form, typed.get("ticket", ""))


def _typed(request: HttpRequest) -> QueryDict | None:
    """What was sent; None when it is more than anybody types, or no form at all."""
    length = request.headers.get("content-length", "")
    if length.isascii() and length.isdigit() and int(length) > LARGEST_BODY:
        return None
    try:
        return request.POST
    except (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent, MultiPartParserError, BadRequest, OSError):
        return None


def _receive(request: HttpRequest, door: Door, form: ContactForm, ticket: str) -> HttpResponseBase:
    fresh = ticket
    if form.is_valid():
        try:
            id = tickets.read_page_ticket(ticket, door.channel)
            if not door.enabled:
                form.add_error(
                    None, _("This form was closed just now. Your message was not sent; copy it if you like.")
                )
                return _show(request, door, form, ticket, status=410)
            said = _submission(id, form)
            said = actions.hand_in(door, said, request.META.get("REMOTE_ADDR", ""), said.at)
        except tickets.TooQuick:
            form.add_error(None, _("That was very quick. Read it once more and press “Send” again."))
        except tickets.Stale:
            fresh = tickets.page_ticket(door.channel)
            form.add_error(None, _("This page was open for a long time. Your text is still here: press “Send” again."))
        except actions.TooOften:
            form.add_error(
                None, _("Many messages came in from your address. Yours was not sent yet: try again in an hour.")
            )
            return _show(request, door, form, ticket, status=429)
        else:
            shown = tickets.ReceiptShown(said.reference, said.at, bool(said.email and said.confirm))
            where = reverse(
                "contact-thanks", args=[door.word, door.channel, tickets.receipt_ticket(door.channel, shown)]
            )
            return redirect(f"{where}?lang={get_language()}")
    return _show(request, door, form, fresh, status=422)


def _submission(id: uuid.UUID, form: ContactForm) -> Submission:
    data = form.cleaned_data
    return Submission(
        id=id,
        text=data["text"],
        at=timezone.now(),
        subject=data["subject"],
        name=data["name"],
        email=data["email"],
        place=data.get("place", ""),
        language=get_language() or settings.LANGUAGE_CODE,
        photos=tuple(replace(one, description=data["photo_text"]) for one in data.get("photo", [])),
    )


def _show(request: HttpRequest, door: Door, form: ContactForm, ticket: str, *, status: int) -> HttpResponse:
    photos_gone = bool(form.is_bound and request.FILES)
    context = _context(request, door) | {"form": form, "ticket": ticket, "photos_gone": photos_gone}
    return render(request, "public/contact_form.html", context, status=status)


def _too_much(request: HttpRequest, door: Door) -> HttpResponse:
    return render(request, "public/too_much.html", _context(request, door), status=413)


def _context(request: HttpRequest, door: Door) -> dict[str, Any]:
    language = get_language() or settings.LANGUAGE_CODE
    return {"door": door, "look": door.look, "intro": door.intro(language), "language": language}


@never_cache
@in_language
@require_safe
def thanks(request: HttpRequest, word: str, pk: int, ticket: str) -> HttpResponseBase:
    """It arrived and is kept; this page can be opened again and says the same."""
    door = _door(pk)
    receipt = tickets.read_receipt_ticket(ticket, pk)
    if receipt is None:
        raise Http404
    context = _context(request, door) | {"receipt": receipt}
    if door.in_exercise:
        context |= {"answers": told(door.page, receipt.reference), "ticket": ticket}
    return render(request, "public/thanks.html", context)
