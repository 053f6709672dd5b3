"""Makes what comes from outside safe to keep, to show and to read at a glance."""

from __future__ import annotations

import html as entities
import re
import unicodedata

import nh3

from klankbord.base.text.folding import fold
from klankbord.base.text.tokens import Kind, tokenize

_KEPT_TAGS = {
    *("p", "div", "br", "hr", "a", "strong", "b", "em", "i", "u", "s", "del", "blockquote", "pre", "code"),
    *("ul", "ol", "li"),
}
_PLAINER = {
    **{f"h{level}": ("<div><strong>", "</strong></div>") for level in range(1, 7)},
    "tr": ("<div>", "</div>"),
    "dt": ("<div>", "</div>"),
    "dd": ("<div>", "</div>"),
    "td": ("", " "),
    "th": ("", " "),
}
"""A strange heading would break the order of headings on our page, a layout table the reading order."""
_DROPPED_WITH_CONTENT = {
    *("script", "style", "title", "template", "iframe", "object", "svg", "math", "select", "textarea", "noscript"),
    *("audio", "video", "canvas"),
}
_SCHEMES = {"http", "https", "mailto", "tel"}
_LAYOUT_TAG = re.compile(r"<(/?)(h[1-6]|tr|td|th|dt|dd)\b[^<>]*>", re.IGNORECASE)
_TAG_OR_WORDS = re.compile(r"""<(/?)([a-z0-9]+)((?:[^>"]|"[^"]*")*)>|([^<]+)""")
"""Reads what nh3 wrote, which is always well-formed."""

_LINE_TAGS = {*("div", "li", "tr", "dt", "dd", "hr", "section", "article", "header", "footer", "address")}
_PARAGRAPH_TAGS = {*("p", "blockquote", "pre", "ul", "ol", "dl", "table"), *(f"h{level}" for level in range(1, 7))}
_TEXT_TAGS = {*_LINE_TAGS, *_PARAGRAPH_TAGS, "br", "td", "th"}
_BLANKS = re.compile(r"[ \t\n\f\r\u00a0]+")
_MANY_NEWLINES = re.compile(r"\n{3,}")

_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_LINE_BREAK = re.compile("\r\n?|\u2028|\u2029|\x85|\x0b|\x0c")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
_WORTH_A_LOOK = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)
"""Every character of the three above: nearly every text has none of them, and one look tells."""
_POP = "\u2069"
_ISOLATE_FOR = {
    "\u202a": "\u2066",
    "\u202d": "\u2066",
    "\u2066": "\u2066",
    "\u202b": "\u2067",
    "\u202e": "\u2067",
    "\u2067": "\u2067",
    "\u2068": "\u2068",
}


_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]*)")
_CLOSES_ITSELF = {*("area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr")}
DEEPEST_HTML = 500
"""Elements inside elements. An HTML parser's time grows with the square: 100,000 nested ones take a minute."""


def built_too_deep(html: str) -> bool:
    """Whether elements are nested so deep that parsing would stop the house; linear in the length of the text."""
    depth = 0
    for closing, name in _TAG.findall(html):
        if name.lower() in _CLOSES_ITSELF:
            continue
        depth = max(0, depth - 1) if closing else depth + 1
        if depth > DEEPEST_HTML:
            return True
    return False


def without_tags(html: str) -> str:
    """The words of HTML that is not worth parsing, as plain text."""
    return re.sub(r"<[^<>]{0,2000}>", "", html)


def clean_html(html: str) -> str:
    """What we may show of foreign HTML: words, lists, quotations and links; nothing that loads, runs or lays out.

    Links open without telling where they came from. Cleaning again loses no words.
    """
    if built_too_deep(html):
        return entities.escape(safe_text(without_tags(html)), quote=False)
    cleaned = nh3.clean(
        _LAYOUT_TAG.sub(_plainer, _UNSAFE.sub("", html)),
        tags=_KEPT_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes={"a": {"href"}},
        url_schemes=_SCHEMES,
        link_rel="nofollow noopener",
    )
    if not _WORTH_A_LOOK.search(cleaned) and unicodedata.is_normalized("NFC", cleaned):
        return cleaned
    return _TAG_OR_WORDS.sub(_make_safe, cleaned)


def _plainer(tag: re.Match[str]) -> str:
    opening, closing = _PLAINER[tag[2].lower()]
    return closing if tag[1] else opening


def _make_safe(found: re.Match[str]) -> str:
    """Words made safe once more, since a character reference can hide anything, or a tag without odd characters."""
    closing, tag, attributes, words = found.groups()
    if words is not None:
        return safe_text(words)
    return f"<{closing}{tag}{_BIDI.sub('', _UNSAFE.sub('', attributes))}>"


def html_to_text(html: str) -> str:
    """The words of an HTML text, with a line for each block and a blank line between paragraphs."""
    if built_too_deep(html):
        return safe_text(entities.unescape(without_tags(html))).strip()
    flat = nh3.clean(
        _UNSAFE.sub("", html),
        tags=_TEXT_TAGS,
        clean_content_tags=_DROPPED_WITH_CONTENT,
        attributes={},
        link_rel=None,
    )
    pieces: list[str] = []
    preformatted = 0
    for found in _TAG_OR_WORDS.finditer(flat):
        closing, tag, _, words = found.groups()
        if words is not None:
            words = entities.unescape(words)
            pieces.append(words if preformatted else _BLANKS.sub(" ", words))
            continue
        if tag == "pre":
            preformatted += -1 if closing else 1
        pieces.append(_mark_for(tag, bool(closing)))
    lines = (line.strip() for line in "".join(pieces).split("\n"))
    return safe_text(_MANY_NEWLINES.sub("\n\n", "\n".join(lines)).strip())


def _mark_for(tag: str, closing: bool) -> str:
    if tag == "br":
        return "\n"
    if tag in ("td", "th"):
        return " "
    if tag == "li":
        return "" if closing else "\n- "
    return "\n\n" if tag in _PARAGRAPH_TAGS else "\n"


def safe_text(text: str) -> str:
    """Text that a database keeps and a page shows without harm, composed (NFC), with ``\\n`` as the only line break.

    Control characters, NUL, lone surrogates and noncharacters go. A bidirectional override becomes an isolate and
    every isolate ends with its line, so that a hostile text cannot turn round what stands beside it.
    """
    if text.isascii() and text.isprintable():
        return text
    if _WORTH_A_LOOK.search(text):
        text = _UNSAFE.sub("", _LINE_BREAK.sub("\n", text))
        if _BIDI.search(text):
            text = "\n".join(_isolate(line) for line in text.split("\n"))
    return unicodedata.normalize("NFC", text)


def _isolate(line: str) -> str:
    depth = 0
    pieces: list[str] = []
    for character in line:
        isolate = _ISOLATE_FOR.get(character)
        if isolate:
            depth += 1
            pieces.append(isolate)
        elif character in ("\u202c", _POP):
            if depth:
                depth -= 1
                pieces.append(_POP)
        else:
            pieces.append(character)
    return "".join(pieces) + _POP * depth


_BETWEEN_NAMES = frozenset(
    (
        "van",
        "de",
        "der",
        "den",
        "het",
        "ten",
        "ter",
        "te",
        "in",
        "op",
        "aan",
        "el",
        "al",
        "la",
        "le",
        "du",
        "von",
        "t",
        "s",
    )
)


def initials(name: str) -> str:
    """One or two letters for an avatar: first and last name, without ``van der``; ``?`` when there is no letter."""
    words = [token for token in tokenize(name) if token.kind is not Kind.EMOJI and token.folded.strip("@#")]
    telling = [token for token in words if token.folded not in _BETWEEN_NAMES] or words
    letters = [_first_letter(token.text) for token in telling]
    letters = [letter for letter in letters if letter]
    if not letters:
        return "?"
    return letters[0] if len(letters) == 1 else letters[0] + letters[-1]


def _first_letter(word: str) -> str:
    """The first letter of a word in capital; IJ is one letter."""
    start = next((index for index, character in enumerate(word) if character.isalnum()), None)
    if start is None:
        return ""
    if fold(word[start : start + 2]) == "ij" and word[start + 1 : start + 2] in ("j", "J"):
        return "IJ"
    return unicodedata.normalize("NFKC", word[start]).upper()


def preview(text: str, length: int) -> str:
    """The beginning of a text on one line, at most ``length`` characters, cut between words with an ellipsis."""
    line = " ".join(text[: 20 * length + 100].split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    space = cut.rfind(" ")
    if line[length - 1] != " " and space > length // 2:
        cut = cut[:space]
    while cut and _inside_a_character(line, len(cut)):
        cut = cut[:-1]
    return cut.rstrip(" ,;:-\u2013") + "…"


def _inside_a_character(line: str, index: int) -> bool:
    """True when ``index`` falls inside what a reader sees as one character: an accent, a joined emoji, a flag."""
    after = line[index : index + 1]
    if not after or after.isascii():
        return False
    joined = "\u200d" in (after, line[index - 1])
    modifier = unicodedata.category(after)[0] == "M" or "\U0001f3fb" <= after <= "\U0001f3ff"
    return joined or modifier or _splits_a_flag(line, index)


def _splits_a_flag(line: str, index: int) -> bool:
    count = 0
    while count < index and "\U0001f1e6" <= line[index - 1 - count] <= "\U0001f1ff":
        count += 1
    return count % 2 == 1 and "\U0001f1e6" <= line[index] <= "\U0001f1ff"
