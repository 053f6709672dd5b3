"""The page on which an administrator gives the organisation its looks, and the style sheet and logo themselves."""

from __future__ import annotations

import hashlib

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import get_conditional_response
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from klankbord.project.style.forms import LogoForm, ThemeForm
from klankbord.project.style.sheet import write_sheet
from klankbord.tenancy.actions import change_logo, change_theme
from klankbord.tenancy.fence import FencedRequest, acting_for, inside
from klankbord.tenancy.models import HouseStyle
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.whose import House, whose

LARGEST_NUMBER = 2**63
A_YEAR = 365 * 24 * 60 * 60


@inside
@require_http_methods(["GET", "POST"])
def house_style(request: FencedRequest) -> HttpResponseBase:
    """What the organisation looks like now, and two forms to change that."""
    house = whose(request, Right.WRITE_CHANNELS)
    act = request.POST.get("act", "") if request.method == "POST" else ""
    theme = ThemeForm(request.POST, request.FILES, prefix="theme") if act == "theme" else ThemeForm(prefix="theme")
    logo = LogoForm(request.POST, request.FILES, prefix="logo") if act == "logo" else LogoForm(prefix="logo")
    done = _do(request, house, act, theme, logo)
    if done:
        messages.success(request, done)
        # a browser keeps the place on the page that the form named, unless it gets another
        return redirect(f"{reverse('house-style')}{house.query}#now")
    context = {"house": house, "theme_form": theme, "logo_form": logo, "look": house.organisation}
    return render(request, "style/house_style.html", context, status=422 if theme.errors or logo.errors else 200)


def _do(request: FencedRequest, house: House, act: str, theme: ThemeForm, logo: LogoForm) -> str:
    """Carry out what was asked; a sentence about it, or nothing when nothing was done."""
    organisation, by = house.organisation, request.user
    if act == "theme" and theme.is_valid():
        light, dark = theme.cleaned_data["light"], theme.cleaned_data["dark"]
        in_dark = dark.values if dark else {}
        change_theme(organisation, light.values, in_dark, version_of(write_sheet(light.values, in_dark)), by=by)
        return _("This is how %(organisation)s looks from now on. We used %(number)s tokens and left %(rest)s out.") % {
            "organisation": organisation.name,
            "number": len(light.values) + len(in_dark),
            "rest": light.unknown + (dark.unknown if dark else 0),
        }
    if act == "no-theme":
        change_theme(organisation, {}, {}, "", by=by)
        return _("The looks of Klankbord are back.")
    if act == "logo" and logo.is_valid():
        change_logo(organisation, logo.cleaned_data["logo"], by=by)
        return _("The logo is kept.")
    if act == "no-logo":
        change_logo(organisation, None, by=by)
        return _("The logo is removed.")
    return ""


def version_of(sheet: str) -> str:
    """What tells one style sheet from another; empty for an empty one."""
    return hashlib.sha256(sheet.encode()).hexdigest()[:16] if sheet else ""


@require_safe
def style_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """The theme of an organisation: for everybody, since its public pages wear it too."""
    style = _style(pk)
    sheet = write_sheet(style.light, style.dark)
    if not sheet:
        raise Http404
    return _lasting(request, HttpResponse(sheet, content_type="text/css; charset=utf-8"), version_of(sheet))


@require_safe
def logo(request: HttpRequest, pk: int) -> HttpResponse:
    """The logo of an organisation, for everybody."""
    style = _style(pk)
    if not style.logo:
        raise Http404
    content = bytes(style.logo)
    version = hashlib.sha256(content).hexdigest()[:16]
    return _lasting(request, HttpResponse(content, content_type=style.logo_type), version)


def _style(pk: int) -> HouseStyle:
    if pk >= LARGEST_NUMBER:
        raise Http404
    with acting_for(pk):
        style = HouseStyle.objects.filter(organisation_id=pk).first()
    if style is None:
        raise Http404
    return style


def _lasting(request: HttpRequest, response: HttpResponse, version: str) -> HttpResponse:
    """Kept by browsers for as long as the address names this version; else asked for again by its ETag."""
    named = request.GET.get("v") == version
    response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable" if named else "public, no-cache"
    response.headers["ETag"] = f'"{version}"'
    answer = get_conditional_response(request, etag=response.headers["ETag"], response=response)
    assert answer is not None
    return answer
