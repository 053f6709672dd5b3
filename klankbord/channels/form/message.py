"""What a resident hands in at the contact form, from the page to the words on the desk. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import uuid
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from django.utils.translation import gettext as _

from klankbord.channels.contract import AttachmentData, AuthorData, Envelope, Json, PostArrived, Unparseable, Visibility

SIGNS = "23456789BCDFGHJKMNPQRSTVWXYZ"
"""No vowels, so no words; no sign that can be taken for another."""


@dataclass(frozen=True, slots=True)
class Photo:
    filename: str
    content_type: str
    content: bytes
    description: str = ""


@dataclass(frozen=True, slots=True)
class Submission:
    """One message as it was handed in. ``id`` was made with the page: the same page sent twice is one message."""

    id: uuid.UUID
    text: str
    at: datetime
    subject: str = ""
    name: str = ""
    email: str = ""
    place: str = ""
    language: str = "nl"
    confirm: bool = True
    """False when this address was sent enough confirmations for now."""
    photos: tuple[Photo, ...] = ()

    @property
    def reference(self) -> str:
        return reference_of(self.id)

    def envelope(self) -> Envelope:
        """Durable form. Other words from the same page are another message in the same thread: nothing is lost."""
        body = asdict(self) | {"id": str(self.id), "at": self.at.astimezone(UTC).isoformat()}
        body["photos"] = [asdict(one) | {"content": base64.b64encode(one.content).decode()} for one in self.photos]
        said = {name: body[name] for name in ("text", "subject", "name", "email", "place", "photos")}
        mark = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:16]
        return Envelope(f"{self.id}:{mark}", json.dumps(body | {"mark": mark}, ensure_ascii=False).encode())


def reference_of(id: uuid.UUID) -> str:
    """What a resident can read out on the phone: two times four signs, made from the id of the page."""
    number, signs = id.int, ""
    for _place in range(8):
        number, place = divmod(number, len(SIGNS))
        signs += SIGNS[place]
    return f"{signs[:4]}-{signs[4:]}"


def understand(body: bytes) -> PostArrived:
    """The message in an envelope. Raises Unparseable and nothing else."""
    try:
        said = json.loads(body)
        if "photos" not in said:
            # handed in when one photo was the most
            said["photos"] = [said["photo"]] if said["photo"] else []
        return _post(said, uuid.UUID(said["id"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error) as problem:
        raise Unparseable(_("This is not a message of the contact form.")) from problem


def _post(said: Json, id: uuid.UUID) -> PostArrived:
    reference, email = reference_of(id), str(said["email"])
    at = datetime.fromisoformat(said["at"])
    if at.tzinfo is None:
        raise ValueError("no time zone")
    lines = [_("Place: %(place)s") % {"place": said["place"]}] if said["place"] else []
    lines.append(_("Reference: %(reference)s") % {"reference": reference})
    return PostArrived(
        uri=f"form:{id}:{said['mark']}",
        root_uri=f"form:{id}",
        author=AuthorData(
            # without an address nobody can be known again: each message is of somebody else
            network_id=email or f"form:{id}",
            handle=email or reference,
            name=str(said["name"]) or ("" if email else _("Somebody without a name")),
        ),
        text=str(said["text"]) + "\n\n" + "\n".join(lines),
        published_at=at,
        visibility=Visibility.DIRECT,
        subject=str(said["subject"]),
        language=str(said["language"]),
        attachments=tuple(_file(one) for one in said["photos"]),
        reply_data={
            "to": email,
            "subject": str(said["subject"]),
            "reference": reference,
            "confirm": bool(email and said["confirm"]),
        },
    )


def _file(photo: Json) -> AttachmentData:
    return AttachmentData(
        filename=str(photo["filename"]),
        content_type=str(photo["content_type"]),
        alt_text=str(photo["description"]),
        content=base64.b64decode(photo["content"], validate=True),
    )
