"""A browser without JavaScript over plain HTTP: pages, cookies, forms with files. Knows nothing of our code."""

from __future__ import annotations

import html
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Mapping
from http.cookiejar import CookieJar
from typing import Any

Files = Mapping[str, tuple[str, str, bytes]]
"""By field: the name of the file, its type, its content."""


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class NoAnswer(Exception):
    """The house did not answer, or said that it could not do it."""


class Browser:
    """Somebody's browser, at one address."""

    def __init__(self, address: str, comes_from: str = "") -> None:
        self.address = address
        self._headers = {"X-Forwarded-For": comes_from} if comes_from else {}
        self._cookies = CookieJar()

    def call(
        self, path: str, fields: Mapping[str, str] | None = None, files: Files | None = None
    ) -> tuple[int, str, str]:
        """Status, page and where it leads to; ``NoAnswer`` for everything that is not an answer of the house itself."""
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), _Stay(), urllib.request.HTTPCookieProcessor(self._cookies)
        )
        headers = dict(self._headers)
        body = urllib.parse.urlencode(fields).encode() if fields is not None else None
        if fields is not None and files:
            body, headers["Content-Type"] = _multipart(fields, files)
        request = urllib.request.Request(self.address + path, data=body, headers=headers)
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode(), ""
        except urllib.error.HTTPError as error:
            with error:
                page = error.read().decode(errors="replace")
            if error.code >= 500:
                raise NoAnswer(f"{path}: {error.code}") from None
            return error.code, page, error.headers.get("Location", "")
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(f"{path}: {error}") from None

    def log_in(self, email: str, password: str) -> None:
        page = self.call("/accounts/login/")[1]
        fields = {"csrfmiddlewaretoken": field(page, "csrfmiddlewaretoken"), "login": email, "password": password}
        status, _page, _to = self.call("/accounts/login/", fields)
        assert status == 302, f"logging in gave {status}"


def field(page: str, name: str) -> str:
    """What a field of the page holds; ``NoAnswer`` when the page does not have it."""
    values = re.findall(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    if not values:
        raise NoAnswer(f"no field {name} on the page")
    return html.unescape(values[-1])


def _multipart(fields: Mapping[str, str], files: Files) -> tuple[bytes, str]:
    mark = uuid.uuid4().hex
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    for name, (filename, kind, content) in files.items():
        head = (
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"; filename="{filename}"\r\n'
            f"Content-Type: {kind}\r\n\r\n"
        )
        parts.append(head.encode() + content + b"\r\n")
    return b"".join(parts) + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
