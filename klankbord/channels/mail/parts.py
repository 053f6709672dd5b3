"""Takes a MIME structure apart: which parts are the words, which are files, however crooked it was built."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from html import escape

from django.utils.translation import gettext as _

from klankbord.base.text.clean import built_too_deep, without_tags
from klankbord.channels.contract import AttachmentData
from klankbord.channels.mail.words import (
    TEXT_LIMIT,
    decode,
    decode_words,
    header,
    html_to_text,
    one_line,
    tidy,
)

DEEPEST = 30
MOST_PARTS = 500
MOST_FILES = 50
_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,80}/[a-z0-9][a-z0-9!#$&^_.+-]{0,80}")
_SIGNATURES = {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}


@dataclass(slots=True)
class Content:
    """What a mail holds: its words, the HTML they came in, its files, and what could not be shown."""

    text: str = ""
    html: str = ""
    files: list[AttachmentData] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    alts: dict[str, str] = field(default_factory=dict)
    content_ids: dict[int, str] = field(default_factory=dict)


def walk(message: Message) -> Iterator[Message]:
    """Every part, the message itself first, without going endlessly deep or wide."""
    waiting = [(message, 0)]
    seen = 0
    while waiting and seen < MOST_PARTS:
        part, depth = waiting.pop()
        seen += 1
        yield part
        children = part.get_payload() if part.is_multipart() else None
        if isinstance(children, list) and depth < DEEPEST:
            waiting.extend((one, depth + 1) for one in reversed(children[:MOST_PARTS]) if isinstance(one, Message))


def parameter(part: Message, name: str, of: str = "content-type") -> str:
    """A parameter of a header, empty when absent or broken beyond use."""
    try:
        value = part.get_param(name, "", of)
        if isinstance(value, tuple):
            return decode(value[2].encode("latin-1", "replace"), value[0] or "")
        raw = str(value or "").encode("utf-8", "surrogateescape")
        return decode_words(decode(raw))
    except (ValueError, TypeError, LookupError, AttributeError):
        return ""


def decoded(part: Message) -> bytes:
    """The bytes of a part that has no parts, its transfer encoding undone as far as possible."""
    try:
        content = part.get_payload(decode=True)
    except (ValueError, TypeError, LookupError, AssertionError):
        del part["Content-Transfer-Encoding"]
        content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def decoded_text(part: Message) -> str:
    """The text of a text part, flowed lines (RFC 3676) made whole again."""
    text = tidy(decode(decoded(part), parameter(part, "charset")))
    if parameter(part, "format").lower() == "flowed":
        return _unflowed(text, parameter(part, "delsp").lower() == "yes")
    return text


def content_of(message: Message, complete: bool = True) -> Content:
    """All that people should see of a mail; files of an incomplete mail are left out, they may be cut through."""
    content = _Reader(complete).read(message)
    content.files = [
        file
        if not (alt := content.alts.get(content.content_ids.get(number, "")))
        else AttachmentData(file.filename, file.content_type, alt, content=file.content)
        for number, file in enumerate(content.files)
    ]
    return content


class _Reader:
    def __init__(self, complete: bool) -> None:
        self.complete = complete
        self.content = Content()
        self.parts = 0

    def read(self, message: Message) -> Content:
        plain, rich = self._visit(message, 0)
        if max(len(plain), len(rich)) > TEXT_LIMIT:
            self._note(_("This mail is very long: only its beginning is shown."))
        if not plain.strip() and rich:
            plain, alts = html_to_text(rich)
        else:
            alts = html_to_text(rich)[1] if rich and self.content.content_ids else {}
        self.content.text, self.content.html, self.content.alts = tidy(plain), tidy(rich), alts
        return self.content

    def _visit(self, part: Message, depth: int) -> tuple[str, str]:
        """The plain and rich words below a part; files are collected on the way."""
        self.parts += 1
        if depth > DEEPEST or self.parts > MOST_PARTS:
            self._note(_("This mail is built so strangely that not all of it can be shown."))
            return "", ""
        kind = part.get_content_type()
        # Asked of a part without parts, the library would decode its text with any codec the sender names.
        children = part.get_payload() if part.is_multipart() else None
        if part.get_content_maintype() == "multipart" and isinstance(children, list):
            if kind == "multipart/encrypted":
                self._note(_("This mail is encrypted and cannot be read here."))
            found = [self._visit(one, depth + 1) for one in children if isinstance(one, Message)]
            return _first_of_each(found) if kind == "multipart/alternative" else _all_of_each(found)
        if kind in ("text/plain", "text/html") and not self._is_file(part):
            text = decoded_text(part)
            if kind == "text/html" and built_too_deep(text):
                self._note(_("This mail is built so strangely that not all of it can be shown."))
                text, kind = without_tags(text), "text/plain"
            return ("", text) if kind == "text/html" else (text, "")
        if kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
            self._note(_("This mail is encrypted or signed in a way that cannot be read here."))
        if kind not in _SIGNATURES:
            self._add_file(part, kind)
        return "", ""

    def _is_file(self, part: Message) -> bool:
        return part.get_content_disposition() == "attachment" or bool(_filename(part))

    def _add_file(self, part: Message, kind: str) -> None:
        if not self.complete:
            return
        if len(self.content.files) >= MOST_FILES:
            self._note(_("This mail has more than %(count)s files; the others are not shown.") % {"count": MOST_FILES})
            return
        content = _whole(part) if part.is_multipart() or kind.startswith("message/") else decoded(part)
        kind = kind if _TYPE.fullmatch(kind) else "application/octet-stream"
        if content_id := header(part, "Content-ID").strip("<> "):
            self.content.content_ids[len(self.content.files)] = content_id
        name = _filename(part) or _default_name(part, kind)
        self.content.files.append(AttachmentData(filename=name, content_type=kind, content=content))

    def _note(self, note: str) -> None:
        if note not in self.content.notes:
            self.content.notes.append(note)


def _first_of_each(found: list[tuple[str, str]]) -> tuple[str, str]:
    """Of alternatives the first plain one with words and the last rich one, the best by RFC 2046."""
    plain = next((text for text, _rich in found if text.strip()), "")
    rich = next((rich for _text, rich in reversed(found) if rich.strip()), "")
    return plain, rich


def _all_of_each(found: list[tuple[str, str]]) -> tuple[str, str]:
    """Parts one under the other; in each form the words of all of them."""
    filled = [(text, rich) for text, rich in found if text.strip() or rich.strip()]
    if not any(rich for _text, rich in filled):
        return "\n\n".join(text.strip("\n") for text, _rich in filled), ""
    plain = "\n\n".join((text if text.strip() else html_to_text(rich)[0]).strip("\n") for text, rich in filled)
    rich = "\n".join(rich or f"<pre>{escape(text)}</pre>" for text, rich in filled)
    return plain, rich


def _filename(part: Message) -> str:
    name = parameter(part, "filename", "content-disposition") or parameter(part, "name")
    return one_line(re.split(r"[/\\]", name)[-1], 150).strip(". ")


def _default_name(part: Message, kind: str) -> str:
    if kind == "message/rfc822":
        inner = part.get_payload()
        first = inner[0] if isinstance(inner, list) and inner else None
        subject = header(first, "Subject") if isinstance(first, Message) else ""
        title = re.sub(r"[^\w .,-]", "", one_line(decode_words(subject), 80)).strip()
        return (title or _("mail")) + ".eml"
    return _("file") + (mimetypes.guess_extension(kind) or "")


def _whole(part: Message) -> bytes:
    """A mail inside the mail, as bytes."""
    inner = part.get_payload()
    try:
        if isinstance(inner, list) and inner and isinstance(inner[0], Message):
            return b"".join(one.as_bytes() for one in inner if isinstance(one, Message))
        return decoded(part)
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return b""


def _unflowed(text: str, delete_space: bool) -> str:
    lines: list[str] = []
    depth_before, flows = 0, False
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ")
        if flows and depth == depth_before and line != "-- ":
            lines[-1] += words
        else:
            lines.append(f"{'>' * depth} {words}" if depth else words)
        depth_before = depth
        flows = words.endswith(" ") and words != "-- "
        if flows and delete_space:
            lines[-1] = lines[-1][:-1]
    return "\n".join(lines)
