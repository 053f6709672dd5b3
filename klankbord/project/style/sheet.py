"""A theme as a style sheet. What the file of an organisation held was read strictly and is written anew here."""

from __future__ import annotations

from collections.abc import Mapping

# Letters and corners also where staff work; sizes only where there is room, or the compact screens would not be that.
EVERYWHERE = ("font-family", "font-weight", "border-radius", "border-width", "kb-radius", "kb-font")
OUR_FONTS = '"Source Sans 3", system-ui, sans-serif'


def write_sheet(light: Mapping[str, str], dark: Mapping[str, str]) -> str:
    """The style sheet; without tokens for the dark, our own dark stays as it is."""
    shapes = {name: value for name, value in light.items() if name.endswith(EVERYWHERE)}
    sizes = {name: value for name, value in light.items() if name.endswith(("font-size", "line-height"))}
    blocks = [
        _block([":root", ".kb-compact"], {name: _fonts(name, value) for name, value in shapes.items()}),
        _block([":root"], sizes),
    ]
    for scheme, tokens, other in (("light", light, "dark"), ("dark", dark, "light")):
        colours = {name: value for name, value in tokens.items() if name not in shapes and value.startswith("#")}
        chosen = f':root[data-theme="{scheme}"]'
        blocks.append(_block([chosen, f"{chosen} .kb-compact"], colours))
        device = f':root:not([data-theme="{other}"])'
        inner = _block([device, f"{device} .kb-compact"], colours)
        if inner:
            blocks.append(f"@media (prefers-color-scheme: {scheme}) {{\n{inner}}}\n")
    return "\n".join(block for block in blocks if block)


def _fonts(name: str, value: str) -> str:
    return f"{value}, {OUR_FONTS}" if name.endswith(("font-family", "kb-font")) else value


def _block(places: list[str], values: Mapping[str, str]) -> str:
    if not values:
        return ""
    lines = [f"  --{name}: {value};" for name, value in sorted(values.items())]
    return "\n".join([", ".join(places) + " {", *lines, "}", ""])
