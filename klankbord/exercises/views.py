"""Holding exercises: what is played, how fast, and putting it back. Nothing that was said stands on these pages."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from klankbord.exercises import actions, queries
from klankbord.exercises.forms import HoldForm, SpeedForm
from klankbord.exercises.queries import Held
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import posted, whose


def gate(request: FencedRequest, key: str) -> Held:
    """The one gate to an exercise: what one may not do gives the same answer as what is not there."""
    found = queries.exercises_of(request.sight.organisations_where(Right.HOLD_EXERCISES), key)
    if not found:
        raise Http404
    return found[0]


@inside
@require_http_methods(["GET", "POST"])
def exercises(request: FencedRequest) -> HttpResponseBase:
    """The exercises there are, and holding a new one."""
    house = whose(request, Right.HOLD_EXERCISES)
    form = HoldForm(posted(request), request.FILES if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid() and form.read:
        data = form.cleaned_data
        key = actions.hold_exercise(house.organisation, form.read, data["town"], data["speed"], by=request.user)
        messages.success(request, _("The exercise is ready. Nothing is said before you start it."))
        return redirect("exercise", key)
    now = timezone.now()
    context = {
        "house": house,
        "shown": [_shown(one, now) for one in queries.exercises_of([house.organisation.pk])],
        "form": form,
    }
    return render(request, "exercises/exercises.html", context, status=422 if request.method == "POST" else 200)


@inside
@require_GET
def exercise(request: FencedRequest, key: str) -> HttpResponseBase:
    held = gate(request, key)
    form = SpeedForm(initial={"speed": int(held.clock.speed)})
    return render(request, "exercises/exercise.html", _shown(held, timezone.now()) | {"form": form})


@inside
@require_GET
def state(request: FencedRequest, key: str) -> HttpResponseBase:
    """Where it is now; the page asks this every few seconds."""
    return render(request, "exercises/state.html", _shown(gate(request, key), timezone.now()))


def _shown(held: Held, now: Any) -> dict[str, Any]:
    parts = held.parts
    position = held.position(now)
    minutes, seconds = divmod(int(position), 60)
    hours, minutes = divmod(minutes, 60)
    return {
        "held": held,
        "parts": parts,
        "told": sum(part.told for part in parts),
        "total": sum(part.total for part in parts),
        "time": f"{hours:02}:{minutes:02}:{seconds:02}",
        "over": held.over(now),
        "running": held.clock.running and not held.clearing,
        "speed": f"{held.clock.speed:g}",
    }


@inside
@require_POST
def start(request: FencedRequest, key: str) -> HttpResponseBase:
    return _steer(request, key, actions.start_exercise, _("The exercise runs."))


@inside
@require_POST
def pause(request: FencedRequest, key: str) -> HttpResponseBase:
    said = _("The exercise is paused. Nobody says anything until you start it again.")
    return _steer(request, key, actions.pause_exercise, said)


@inside
@require_POST
def speed(request: FencedRequest, key: str) -> HttpResponseBase:
    form = SpeedForm(request.POST)
    if not form.is_valid():
        context = _shown(gate(request, key), timezone.now()) | {"form": form}
        return render(request, "exercises/exercise.html", context, status=422)
    wanted = form.cleaned_data["speed"]
    said = _("The speed is now %(speed)s×.") % {"speed": f"{wanted:g}"}
    return _steer(request, key, partial(actions.pace_exercise, speed=wanted), said)


@inside
@require_POST
def put_back(request: FencedRequest, key: str) -> HttpResponseBase:
    """To the beginning, or with ``end`` away altogether."""
    held = gate(request, key)
    end = request.POST.get("end") == "yes"
    actions.put_back_exercise(held, by=request.user, end=end)
    if end:
        messages.success(request, _("The exercise is being removed, with everything it brought."))
        return redirect("exercises")
    messages.success(request, _("The exercise is being put back. What it brought goes; all else stays."))
    return redirect("exercise", key)


def _steer(request: FencedRequest, key: str, act: Callable[..., None], said: str) -> HttpResponseBase:
    """Do this with the exercise and say so, unless it is being put back just now."""
    try:
        act(gate(request, key), now=timezone.now(), by=request.user)
    except actions.Busy:
        messages.error(request, _("The exercise is still being put back. Try again in a moment."))
    else:
        messages.success(request, said)
    return redirect("exercise", key)
