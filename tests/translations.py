"""The Dutch catalogue, made from the source: ``python -m tests.translations`` after changing a sentence.

It collects every marked sentence from Python and templates and those of dependencies that we say otherwise
(``klankbord/locale/dependencies.po``), keeps the translations there are, and writes the catalogue sorted and without
line numbers, so that a change shows only what changed. It then names what still needs a translation.
"""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from babel.messages import extract
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "klankbord" / "locale"
DEPENDENCIES = LOCALE / "dependencies.po"
CATALOGUE = LOCALE / "nl" / "LC_MESSAGES" / "django.po"
# Django's names beside those that Babel knows already.
KEYWORDS: dict[str, Any] = extract.DEFAULT_KEYWORDS | {
    "gettext_lazy": None,
    "gettext_noop": None,
    "_now": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
HEADER = (
    "Content-Type: text/plain; charset=utf-8",
    "Content-Transfer-Encoding: 8bit",
    "Language: nl",
    "MIME-Version: 1.0",
    "Plural-Forms: nplurals=2; plural=(n != 1);",
)
_FIELD = re.compile(r"(?<!\{)\{(\w+)\}(?!\})")


def from_template(file: IO[bytes], keywords: Any, comments: Any, options: Any) -> Iterator[Any]:
    """The marked sentences of a Django template, for Babel: Django writes the tags as Python, the rest as noise."""
    text = templatize(file.read().decode("utf-8"))
    # A tokenizer for Python minds indentation, which means nothing here.
    flat = "\n".join(line.strip() for line in text.splitlines())
    return extract.extract_python(io.BytesIO(flat.encode("utf-8")), keywords, comments, options)


def source() -> Catalog:
    """Every sentence that needs a translation."""
    found = Catalog(locale="nl")
    for path in sorted((ROOT / "klankbord").rglob("*")):
        if "tests" in path.parts or path.suffix not in (".py", ".html", ".txt"):
            continue
        method: Any = "python" if path.suffix == ".py" else from_template
        with path.open("rb") as file:
            for _line, message, _comments, context in extract.extract(method, file, KEYWORDS, comment_tags=()):
                found.add(message, context=context)
    for other in sentences(read(DEPENDENCIES)).values():
        found.add(other.id, context=other.context)
    return found


def read(path: Path) -> Catalog:
    """A catalogue from disk; an empty one when there is none."""
    if not path.exists():
        return Catalog(locale="nl")
    with path.open("rb") as file:
        return read_po(file, locale="nl", abort_invalid=True)


def key(message: Message) -> tuple[str | None, str]:
    """What a sentence is found by: its context and its (singular) text."""
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def sentences(catalogue: Catalog) -> dict[tuple[str | None, str], Message]:
    """The sentences of a catalogue without its header."""
    return {key(message): message for message in catalogue if message.id}


def forms(text: Any) -> list[str]:
    """The singular and the plural, or the one text."""
    return [text] if isinstance(text, str) else list(text or [""])


def complete(message: Message) -> bool:
    """Whether there is a translation, of each form."""
    return all(forms(message.string))


def merged() -> Catalog:
    """The sentences of the source with the translations there are."""
    known = {
        name: message
        for path in (CATALOGUE, DEPENDENCIES)
        for name, message in sentences(read(path)).items()
        if complete(message)
    }
    result = source()
    for name, message in sentences(result).items():
        if name in known and isinstance(known[name].string, str) == isinstance(message.id, str):
            message.string = known[name].string
    return result


def misfits(message: Message) -> list[str]:
    """What a translation does with the fields of its sentence that would break when they are filled in."""
    found = [str(error) for error in message.check()]
    fields = [set(_FIELD.findall(text)) for text in forms(message.id)]
    found += [f"other fields: {text!r}" for text in forms(message.string) if set(_FIELD.findall(text)) not in fields]
    return found


def write(catalogue: Catalog) -> None:
    """Writes the Dutch catalogue."""
    body = io.BytesIO()
    write_po(body, catalogue, width=0, no_location=True, omit_header=True, sort_output=True)
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    lines = "".join(f'"{line}\\n"\n' for line in HEADER)
    text = body.getvalue().decode("utf-8").strip()
    CATALOGUE.write_text(f'msgid ""\nmsgstr ""\n{lines}\n{text}\n', encoding="utf-8")


def main() -> int:
    """Writes the catalogue; 1 when sentences wait for a translation."""
    result = merged()
    write(result)
    missing = [message for message in sentences(result).values() if not complete(message)]
    for message in missing:
        print(f"no translation: {message.id!r}")
    print(f"{len(sentences(result))} sentences, {len(missing)} without a translation")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
