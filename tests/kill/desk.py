"""Colleagues at the desk: one answers, another keeps drafts and takes answers back."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from random import Random

from tests.kill.browser import Browser, NoAnswer, field


@dataclass
class Form:
    """An answer as it was written, and what the desk said to it."""

    conversation: int
    client_id: str
    text: str
    acknowledged: bool = False
    refused: bool = False
    taken_back: bool = False
    """The desk showed it as a draft again: nobody may ever get it."""
    undo_pressed: bool = False
    tries: int = 0


class Colleague(Browser):
    """Looks at the queue, and answers. What got no answer is often, not always, sent again as it was."""

    def __init__(self, address: str, chance: Random) -> None:
        super().__init__(address)
        self.chance = chance
        self.forms: list[Form] = []

    def conversations(self) -> list[int]:
        page = self.call("/desk/?view=all")[1]
        return sorted({int(found) for found in re.findall(r'href="/desk/(\d+)[?"]', page)})

    def write(self, conversation: int, text: str) -> Form | None:
        """Answer a conversation; None when there is nothing to fill in."""
        fields = self._composer(conversation)
        if fields is None:
            return None
        form = Form(conversation, fields["client_id"], text)
        self.forms.append(form)
        for _again in range(4):
            self._press(form, fields | {"text": text})
            if form.acknowledged or form.refused or self.chance.random() < 0.25:
                break
        return form

    def _composer(self, conversation: int) -> dict[str, str] | None:
        page = self.call(f"/desk/{conversation}")[1]
        found = re.search(rf'<form[^>]*action="/desk/{conversation}/reply".*?</form>', page, re.DOTALL)
        if found is None:
            return None
        return {name: field(found[0], name) for name in ("csrfmiddlewaretoken", "client_id", "seen")}

    def _press(self, form: Form, fields: dict[str, str]) -> None:
        form.tries += 1
        try:
            status, page, to = self.call(f"/desk/{form.conversation}/reply", fields)
        except NoAnswer:
            return
        if status == 302 and to.startswith("/desk/"):
            form.acknowledged = True
        elif status == 200 and 'id="reply-error"' in page:
            form.refused = True


class Doubter(Colleague):
    """Somebody with an account of their own who keeps drafts, and takes back what was just sent."""

    def __init__(self, address: str, chance: Random) -> None:
        super().__init__(address, chance)
        self.drafts: dict[int, list[str]] = {}
        """By conversation: what may stand there now. The last one kept, and what got no answer after it."""

    def doubt(self, conversation: int, number: int) -> None:
        if self.chance.random() < 0.5:
            self._keep(conversation, f"Concept {number} (oefening).")
        else:
            self._take_back(conversation, f"Antwoord {number} van de gemeente (oefening).")

    def _keep(self, conversation: int, text: str) -> None:
        fields = self._composer(conversation)
        if fields is None:
            return
        self.drafts.setdefault(conversation, [""]).append(text)
        for _again in range(4):
            try:
                status, _page, _to = self.call(f"/desk/{conversation}/draft/reply", fields | {"text": text})
            except NoAnswer:
                continue
            assert status == 204, f"keeping a draft gave {status}"
            self.drafts[conversation] = [text]
            return

    def _take_back(self, conversation: int, text: str) -> None:
        if conversation in self.drafts:
            # sending takes the draft away: that one is followed elsewhere
            return
        form = self.write(conversation, text)
        if form is None or not form.acknowledged:
            return
        try:
            page = self.call(f"/desk/{conversation}")[1]
            step = re.search(r'action="(/desk/step/\d+/undo[^"]*)"', page)
            if step is None:
                return
            form.undo_pressed = True
            self.call(html.unescape(step[1]), {"csrfmiddlewaretoken": field(page, "csrfmiddlewaretoken")})
            page = self.call(f"/desk/{conversation}")[1]
        except NoAnswer:
            return
        typed = re.search(r'<textarea[^>]*id="reply-text"[^>]*>(.*?)</textarea>', page, re.DOTALL)
        if typed and text in html.unescape(typed[1]):
            form.taken_back = True
            self.drafts[conversation] = [text]
