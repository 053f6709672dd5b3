"""A colleague at the desk, over plain HTTP as a browser without JavaScript does it; knows nothing of our code."""

from __future__ import annotations

import html
import http.client
import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from random import Random
from typing import Any


@dataclass
class Form:
    """An answer as it was written, and what the desk said to it."""

    conversation: int
    client_id: str
    text: str
    acknowledged: bool = False
    refused: bool = False
    tries: int = 0


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


class NoAnswer(Exception):
    """The desk did not answer, or said that it could not do it."""


class Colleague:
    """Logs in once, looks at the queue, and answers. What got no answer is often, not always, sent again as it was."""

    def __init__(self, address: str, email: str, password: str, chance: Random) -> None:
        self.address, self._email, self._password = address, email, password
        self._chance = chance
        self._cookies = CookieJar()
        self.forms: list[Form] = []
        self.pages_of_trouble: set[str] = set()

    def log_in(self) -> None:
        page = self._call("/accounts/login/")[1]
        fields = {"csrfmiddlewaretoken": _field(page, "csrfmiddlewaretoken")}
        status, _page, _to = self._call("/accounts/login/", fields | {"login": self._email, "password": self._password})
        assert status == 302, f"logging in gave {status}"

    def conversations(self) -> list[int]:
        page = self._call("/desk/?view=all")[1]
        return sorted({int(found) for found in re.findall(r'href="/desk/(\d+)[?"]', page)})

    def write(self, conversation: int, text: str) -> Form | None:
        """Answer a conversation; None when there is nothing to fill in."""
        page = self._call(f"/desk/{conversation}")[1]
        found = re.search(rf'<form[^>]*action="/desk/{conversation}/reply".*?</form>', page, re.DOTALL)
        if found is None:
            return None
        fields = {name: _field(found[0], name) for name in ("csrfmiddlewaretoken", "client_id", "seen")}
        form = Form(conversation, fields["client_id"], text)
        self.forms.append(form)
        for _again in range(4):
            self._press(form, fields | {"text": text})
            if form.acknowledged or form.refused or self._chance.random() < 0.25:
                break
        return form

    def _press(self, form: Form, fields: dict[str, str]) -> None:
        form.tries += 1
        try:
            status, page, to = self._call(f"/desk/{form.conversation}/reply", fields)
        except NoAnswer:
            return
        if status == 302 and to.startswith("/desk/"):
            form.acknowledged = True
        elif status == 200 and 'id="reply-error"' in page:
            form.refused = True

    def _call(self, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Status, page and where it leads to; ``NoAnswer`` for everything that is not an answer of the desk itself."""
        opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), _Stay(), urllib.request.HTTPCookieProcessor(self._cookies)
        )
        body = urllib.parse.urlencode(fields).encode() if fields is not None else None
        request = urllib.request.Request(self.address + path, data=body)
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, answer.read().decode(), ""
        except urllib.error.HTTPError as error:
            with error:
                page = error.read().decode(errors="replace")
            if error.code >= 500:
                self.pages_of_trouble.add(page)
                raise NoAnswer(f"{path}: {error.code}") from None
            return error.code, page, error.headers.get("Location", "")
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(f"{path}: {error}") from None


def _field(page: str, name: str) -> str:
    values = re.findall(rf'<input[^>]*name="{name}"[^>]*value="([^"]*)"', page)
    if not values:
        raise NoAnswer(f"no field {name} on the page")
    return html.unescape(values[-1])
