"""What a phone needs to put Klankbord on its start screen: a manifest, and a page for when there is no connection.

The service worker keeps that one page with its looks and nothing else: no content of residents, no name of a colleague.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

BAR, PAPER = "#0b3f49", "#eef2f2"  # as --kb-bar and --kb-paper in theme.css
# What the page without a connection looks like.
LOOKS = ("vendor/nl-design-system.css", "klankbord/theme.css", "klankbord/layout.css", "klankbord/icons.svg")
ICONS = (("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"))
MASKABLE = ("icon-maskable-512.png", "512x512", "maskable")


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """What the start screen shows and what opens from there."""
    return JsonResponse(
        {
            "id": "/",
            "name": "Klankbord",
            "short_name": "Klankbord",
            "description": _("Answer residents and know what is going on"),
            "start_url": "/",
            "scope": "/",
            "display": "standalone",
            "theme_color": BAR,
            "background_color": PAPER,
            "icons": [
                {"src": static(f"klankbord/app/{file}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
                for file, sizes, purpose in (*ICONS, MASKABLE)
            ],
        },
        content_type="application/manifest+json",
    )


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The small program that shows the page below when the network does not answer."""
    return HttpResponse(_program(), content_type="text/javascript", headers={"Cache-Control": "no-cache"})


@cache
def _program() -> str:
    program = (resources.files("klankbord.project") / "static/klankbord/service-worker.js").read_text("utf-8")
    kept = ["/offline", *(static(file) for file in LOOKS)]
    # another page, or other looks: the browser fetches everything again
    version = hashlib.sha256((render_to_string("offline.html") + program).encode()).hexdigest()[:12]
    return program.replace("__VERSION__", version).replace("__KEPT__", ", ".join(f'"{address}"' for address in kept))


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """The same for everybody: it stays in the browser, also after logging out."""
    return render(request, "offline.html")
