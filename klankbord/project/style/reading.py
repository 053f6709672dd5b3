"""Reads a file of design tokens: the JSON of NL Design System (Style Dictionary, Tokens Studio, W3C draft)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext as _

LARGEST = 3 * 1024 * 1024  # bytes; the largest theme in the NL Design System community is 2 MB
DEEPEST = 16
MOST = 20_000
LONGEST = 500  # characters; a value as long as this is none of ours, and no reader takes it
Tree = dict[str, Any]

_REFERENCE = re.compile(r"\{([^{}]{1,300})\}")


class NotATheme(ValueError):
    """This file cannot be used; ``sentences`` say why to the one who chose it."""

    def __init__(self, *sentences: str) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


def read_tokens(content: bytes) -> dict[str, str]:
    """The tokens of a file by their name with dots, each with its value written out. NotATheme when it is none."""
    raw = dict(_tokens(_tree(content)))
    if not raw:
        raise NotATheme(_("There are no design tokens in this file. A token has a name and a “value” or “$value”."))
    return {name: _written_out(name, raw) for name in raw}


def _tree(content: bytes) -> Tree:
    if len(content) > LARGEST:
        raise NotATheme(_("This file is too large. A file of design tokens is at most 3 MB."))
    try:
        read = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise NotATheme(_("This is not a JSON file. Choose the file tokens.json of your theme.")) from None
    if not isinstance(read, dict):
        raise NotATheme(_("There are no design tokens in this file. A token has a name and a “value” or “$value”."))
    order = _mapping(read.get("$metadata")).get("tokenSetOrder")
    if isinstance(order, list):
        # Tokens Studio: several sets in one file, of which a later one goes over an earlier one
        return {"$sets": [read[name] for name in order if isinstance(name, str) and isinstance(read.get(name), dict)]}
    return read


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _tokens(tree: Tree) -> Iterator[tuple[str, str]]:
    waiting: list[tuple[tuple[str, ...], Tree]] = [((), one) for one in reversed(tree.get("$sets", [tree]))]
    count = 0
    while waiting:
        path, group = waiting.pop()
        value = _value(group)
        if path and value is not None:
            count += 1
            if count > MOST:
                raise NotATheme(_("There are more than 20,000 tokens in this file. That is too many."))
            name = ".".join(path)
            yield name, _text(value)
            continue
        if len(path) >= DEEPEST:
            raise NotATheme(_("The token %(name)s lies too deep in the file.") % {"name": _shown(".".join(path))})
        for key in reversed(list(group)):
            inner = group[key]
            if isinstance(inner, dict) and not key.startswith("$"):
                waiting.append(((*path, key), inner))


def _value(group: Tree) -> object:
    """What a token holds; None for a group, also for a group in which a token is named ``value``."""
    if "$value" in group:
        return group["$value"]
    value = group.get("value")
    return None if isinstance(value, dict) and ("value" in value or "$value" in value) else value


def _text(value: object) -> str:
    """The value as text; what is composed (a shadow, a typography) is not for us and becomes empty."""
    if isinstance(value, dict) and set(value) == {"value", "unit"}:
        value = f"{value['value']}{value['unit']}"
    if isinstance(value, list) and all(isinstance(one, str) for one in value):
        value = ", ".join(value)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return str(value).strip()[:LONGEST]


def _written_out(name: str, raw: Mapping[str, str]) -> str:
    text = raw[name]
    for _step in range(DEEPEST):
        found = _REFERENCE.search(text)
        if found is None:
            return text
        wanted = found[1].strip().removesuffix(".value").removesuffix(".$value")
        if wanted not in raw:
            raise NotATheme(
                _("The token %(name)s refers to %(wanted)s, and that is not in the file. Export the theme as a whole.")
                % {"name": _shown(name), "wanted": _shown(wanted)}
            )
        text = text[: found.start()] + raw[wanted] + text[found.end() :]
        if len(text) > LONGEST:
            break
    raise NotATheme(_("The token %(name)s refers to itself in the end.") % {"name": _shown(name)})


def _shown(name: str) -> str:
    return name if len(name) <= 120 else f"{name[:117]}…"
