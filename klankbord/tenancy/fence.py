"""Who sees what, decided by the database in each transaction.

Code never passes a list of organisations: it says who acts, and a SECURITY DEFINER function computes from memberships
and mandates valid at that minute what that person sees. See ``docs/fence.md``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Protocol, cast

from django.contrib.auth.views import redirect_to_login
from django.db import OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponseBase

from klankbord.tenancy.models import User
from klankbord.tenancy.roles import Right, rights_of


@dataclass(frozen=True, slots=True)
class Sight:
    """What the one who entered sees: ids of organisations and channels. Only for lists and hints; the fence decides."""

    user: int | None
    organisations: tuple[int, ...]
    mandated: tuple[int, ...]
    public_channels: tuple[int, ...]
    private_channels: tuple[int, ...]
    desk_channels: tuple[int, ...]
    roles: dict[int, frozenset[str]]

    def may(self, right: Right, organisation_id: int) -> bool:
        """Whether a role of this user opens a right in an organisation."""
        return right in rights_of(self.roles.get(organisation_id, ()))

    def organisations_where(self, right: Right) -> list[int]:
        """The organisations in which this user has a right."""
        return [organisation for organisation in self.roles if self.may(right, organisation)]


def _sight(user: int | None, sql: str, parameters: list[Any]) -> Sight:
    if not connection.in_atomic_block:
        raise transaction.TransactionManagementError(
            "enter the fence inside a transaction: what it sets is local to it"
        )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {sql}", parameters)  # noqa: S608  the two callers below write the words
        row = cursor.fetchone()
    *sets, roles = row
    organisations, mandated, public_channels, private_channels, desk_channels = (tuple(ids or ()) for ids in sets)
    return Sight(
        user,
        organisations=organisations,
        mandated=mandated,
        public_channels=public_channels,
        private_channels=private_channels,
        desk_channels=desk_channels,
        roles={int(organisation): frozenset(held) for organisation, held in json.loads(roles).items()},
    )


def enter(user: User) -> Sight:
    """Open the fence for this user until the transaction ends."""
    return _sight(user.pk, "fence_enter(%s)", [user.pk])


@contextmanager
def _kept_or_told() -> Iterator[None]:
    """One transaction. Django ends one that lost its connection while a savepoint was taken back without a word."""
    with transaction.atomic():
        yield
        if connection.needs_rollback:
            raise OperationalError("the connection is closed")


@contextmanager
def entered(user: User) -> Iterator[Sight]:
    """One transaction, as this user."""
    with _kept_or_told():
        yield enter(user)


@contextmanager
def acting_for(organisation_id: int) -> Iterator[Sight]:
    """One transaction of a job, as this organisation and nobody in particular."""
    with _kept_or_told():
        yield _sight(None, "fence_act_for(%s)", [[organisation_id]])


@contextmanager
def for_all_organisations(reason: str) -> Iterator[Sight]:
    """One transaction over everybody: for collecting in ``intake`` only (an import contract and a test guard this)."""
    if not reason:
        raise ValueError("say why")
    with _kept_or_told():
        yield _sight(None, "fence_act_for(NULL)", [])


class FencedRequest(HttpRequest):
    """A request inside the fence."""

    user: User  # anonymous requests never get here
    sight: Sight


class FencedView(Protocol):
    def __call__(self, request: FencedRequest, *args: Any, **kwargs: Any) -> HttpResponseBase: ...


def inside(view: FencedView) -> Any:
    """Run a view in one transaction as the user who asks; who is not logged in goes to the log-in page.

    A wrapper and not a middleware: a middleware's transaction would keep half of what a failed view wrote. The response
    must be complete when the view returns; a streaming body would run outside the fence.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        assert isinstance(request.user, User)
        with _kept_or_told():
            fenced = cast(FencedRequest, request)
            fenced.sight = enter(request.user)
            response = view(fenced, *args, **kwargs)
            if response.streaming:
                raise TypeError("a streaming response would run outside the fence")
            return response

    wrapper.is_fenced = True  # type: ignore[attr-defined]  # a mark for the test that walks every address
    return wrapper


@contextmanager
def step(request: HttpRequest) -> Iterator[FencedRequest]:
    """One transaction of a view made with :func:`in_steps`, as the user who asks."""
    fenced = cast(FencedRequest, request)
    with _kept_or_told():
        fenced.sight = enter(fenced.user)
        yield fenced


def in_steps(view: Any) -> Any:
    """For a view that calls the network between two transactions: it reads and writes inside :func:`step` only.

    Outside a step the fence is shut, so every look at a fenced table raises an error.
    """

    @wraps(view)
    def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        response: HttpResponseBase = view(request, *args, **kwargs)
        return response

    wrapper.is_fenced = True  # type: ignore[attr-defined]  # a mark for the test that walks every address
    return wrapper
