"""Two administrators who take each other away at the same moment: one of them stays."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client

from klankbord.tenancy import actions
from klankbord.tenancy.fence import acting_for
from klankbord.tenancy.models import Membership, User
from tests.at_once import Meeting, at_once
from tests.cast import Cast
from tests.pages import acts_of, says


@pytest.mark.parametrize(
    ("act", "address", "form"),
    [
        ("end_membership", "/people/{}/end", {}),
        ("change_membership", "/people/{}", {"roles": ["coordinator"]}),
    ],
)
def test_of_two_who_let_each_other_go_at_the_same_moment_one_stays(
    cast: Cast,
    client_of: Callable[[User], Client],
    monkeypatch: pytest.MonkeyPatch,
    act: str,
    address: str,
    form: dict[str, Any],
) -> None:
    with acting_for(cast.klankendam.pk):
        Membership.objects.filter(user=cast.gijs).update(roles=["admin"])
        of = {one.user_id: one.pk for one in Membership.objects.filter(organisation=cast.klankendam)}
    # each holds the row of the other by then
    monkeypatch.setattr(actions, act, Meeting().before(getattr(actions, act)))

    def let_go(user: User, other: User) -> Any:
        return client_of(user).post(address.format(of[other.pk]), form)

    pages = at_once(partial(let_go, cast.chantal, cast.gijs), partial(let_go, cast.gijs, cast.chantal))
    assert sorted(page.status_code for page in pages) == [302, 422]
    refused = next(page for page in pages if page.status_code == 422)
    assert says(refused, "This is the only administrator. Make somebody else administrator first.")
    with acting_for(cast.klankendam.pk):
        left = Membership.objects.filter(organisation=cast.klankendam, roles__contains=["admin"], ended_at__isnull=True)
        assert left.count() == 1
    assert sum(one in ("lid beëindigen", "lid wijzigen") for one in acts_of(cast.klankendam.pk)) == 1
