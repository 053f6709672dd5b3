"""The stream of live events of one open desk."""

from __future__ import annotations

from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.conf import settings
from django.contrib.auth import aget_user, get_user
from django.db import connections
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from klankbord.base.realtime import Switchboard, events
from klankbord.tenancy.models import User
from klankbord.tenancy.sessions import SessionStore

CHECK_EVERY = 30.0  # seconds
switchboard = Switchboard(settings.LIVE_CONNINFO)


@sync_to_async
def _release() -> None:
    # what read the session holds a pooled connection for as long as the stream lasts, unless given back here
    connections.close_all()


async def live(request: HttpRequest) -> HttpResponseBase:
    """Ids of conversations that changed, for as long as the user may see them; the fence is asked at every event."""
    user = await aget_user(request)
    session_key = request.session.session_key
    await _release()
    if not isinstance(user, User) or session_key is None:
        return HttpResponse(status=403)

    async def stream() -> AsyncIterator[bytes]:
        listener = switchboard.connect(user.pk)
        try:
            # without it the browser would think it is live; it comes back in a moment
            if not await switchboard.ready():
                return
            async for event in events(listener, lambda: _still_welcome(user.pk, session_key), CHECK_EVERY):
                yield event
        finally:
            switchboard.disconnect(listener)

    return StreamingHttpResponse(
        stream(),
        content_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


def _is_still_welcome(user_id: int, session_key: str) -> bool:
    # as for every request: a session that ended, or one from before the password was changed, is nobody's
    request = HttpRequest()
    request.session = SessionStore(session_key)
    try:
        return get_user(request).pk == user_id
    finally:
        connections.close_all()


# in one of the few threads that all streams share: hundreds that ask at once must not open hundreds of connections
_still_welcome = sync_to_async(_is_still_welcome, thread_sensitive=False)
