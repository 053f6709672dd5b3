"""What a colleague took down: a call, somebody at the counter, a letter, a row of a file. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from klankbord.channels.contract import AuthorData, Envelope, Event, Ignored, Json, PostArrived, Unparseable, Visibility
from klankbord.channels.mail.identity import Own
from klankbord.channels.mail.message import understand as understand_mail

CAME_BY = {
    "phone": gettext_lazy("By telephone"),
    "counter": gettext_lazy("At the counter"),
    "letter": gettext_lazy("By letter"),
    "elsewhere": gettext_lazy("Seen or heard elsewhere"),
    "file": gettext_lazy("From a file"),
}
NOBODY = Own("nobody@invalid")
"""A mail that is brought in by hand was not sent to a mailbox of ours."""


@dataclass(frozen=True, slots=True)
class Note:
    """One thing that was said, as somebody wrote it down."""

    text: str
    at: datetime
    mark: str = ""
    """Identity of the page it was typed on; empty for a row of a file, which is known by its words."""
    name: str = ""
    phone: str = ""
    email: str = ""
    subject: str = ""
    place: str = ""
    came_by: str = "phone"
    call_back: datetime | None = None
    taken_by: str = ""
    dated: str = ""
    """The moment as a file writes it: the same words at another moment are another note."""
    more: tuple[tuple[str, str], ...] = ()
    """Columns of a file that have no place of their own, so that nothing of it is lost."""

    @property
    def uri(self) -> str:
        """The same words from the same page, or the same row of a file, are the same note."""
        said = [self.text, self.name, self.phone, self.email, self.subject, self.place, self.came_by, self.dated]
        said += [": ".join(pair) for pair in self.more]
        if self.mark:
            said.append(self.call_back.isoformat() if self.call_back else "")
        digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
        return f"tip:{self.mark}:{digest}" if self.mark else f"tip:{digest}"

    def envelope(self) -> Envelope:
        body = asdict(self) | {
            "uri": self.uri,
            "at": self.at.astimezone(UTC).isoformat(),
            "call_back": self.call_back.astimezone(UTC).isoformat() if self.call_back else "",
        }
        return Envelope(self.uri, json.dumps(body, ensure_ascii=False).encode())


def mail_envelope(raw: bytes) -> Envelope:
    """A mail that somebody brought in as a file; the same file is the same mail."""
    body = json.dumps({"mail": base64.b64encode(raw).decode()})
    return Envelope(f"mail:{hashlib.sha256(raw).hexdigest()}", body.encode())


def understand(body: bytes) -> list[Event]:
    """What an envelope holds. Raises Unparseable and nothing else."""
    try:
        said = json.loads(body)
        if "mail" in said:
            return [_by_hand(event) for event in understand_mail(base64.b64decode(said["mail"]), NOBODY)]
        return [_post(said)]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OverflowError, binascii.Error) as problem:
        raise Unparseable(_("This is not a note of a call or a tip.")) from problem


def _by_hand(event: Event) -> Event:
    """A mail that a person brings in is for people, whatever it looks like; what is empty of meaning says so."""
    return event if isinstance(event, PostArrived | Ignored) else Ignored(_("A message of a mail server"))


def _post(said: Json) -> PostArrived:
    at = datetime.fromisoformat(said["at"])
    if at.tzinfo is None:
        raise ValueError("no time zone")
    name, phone, email = str(said["name"]), str(said["phone"]), str(said["email"]).lower()
    return PostArrived(
        uri=str(said["uri"]),
        author=AuthorData(
            network_id=email or same_number(phone) or str(said["uri"]),
            handle=email or phone or _("no number or address"),
            name=name or ("" if email or phone else _("Somebody without a name")),
        ),
        text="\n\n".join(filter(None, (str(said["text"]), "\n".join(_lines(said, phone, email))))),
        published_at=at,
        visibility=Visibility.DIRECT,
        subject=str(said["subject"]),
        reply_data={"phone": phone, "email": email},
    )


def _lines(said: Json, phone: str, email: str) -> list[str]:
    by = CAME_BY.get(str(said["came_by"]), "")
    taken = str(said["taken_by"])
    lines = [_("%(by)s, taken down by %(name)s") % {"by": by, "name": taken} if taken else str(by)]
    if said["call_back"]:
        at = localtime(datetime.fromisoformat(said["call_back"]))
        when = f"{date_format(at, 'l j F')} {at:%H:%M}"
        lines.append(_("Wants to be called back: %(when)s") % {"when": when})
    facts = ((_("Telephone"), phone), (_("Mail"), email), (_("Place"), said["place"]), *map(tuple, said["more"]))
    return lines + [f"{label}: {value}" for label, value in facts if value]


def same_number(phone: str) -> str:
    """A Dutch telephone number in one way of writing, so that who calls again is known; empty when there is none."""
    digits = re.sub(r"\D", "", phone.replace("(0)", ""))
    if digits.startswith("0031"):
        digits = "0" + digits[4:]
    elif phone.strip().startswith("+31"):
        digits = "0" + digits[2:]
    return f"tel:{digits}" if digits else ""
