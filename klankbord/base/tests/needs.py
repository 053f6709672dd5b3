"""What a test needs from the machine: without it the test is skipped, except where everything must be there."""

from __future__ import annotations

import os

import pytest


def need(there: object, what: str) -> None:
    """Skips the test when ``there`` is false, naming ``what`` is missing; with ``KLANKBORD_REQUIRE_ALL=1`` it fails."""
    if there:
        return
    if os.environ.get("KLANKBORD_REQUIRE_ALL") == "1":
        pytest.fail(f"missing here, and required: {what}")
    pytest.skip(f"missing here: {what}")
