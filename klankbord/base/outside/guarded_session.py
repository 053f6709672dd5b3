"""For libraries that bring requests along: a session whose every request goes out through the one HTTP layer.

They keep their own words, and our guard against private addresses, limits and time-outs hold all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qsl

from requests import ConnectionError as RequestsConnectionError
from requests import PreparedRequest, Response, Session
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import get_encoding_from_headers

from klankbord.base.outside.http import Limits, Outside, OutsideError

LIMITS = Limits(connect=5.0, read=8.0, total=12.0, size=1_000_000)
# What describes the connection instead of the question is ours to say.
PASSED_ON = ("accept", "authorization", "content-type")


class ThroughOutside(BaseAdapter):
    """Carries one request of the library ``requests``; a form or nothing as its body."""

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: object = None,
        verify: object = True,
        cert: object = None,
        proxies: Mapping[str, str] | None = None,
    ) -> Response:
        headers = {name: str(value) for name, value in request.headers.items() if name.lower() in PASSED_ON}
        body = request.body.decode() if isinstance(request.body, bytes) else request.body
        if body is not None and not isinstance(body, str):
            raise TypeError("only a form can be sent like this")
        form = dict(parse_qsl(body, keep_blank_values=True)) if body else None
        try:
            with Outside(limits=LIMITS) as outside:
                answer = outside.request(str(request.method), str(request.url), data=form, headers=headers)
        except OutsideError as problem:
            raise RequestsConnectionError(str(problem), request=request) from None
        response = Response()
        response.status_code = answer.status
        response.headers = CaseInsensitiveDict(answer.headers.items())
        response.encoding = get_encoding_from_headers(response.headers)
        response.url, response.request = answer.url, request
        response.raw = BytesIO(answer.body)
        return response

    def close(self) -> None:
        """Nothing is kept open between two requests."""


def guarded_session() -> Session:
    """A session of requests that has no other way out."""
    session = Session()
    session.trust_env = False
    adapter: Any = ThroughOutside()
    for scheme in ("https://", "http://"):
        session.mount(scheme, adapter)
    return session
