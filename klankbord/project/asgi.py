"""The application that the web server runs: Django, with an end to what somebody may send."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "klankbord.project.settings")

LARGEST_BODY = 64 * 1024 * 1024
"""Bytes; far above the largest file that a page takes, and each page judges by itself what it takes."""

_django = get_asgi_application()


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[Mapping[str, Any]], Awaitable[None]],
) -> None:
    """Django keeps a body on disk before it looks at the address, and a body may come without telling its length."""
    left = LARGEST_BODY

    async def at_most() -> dict[str, Any]:
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        return message if left >= 0 else {"type": "http.disconnect"}

    await _django(scope, at_most, send)
    if left < 0:
        headers = [(b"content-length", b"0"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": b""})
