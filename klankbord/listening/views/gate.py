"""The one gate to a dossier: whose it is, what somebody may do with it, and whether its messages are open."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q
from django.http import Http404
from django.utils import timezone

from klankbord.listening.models import Dossier, FindsOpening
from klankbord.tenancy.fence import FencedRequest
from klankbord.tenancy.roles import Right


def dossier_for(request: FencedRequest, pk: int, right: Right = Right.READ_DOSSIERS, *, lock: bool = False) -> Dossier:
    """A dossier that one may read; Http404 for who may not, PermissionDenied for who may read but not do this.

    Who owns a dossier reads its figures, whatever the role.
    """
    sight = request.sight
    own = Q(owner=request.user, organisation__in=sight.organisations_where(Right.READ_OWN_DOSSIERS))
    rows = Dossier.objects.filter(own | Q(organisation__in=sight.organisations_where(Right.READ_DOSSIERS)))
    rows = rows.select_for_update(of=("self",)) if lock else rows
    dossier = rows.select_related("organisation", "owner").filter(pk=pk).first()
    if dossier is None:
        raise Http404
    if dossier.is_public_order and not request.sight.may(Right.SEE_PUBLIC_ORDER, dossier.organisation_id):
        raise Http404
    if right is not Right.READ_DOSSIERS and not request.sight.may(right, dossier.organisation_id):
        raise PermissionDenied
    if request.sight.may(Right.SIGN_DOSSIERS, dossier.organisation_id):
        let_privacy_read_finds()
    return dossier


def dossier_to_write(request: FencedRequest, pk: int) -> Dossier:
    """A dossier that one may change: public order for the analyst only, the place dossier on its own page."""
    dossier = dossier_for(request, pk, Right.WRITE_DOSSIERS, lock=True)
    if dossier.is_place:
        raise Http404
    if dossier.is_public_order and not request.sight.may(Right.OPEN_PUBLIC_ORDER, dossier.organisation_id):
        raise PermissionDenied
    return dossier


def let_privacy_read_finds() -> None:
    """For this transaction a privacy officer reads what was overheard; the database checks the role again."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT fence_open_finds()")


def right_to_open(dossier: Dossier) -> Right:
    """Who may write a dossier may also open its messages, where it is closed."""
    return Right.OPEN_PUBLIC_ORDER if dossier.is_public_order else Right.WRITE_DOSSIERS


def finds_are_open(request: FencedRequest, dossier: Dossier) -> bool:
    """Whether one may read the messages behind the figures: of a closed dossier only with a reason given this hour."""
    if not request.sight.may(Right.READ_DOSSIERS, dossier.organisation_id):
        # an owner without a role for dossiers: figures and notes
        return False
    if not dossier.is_closed:
        return True
    return (
        request.sight.may(right_to_open(dossier), dossier.organisation_id)
        and FindsOpening.objects.filter(dossier=dossier, user=request.user, until__gt=timezone.now()).exists()
    )
