"""Who works with dossiers, each in a browser of their own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from klankbord.tenancy.models import User
from tests.cast import Cast


@pytest.fixture
def bram(cast: Cast, client_of: Callable[[User], Client]) -> Client:
    """The communication adviser, who writes dossiers."""
    return client_of(cast.bram)


@pytest.fixture
def fatma(cast: Cast, client_of: Callable[[User], Client]) -> Client:
    """The privacy officer, who signs them."""
    return client_of(cast.fatma)
