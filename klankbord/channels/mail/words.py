"""Turns the bytes and headers of a mail into plain words, whatever a sender made of them."""

from __future__ import annotations

import base64
import binascii
import codecs
import hashlib
import quopri
import re
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser
from itertools import islice

import nh3

HEADER_LIMIT = 10_000
HEADERS_LIMIT = 1_000
LONGEST_ID = 250
TEXT_LIMIT = 500_000

# Only real character sets: some codecs of Python are slow on purpose (punycode) or no text at all (zlib).
_CHARSETS = re.compile(
    r"utf-(8|8-sig|16|16-be|16-le|32|32-be|32-le|7)|ascii|iso8859-\d+|cp(125[0-8]|437|85[028]|86[0-9]|874|932|949|950)"
    r"|koi8-[ru]|mac-(roman|latin2|cyrillic|greek|turkish)|gb2312|gbk|gb18030|hz|big5|big5hkscs|euc_(jp|kr)|shift_jis"
    r"|iso2022_(jp|kr)(_\d)?|tis-620"
)
_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,60})\?([bqBQ])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\r\n]+(=\?[^?\s]{1,60}\?[bqBQ]\?)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
_DIRECTION = re.compile("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_MESSAGE_ID = re.compile(r"<([^<>\s]{1,990})>")
_BLOCKS = {"p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "ul", "ol", "table", "blockquote", "hr"}
_KEPT = _BLOCKS | {"br", "a", "img", "td"}
_DROPPED = {"script", "style", "title", "head", "noscript", "template", "svg", "math"}


def decode(content: bytes, charset: str = "") -> str:
    """Text from bytes: the charset that was told when it fits, else UTF-8, else Windows-1252."""
    if not content.isascii():
        # Whoever says Latin-1 and sends valid UTF-8 is mistaken about Latin-1.
        try:
            return content.decode("utf-8")
        except UnicodeDecodeError:
            pass
    name = _charset(charset)
    try:
        return content.decode(name)
    except (UnicodeDecodeError, LookupError):
        return content.decode("cp1252", "replace")


def _charset(told: str) -> str:
    try:
        name = codecs.lookup(told.strip(" \"'").replace("\0", "")).name if told else "utf-8"
    except (LookupError, UnicodeError):
        return "utf-8"
    if name in ("ascii", "iso8859-1"):
        return "cp1252"
    return name if _CHARSETS.fullmatch(name) else "utf-8"


def tidy(text: str) -> str:
    """Text without what a database or a screen chokes on: NUL, controls, half characters, strange line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").encode("utf-8", "replace").decode("utf-8")
    return _CONTROL.sub("", text)[:TEXT_LIMIT]


def one_line(text: str, limit: int = 300) -> str:
    """A name, subject or file name: one line that cannot turn the writing direction of its surroundings."""
    return " ".join(_DIRECTION.sub("", tidy(text[: 4 * limit])).split())[:limit].strip()


def header(message: Message, name: str) -> str:
    """The first header of this name, unfolded, not yet decoded; empty when absent."""
    for key, value in islice(message.raw_items(), HEADERS_LIMIT):
        if key.lower() == name.lower():
            raw = str(value)[:HEADER_LIMIT].encode("utf-8", "surrogateescape")
            return decode(raw).replace("\r", "").replace("\n", "").replace("\0", "").strip()
    return ""


def decode_words(value: str) -> str:
    """Encoded words (RFC 2047) to text; what is broken stays as it was."""
    if "=?" not in value:
        return value

    def word(match: re.Match[str]) -> str:
        charset, kind, content = match[1].split("*")[0], match[2].lower(), match[3]
        raw = content.encode("utf-8", "surrogateescape")
        try:
            if kind == "b":
                return decode(base64.b64decode(raw + b"=" * (-len(raw) % 4)), charset)
            return decode(quopri.decodestring(raw, header=True), charset)
        except (binascii.Error, ValueError):
            return match[0]

    return _ENCODED_WORD.sub(word, _BETWEEN_WORDS.sub(r"\1\2", value))


def message_ids(value: str) -> list[str]:
    """The Message-IDs in a header as they are written, without brackets; one without any brackets counts too."""
    found = _MESSAGE_ID.findall(value)
    return found or ([value] if re.fullmatch(r"[^<>\s]{1,990}@[^<>\s]{1,990}", value) else [])


def uri_of(message_id: str) -> str:
    """The name under which a mail is known: its Message-ID, of which only the domain has no case (RFC 5322, 1035)."""
    name, at, domain = message_id.strip("<>").rpartition("@")
    whole = f"{name}{at}{domain.lower()}"
    if len(whole) > LONGEST_ID:
        whole = f"sha256:{hashlib.sha256(whole.encode('utf-8', 'replace')).hexdigest()}"
    return f"mid:<{tidy(whole)}>"


def moment(value: str) -> datetime | None:
    """A mail date, or ``None`` when it is none."""
    try:
        found = parsedate_to_datetime(value[:200])
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None


def html_to_text(source: str) -> tuple[str, dict[str, str]]:
    """Readable text from HTML, quotations with ``>``; and the alternative texts of images by their content id."""
    clean = nh3.clean(
        source[:TEXT_LIMIT],
        tags=_KEPT,
        clean_content_tags=_DROPPED,
        attributes={"a": {"href"}, "img": {"src", "alt"}, "blockquote": {"class"}},
        url_schemes={"http", "https", "mailto", "tel", "cid"},
        link_rel=None,
    )
    reader = _TextReader()
    reader.feed(clean)
    reader.close()
    return reader.text(), reader.alts


class _TextReader(HTMLParser):
    """Writes down clean HTML as lines of text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = [""]
        self.depth = 0
        self.pre = 0
        self.alts: dict[str, str] = {}
        self.links: list[tuple[str, int, int]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in _BLOCKS:
            self._new_line()
        if tag == "blockquote":
            self.depth = min(self.depth + 1, 20)
            self._new_line()
        elif tag == "pre":
            self.pre += 1
        elif tag == "br":
            self.lines.append(self._quote())
        elif tag == "li":
            self.lines[-1] += "- "
        elif tag == "td" and self.lines[-1].strip("> "):
            self.lines[-1] += " "
        elif tag == "a":
            self.links.append((given.get("href", ""), len(self.lines) - 1, len(self.lines[-1])))
        elif tag == "img" and given.get("alt"):
            source = given.get("src", "")
            if source.startswith("cid:"):
                self.alts[source[4:]] = one_line(given["alt"], 1000)

    def handle_endtag(self, tag: str) -> None:
        if tag == "blockquote":
            self.depth = max(0, self.depth - 1)
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)
        elif tag == "a" and self.links:
            href, line, column = self.links.pop()
            shown = "".join([self.lines[line][column:], *self.lines[line + 1 :]]).strip()
            target = href.removeprefix("mailto:").removeprefix("tel:")
            if target and shown and target.rstrip("/") not in shown and not shown.startswith("http"):
                self.lines[-1] += f" <{target}>"
        if tag in _BLOCKS:
            self._new_line()

    def handle_data(self, data: str) -> None:
        if self.pre:
            first, *rest = data.split("\n")
            self.lines[-1] += first
            self.lines.extend(self._quote() + line for line in rest)
            return
        words = re.sub(r"[ \t\r\n\f\xa0]+", " ", data)
        if self.lines[-1] == self._quote() or self.lines[-1].endswith(" "):
            words = words.lstrip(" ")
        self.lines[-1] += words

    def text(self) -> str:
        """All lines, never more than one empty line in a row."""
        joined = "\n".join(line.rstrip() for line in self.lines)
        return re.sub(r"\n{3,}", "\n\n", joined).strip("\n")

    def _new_line(self) -> None:
        if self.lines[-1].strip("> "):
            self.lines.append(self._quote())
        else:
            self.lines[-1] = self._quote()

    def _quote(self) -> str:
        return "> " if self.depth else ""
