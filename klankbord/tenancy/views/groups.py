"""Which groups of the identity provider give which roles in one's own organisation."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from klankbord.tenancy import following, queries
from klankbord.tenancy.fence import FencedRequest, inside
from klankbord.tenancy.forms import GroupForm
from klankbord.tenancy.models import ProviderGroup
from klankbord.tenancy.roles import Right
from klankbord.tenancy.views.people import READ, labels
from klankbord.tenancy.views.whose import posted, whose


@inside
@require_http_methods(["GET", "POST"])
def groups(request: FencedRequest) -> HttpResponseBase:
    house = whose(request, *READ)
    may_write = request.sight.may(Right.WRITE_CHANNELS, house.organisation.pk)
    if request.method == "POST" and not may_write:
        raise Http404
    form = GroupForm(posted(request))
    if request.method == "POST" and form.is_valid():
        group, roles = form.cleaned_data["group"], form.cleaned_data["roles"]
        following.map_group(house.organisation, group, roles, by=request.user)
        messages.success(request, _("From the next log-in on, %(group)s has these roles.") % {"group": group})
        return redirect(reverse("groups") + house.query)
    context = {
        "house": house,
        "tab": "groups",
        "provider": settings.OIDC,
        "groups": [{"mapped": one, "roles": labels(one.roles)} for one in queries.provider_groups(house.organisation)],
        "form": form,
        "may_write": may_write,
    }
    return render(request, "tenancy/groups.html", context, status=422 if form.errors else 200)


@inside
@require_POST
def unmap(request: FencedRequest, pk: int) -> HttpResponseBase:
    mapped = get_object_or_404(ProviderGroup.objects.select_for_update(), pk=pk)
    if not request.sight.may(Right.WRITE_CHANNELS, mapped.organisation_id):
        raise Http404
    organisation_id, group = mapped.organisation_id, mapped.group
    following.unmap_group(mapped, by=request.user)
    messages.success(request, _("%(group)s gives no roles any more.") % {"group": group})
    return redirect(f"{reverse('groups')}?organisation={organisation_id}")
