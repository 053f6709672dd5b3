"""From an answer of a colleague to the bytes of a mail. Pure, apart from what the clock says."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple

from django.utils.translation import gettext as _

from klankbord.channels.contract import Outgoing, OutgoingFile, Permanent
from klankbord.channels.mail.identity import Own, valid_address, valid_client_id
from klankbord.channels.mail.words import one_line, tidy

MOST_FILES = 10
MOST_FILE_BYTES = 20_000_000
SUBJECT_LIMIT = 200
LONGEST_TEXT = 100_000
REFERENCES_LIMIT = 4_000
_REPLY_PREFIX = re.compile(r"^((re|antw|aw|sv)\s*(\[\d+\])?\s*:\s*)+", re.IGNORECASE)
_SAFE_ID = re.compile(r"[\x21-\x3b\x3d\x3f-\x7e]{1,900}")
_TYPE = re.compile(r"(?!multipart/|message/)([a-z0-9][a-z0-9!#$&^_.+-]{0,60})/([a-z0-9][a-z0-9!#$&^_.+-]{0,60})")


class Composed(NamedTuple):
    """A mail ready to be handed over, its recipient and its Message-ID without brackets."""

    message: bytes
    recipient: str
    message_id: str


def compose(outgoing: Outgoing, own: Own, display_name: str, signature: str, now: datetime) -> Composed:
    """The answer as a mail with CRLF line ends. Raises Permanent when it cannot be written to this person."""
    if not valid_client_id(outgoing.client_id):
        raise Permanent(_("This answer has no valid mark of its own and cannot be sent safely."))
    recipient = _ascii_address(str(outgoing.reply_data.get("to") or outgoing.to.network_id))
    sender = _ascii_address(own.address)
    message_id = own.message_id(outgoing.client_id)
    mail = EmailMessage(policy=policy.SMTP)
    mail["From"] = Address(one_line(outgoing.sender_name or display_name, 100), addr_spec=sender)
    mail["To"] = Address(_name_of(outgoing), addr_spec=recipient)
    mail["Subject"] = subject_of(outgoing)
    if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})?", outgoing.language):
        mail["Content-Language"] = outgoing.language
    if outgoing.automatic:
        # so that no machine answers it (RFC 3834 section 5)
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(_text(outgoing.text, signature), charset="utf-8", cte="quoted-printable")
    for file in _checked(outgoing.files):
        _attach(mail, file)
    # The library would write long ids as encoded words, which nobody recognises; these lines are ours.
    threading = _threading_lines(outgoing, message_id)
    date = f"Date: {format_datetime(now.astimezone(UTC))}\r\n"
    return Composed((threading + date).encode("ascii") + mail.as_bytes(), recipient, message_id)


def subject_of(outgoing: Outgoing) -> str:
    """The subject of the thread with one *Re:*; a subject given by the colleague goes first."""
    given = one_line(outgoing.subject or str(outgoing.reply_data.get("subject") or ""), SUBJECT_LIMIT)
    bare = _REPLY_PREFIX.sub("", given).strip() or _("Your message")
    return f"Re: {bare}" if outgoing.parent_uri or outgoing.reply_data else bare


def _threading_lines(outgoing: Outgoing, message_id: str) -> str:
    lines = [f"Message-ID: <{message_id}>"]
    parent = str(outgoing.reply_data.get("message_id") or "")
    if not parent and outgoing.parent_uri.startswith("mid:<"):
        parent = outgoing.parent_uri.removeprefix("mid:").strip("<>")
    earlier = outgoing.reply_data.get("references") or []
    chain = [str(one) for one in (*earlier, parent) if _SAFE_ID.fullmatch(str(one))]
    chain = list(dict.fromkeys(chain))
    while len(chain) > 2 and sum(map(len, chain)) > REFERENCES_LIMIT:
        del chain[1]
    if _SAFE_ID.fullmatch(parent):
        lines.append(f"In-Reply-To: <{parent}>")
    if chain:
        lines.append("References: " + "\r\n ".join(f"<{one}>" for one in chain))
    return "".join(f"{line}\r\n" for line in lines)


def _ascii_address(address: str) -> str:
    """The address as a mail server without SMTPUTF8 takes it: the domain in IDNA."""
    name, _at, domain = address.strip().rpartition("@")
    try:
        plain = f"{name}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        plain = ""
    if not plain.isascii() or not valid_address(plain):
        raise Permanent(_("There is no mail address to which this answer can go."))
    return plain


def _name_of(outgoing: Outgoing) -> str:
    name = one_line(outgoing.to.name, 100)
    return "" if "@" in name else name


def _text(text: str, signature: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise Permanent(_("The answer is too long: at most %(count)s characters.") % {"count": LONGEST_TEXT})
    words = tidy(text).strip("\n")
    name = tidy(signature).strip()
    return f"{words}\n\n-- \n{name}\n" if name else f"{words}\n"


def _checked(files: tuple[OutgoingFile, ...]) -> tuple[OutgoingFile, ...]:
    if len(files) > MOST_FILES or sum(len(file.content) for file in files) > MOST_FILE_BYTES:
        raise Permanent(
            _("Too many or too large files: at most %(count)s files of %(size)s MB together.")
            % {"count": MOST_FILES, "size": MOST_FILE_BYTES // 1_000_000}
        )
    return files


def _attach(mail: EmailMessage, file: OutgoingFile) -> None:
    kind = _TYPE.fullmatch(file.content_type.lower())
    main, sub = kind.groups() if kind else ("application", "octet-stream")
    mail.add_attachment(file.content, maintype=main, subtype=sub, filename=one_line(file.filename, 120) or _("file"))
    if alt_text := one_line(file.alt_text, 500):
        list(mail.iter_attachments())[-1]["Content-Description"] = alt_text
