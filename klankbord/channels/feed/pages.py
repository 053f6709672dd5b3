"""The article behind an item, for matching only: fetched where the site lets machines, never shown."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser

from klankbord.base.outside.http import USER_AGENT, Answer, Limits, Outside, OutsideError
from klankbord.base.text.clean import built_too_deep
from klankbord.channels.contract import Json

LARGEST_PAGE = 2_000_000  # bytes
LARGEST_RULES = 500_000  # bytes
PATIENCE = Limits(connect=3.0, read=5.0, total=8.0, size=LARGEST_PAGE)
RULES_LAST = timedelta(days=1)
LONGEST_TEXT = 200_000  # characters


class Pages:
    """Fetches articles within ``seconds``, and remembers per site what its robots.txt says (a day, in ``rules``)."""

    def __init__(self, outside: Outside, rules: Json, now: datetime, seconds: float) -> None:
        self._outside, self._now = outside, now
        self._until = time.monotonic() + seconds
        self.rules: Json = {site: one for site, one in rules.items() if _fresh(one, now)}

    @property
    def time_is_up(self) -> bool:
        return time.monotonic() >= self._until

    def fetch(self, link: str) -> str:
        """The page as text; empty when it may not or cannot be had: an item goes on without."""
        if not link or not self._may(link):
            return ""
        answer = self._get(link, PATIENCE)
        if answer is None or not answer.ok or "html" not in answer.headers.get("content-type", "").lower():
            return ""
        return answer.body.decode(answer.headers.encoding, "replace")

    def _may(self, link: str) -> bool:
        """RFC 9309: no rules means yes, rules that cannot be reached mean no."""
        parts = urlsplit(link)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self.rules:
            self.rules[site] = {"at": self._now.isoformat(), "text": self._ask(site)}
        text = self.rules[site]["text"]
        if text is None:
            return False
        parser = RobotFileParser()
        parser.parse(str(text).splitlines())
        return parser.can_fetch(USER_AGENT, link)

    def _ask(self, site: str) -> str | None:
        answer = self._get(f"{site}/robots.txt", Limits(connect=3.0, read=5.0, total=8.0, size=LARGEST_RULES))
        if answer is None or answer.status >= 500 or answer.status == 429:
            return None
        return answer.body.decode("utf-8", "replace")[:20_000] if answer.ok else ""

    def _get(self, url: str, limits: Limits) -> Answer | None:
        try:
            return self._outside.request("GET", url, limits=limits)
        except OutsideError:
            return None


def _fresh(rule: Json, now: datetime) -> bool:
    return now - datetime.fromisoformat(rule["at"]) < (RULES_LAST if rule["text"] is not None else timedelta(hours=1))


def article_text(page: str) -> str:
    """The words of the article on a page, without menus and advertisements; empty when there is none to be found."""
    if not page or built_too_deep(page):
        return ""
    # takes a third of a second to import, which only the process that reads pages should pay
    from trafilatura import extract

    try:
        found = extract(page, include_comments=False, include_tables=True, fast=True)
    except Exception:  # noqa: BLE001  # it promises no kind of error; then the item keeps its headline
        return ""
    return (found or "")[:LONGEST_TEXT]
