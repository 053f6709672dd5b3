"""From the tokens of an organisation to a theme: which ones we know, what follows from them, whether it can be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from django.utils.translation import gettext as _

from klankbord.project.style.reading import NotATheme, read_tokens
from klankbord.project.style.values import (
    Colour,
    contrast,
    read_colour,
    read_fonts,
    read_line_height,
    read_size,
    read_weight,
)

# What an organisation may give our own tokens, as ``klankbord.<name>``. Not the colours that mean something: now, note,
# private, exercise.
OWN = [
    "brand",
    "brand-strong",
    "on-brand",
    "brand-soft",
    "bar",
    "on-bar",
    "paper",
    "surface",
    "sunken",
    "raised",
    "ink",
    "ink-soft",
    "line",
    "line-strong",
    "focus",
    "focus-glow",
    "font",
    "radius",
]
BESIDE = {f"nl-heading-level-{level}-{what}" for level in (1, 2, 3) for what in ("color", "font-family")} | {
    "utrecht-document-color",
    "utrecht-page-header-background-color",
    "utrecht-page-header-color",
}
# Older names in the community for the same part.
OLDER = {
    "utrecht-button-primary-action-": "nl-button-primary-",
    "utrecht-button-secondary-action-": "nl-button-default-",
    "utrecht-button-subtle-": "nl-button-subtle-",
    "utrecht-button-": "nl-button-",
    "utrecht-link-": "nl-link-",
    "utrecht-heading-1-": "nl-heading-level-1-",
    "utrecht-heading-2-": "nl-heading-level-2-",
    "utrecht-heading-3-": "nl-heading-level-3-",
}
# Our own tokens that follow from those of a component, where the file does not name them itself.
FOLLOWS = (
    (("kb-brand",), ("nl-link-color",)),
    (("kb-brand-strong",), ("nl-link-hover-color",)),
    (("kb-bar", "kb-on-bar"), ("utrecht-page-header-background-color", "utrecht-page-header-color")),
    (("kb-bar", "kb-on-bar"), ("nl-button-primary-background-color", "nl-button-primary-color")),
    (("kb-ink",), ("utrecht-document-color",)),
    (("kb-font",), ("utrecht-document-font-family",)),
    (("kb-focus",), ("utrecht-focus-outline-color",)),
    (("kb-radius",), ("nl-button-border-radius",)),
)
Kind = tuple[str, Callable[[str], str | None]]
KINDS: tuple[Kind, ...] = (
    ("color", lambda text: None if (colour := read_colour(text)) is None else str(colour)),
    ("font-family", read_fonts),
    ("font-weight", read_weight),
    ("border-radius", lambda text: read_size(text, 0, 64)),
    ("border-width", lambda text: read_size(text, 0, 8)),
    ("font-size", lambda text: read_size(text, 14, 64)),
    ("line-height", read_line_height),
    ("kb-radius", lambda text: read_size(text, 0, 64)),
    ("kb-font", read_fonts),
)
PAPER = ("kb-surface", "kb-paper", "kb-sunken")
# What stands on what, beside a part with a colour and a background of its own. WCAG 2.2: 1.4.3 and 1.4.11.
ON_PAPER = [
    "kb-ink",
    "kb-ink-soft",
    "kb-brand",
    "kb-now",
    "kb-fine",
    "nl-link-color",
    "nl-link-hover-color",
    "nl-link-active-color",
]
ON_SURFACE = [
    "utrecht-form-label-color",
    "utrecht-form-field-description-color",
    "utrecht-form-field-error-message-color",
    "utrecht-table-header-cell-color",
    "utrecht-pagination-page-link-color",
    "utrecht-pagination-relative-link-color",
    "nl-heading-level-1-color",
    "nl-heading-level-2-color",
    "nl-heading-level-3-color",
]
PAIRS = [
    *((text, paper, 4.5) for text in ON_PAPER for paper in PAPER),
    *((text, "kb-surface", 4.5) for text in ON_SURFACE),
    ("kb-ink", "kb-raised", 4.5),
    ("kb-ink", "kb-brand-soft", 4.5),
    ("kb-brand-strong", "kb-brand-soft", 4.5),
    ("kb-on-brand", "kb-brand", 4.5),
    ("kb-on-brand", "kb-brand-strong", 4.5),
    ("kb-on-bar", "kb-bar", 4.5),
    ("utrecht-form-control-placeholder-color", "utrecht-form-control-background-color", 4.5),
    ("utrecht-form-control-border-color", "kb-surface", 3.0),
    ("kb-line-strong", "kb-surface", 3.0),
    ("kb-focus", "kb-paper", 3.0),
]
MOST_SENTENCES = 8


@dataclass(frozen=True, slots=True)
class Theme:
    """What an organisation gives our tokens, by the name of the custom property, and how many it names that we lack."""

    values: dict[str, str]
    unknown: int


def standard_source() -> str:
    """Our own theme, as it is served."""
    return (resources.files("klankbord.project") / "static/klankbord/theme.css").read_text(encoding="utf-8")


@cache
def standard() -> Mapping[str, str]:
    """What our own theme gives each token, as it is written there."""
    text = standard_source()
    root = text[text.index(":root {") :]
    return dict(re.findall(r"--([a-z0-9-]+):\s*([^;]+);", root))


def known() -> set[str]:
    """The tokens that an organisation may give a value."""
    parts = {name for name in standard() if not name.startswith("kb-")} | BESIDE
    return {name for name in parts | {f"kb-{own}" for own in OWN} if reader(name)}


def reader(name: str) -> Callable[[str], str | None] | None:
    """What reads the value of this token; None for sizes and spaces: those stay ours, so that every page fits."""
    if name.startswith("kb-") and name not in ("kb-font", "kb-radius"):
        return KINDS[0][1]
    return next((read for end, read in KINDS if name.endswith(end)), None)


def read_theme(content: bytes, *, dark: bool) -> Theme:
    """The theme in a file; NotATheme with a sentence for everything that keeps it from being used."""
    given, unknown, wrong = _recognised(read_tokens(content))
    values: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, (shown, text) in given.items():
        read = reader(name)
        value = read(text) if read else None
        if value is None:
            wrong.append(
                _("The token %(name)s has the value “%(value)s”. We cannot use that: %(wanted)s.")
                % {"name": shown, "value": text[:60], "wanted": _wanted(name)}
            )
        else:
            values[name], names[name] = value, shown
    if wrong:
        raise NotATheme(*wrong[:MOST_SENTENCES])
    if not values:
        raise NotATheme(_("This file names none of the tokens that Klankbord uses. Is it a theme of NL Design System?"))
    values = _with_what_follows(values, names, dark=dark)
    faint = list(unreadable(values, names, dark=dark))
    if faint:
        raise NotATheme(*faint[:MOST_SENTENCES])
    return Theme(values, unknown)


def _recognised(tokens: Mapping[str, str]) -> tuple[dict[str, tuple[str, str]], int, list[str]]:
    """By our name: the name in the file and the value; how many we lack; and names of ours that are misspelt."""
    ours, given, unknown, wrong = known(), dict[str, tuple[str, str]](), 0, list[str]()
    older: dict[str, tuple[str, str]] = {}
    for shown, text in tokens.items():
        name = shown.replace(".", "-")
        if name.startswith("klankbord-"):
            name = f"kb-{name.removeprefix('klankbord-')}"
            if name not in ours:
                wrong.append(_("Klankbord has no token %(name)s.") % {"name": shown})
                continue
        newer = next((new + name.removeprefix(old) for old, new in OLDER.items() if name.startswith(old)), "")
        if not text:
            unknown += 1
        elif name in ours:
            given[name] = (shown, text)
        elif newer in ours:
            older.setdefault(newer, (shown, text))
        else:
            unknown += 1
    return older | given, unknown, wrong


def _wanted(name: str) -> str:
    read = reader(name)
    if read is KINDS[0][1]:
        return _("write a colour as #1a2b3c, rgb() or hsl()")
    if read is read_fonts:
        return _("write names of fonts, with commas between them")
    if read is read_weight:
        return _("write 100 to 900, normal or bold")
    if read is read_line_height:
        return _("write a number between 1.1 and 2.5")
    return _("write a size in px, rem or em that is not too small or too large")


def _with_what_follows(values: Mapping[str, str], names: dict[str, str], *, dark: bool) -> dict[str, str]:
    made = dict(values)
    for targets, sources in FOLLOWS:
        if all(source in values for source in sources) and not any(target in made for target in targets):
            for target, source in zip(targets, sources, strict=True):
                made[target] = values[source]
                names[target] = names[source]
    brand = read_colour(made.get("kb-brand", ""))
    if brand is not None:
        surface = _solid("kb-surface", made, dark=dark) or Colour(1, 1, 1)
        end = Colour(1, 1, 1) if dark else Colour(0, 0, 0)
        ends = sorted((Colour(0, 0, 0), Colour(1, 1, 1)), key=lambda colour: -contrast(colour, brand))
        for name, colour in (
            ("kb-brand-strong", brand.mixed(end, 0.3)),
            ("kb-brand-soft", surface.mixed(brand, 0.12)),
            ("kb-on-brand", ends[0]),
        ):
            if name not in made:
                made[name], names[name] = str(colour), names["kb-brand"]
    return made


def unreadable(values: Mapping[str, str], names: Mapping[str, str], *, dark: bool) -> Iterator[str]:
    """A sentence for each text or edge with too little contrast, on its worst ground; only what was given counts."""
    worst: dict[str, tuple[float, float, str]] = {}
    for text, ground, least in (*PAIRS, *_parts(values)):
        if text not in values and ground not in values:
            continue
        found = _ratio(text, ground, values, dark=dark)
        if found is not None and found < least:
            shown = names.get(text, _ours(text))
            worst[shown] = min(worst.get(shown, (found, least, ground)), (found, least, ground))
    for shown, (found, least, ground) in worst.items():
        yield _(
            "%(text)s cannot be read well on %(ground)s: the contrast is %(found)s, and at least %(least)s is needed."
        ) % {
            "text": shown,
            "ground": names.get(ground, _ours(ground)),
            "found": f"{int(found * 100) / 100:.2f}",
            "least": f"{least:g}",
        }


def _ours(name: str) -> str:
    return _("%(name)s (of Klankbord)") % {"name": name.replace("kb-", "klankbord.", 1)}


def _parts(values: Mapping[str, str]) -> Iterator[tuple[str, str, float]]:
    """Parts with a colour and a background of their own: text on a button, an alert, a badge."""
    for ground in sorted({*standard(), *values}):
        if ground.endswith("-background-color") and not ground.startswith("kb-") and "disabled" not in ground:
            text = ground.removesuffix("background-color") + "color"
            if text in values or text in standard():
                yield text, ground, 4.5


def _ratio(text: str, ground: str, values: Mapping[str, str], *, dark: bool) -> float | None:
    below = _solid(ground, values, dark=dark)
    above = _colour(text, values, dark=dark)
    return None if below is None or above is None else contrast(above.over(below), below)


def _solid(name: str, values: Mapping[str, str], *, dark: bool) -> Colour | None:
    """The colour of a ground as it is seen: what is let through shows the surface below it."""
    colour = _colour(name, values, dark=dark)
    if colour is None or colour.alpha == 1:
        return colour
    below = None if name == "kb-surface" else _solid("kb-surface", values, dark=dark)
    return colour.over(below or Colour(1, 1, 1))


def _colour(name: str, values: Mapping[str, str], *, dark: bool) -> Colour | None:
    text = values.get(name) or standard().get(name, "")
    both = re.fullmatch(r"light-dark\(([^,]+),\s*([^)]+)\)", text)
    if both:
        text = both[2 if dark else 1].strip()
    other = re.fullmatch(r"var\(--([a-z0-9-]+)\)", text)
    return _colour(other[1], values, dark=dark) if other else read_colour(text)
