"""What stands at the top of every staff page: whose house this is and where one can go."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from klankbord.tenancy.fence import Sight
from klankbord.tenancy.models import Organisation
from klankbord.tenancy.roles import Right

PAGES = (("desk", _("Desk"), Right.READ_PUBLIC),)


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Context of the header; nothing for who is not inside the fence. One query."""
    sight: Sight | None = getattr(request, "sight", None)
    if sight is None or not sight.organisations:
        return {}
    home = Organisation.objects.filter(pk__in=sight.organisations).order_by("pk").first()
    return {
        "organisation_name": home.name if home else "",
        "exercise": bool(home and home.is_demo),
        "navigation": [
            {"url": reverse(name), "label": label, "active": request.path.startswith(reverse(name))}
            for name, label, right in PAGES
            if sight.organisations_where(right) or (name == "desk" and sight.public_channels)
        ],
    }
