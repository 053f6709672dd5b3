"""What a design token may hold: a colour, a size, a font. Read strictly and written anew: nothing else gets through."""

from __future__ import annotations

import colorsys
import re
from dataclasses import dataclass

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_FUNCTION = re.compile(
    rf"(rgb|hsl)a?\(\s*({NUMBER})(?:deg)?[\s,]+({NUMBER})(%?)[\s,]+({NUMBER})(%?)(?:\s*[,/]\s*({NUMBER})(%?))?\s*\)"
)
_HEX = re.compile(r"#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")
_SIZE = re.compile(rf"({NUMBER})(px|rem|em|%)?")
_FONT = re.compile(r"[A-Za-z][A-Za-z0-9 _-]{0,59}")
NAMED = {"black": "#000000", "white": "#ffffff", "transparent": "#00000000"}
GENERIC = {"serif", "sans-serif", "monospace", "system-ui", "ui-sans-serif", "ui-serif", "cursive", "fantasy"}
WEIGHTS = {"light": "300", "normal": "400", "regular": "400", "medium": "500", "semibold": "600", "bold": "700"}
PIXELS = {"px": 1.0, "rem": 16.0, "em": 16.0}


@dataclass(frozen=True, slots=True)
class Colour:
    """Red, green, blue and opacity, each from 0 to 1 (sRGB)."""

    red: float
    green: float
    blue: float
    alpha: float = 1.0

    def __str__(self) -> str:
        parts = [self.red, self.green, self.blue] + ([self.alpha] if self.alpha < 1 else [])
        return "#" + "".join(f"{round(255 * part):02x}" for part in parts)

    def over(self, ground: Colour) -> Colour:
        """This colour as it is seen on a ground that lets nothing through."""
        return self.mixed(ground, 1 - self.alpha)

    def mixed(self, other: Colour, part: float) -> Colour:
        """This colour with a part (0 to 1) of another one in it."""
        pairs = zip((self.red, self.green, self.blue), (other.red, other.green, other.blue), strict=True)
        return Colour(*(mine * (1 - part) + theirs * part for mine, theirs in pairs))

    @property
    def luminance(self) -> float:
        """Relative luminance, 0 to 1 (WCAG 2.2, definition of relative luminance)."""
        parts = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in self._parts())
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))

    def _parts(self) -> tuple[float, float, float]:
        return self.red, self.green, self.blue


def contrast(one: Colour, other: Colour) -> float:
    """The contrast ratio of two colours without transparency, 1 to 21 (WCAG 2.2, definition of contrast ratio)."""
    darker, lighter = sorted((one.luminance, other.luminance))
    return (lighter + 0.05) / (darker + 0.05)


def read_colour(text: str) -> Colour | None:
    """A colour as ``#rgb``, ``#rrggbb`` (with opacity too), ``rgb()``, ``hsl()``, black, white or transparent."""
    text = NAMED.get(text.lower(), text.lower())
    if _HEX.fullmatch(text):
        digits = text[1:]
        if len(digits) < 6:
            digits = "".join(digit * 2 for digit in digits)
        return Colour(*(int(digits[at : at + 2], 16) / 255 for at in range(0, len(digits), 2)))
    found = _FUNCTION.fullmatch(text)
    if found is None:
        return None
    kind, first, second, second_unit, third, third_unit, opacity, opacity_unit = found.groups()
    alpha = 1.0 if opacity is None else float(opacity) / (100 if opacity_unit else 1)
    if kind == "hsl":
        if not (second_unit and third_unit):
            return None
        parts = colorsys.hls_to_rgb(float(first) % 360 / 360, _part(float(third) / 100), _part(float(second) / 100))
    elif second_unit or third_unit:
        return None
    else:
        parts = (_part(float(first) / 255), _part(float(second) / 255), _part(float(third) / 255))
    return Colour(*parts, _part(alpha))


def _part(value: float) -> float:
    return min(max(value, 0.0), 1.0)


def read_size(text: str, least: float, most: float) -> str | None:
    """A size in px, rem or em between ``least`` and ``most`` pixels; 0 needs no unit."""
    found = _SIZE.fullmatch(text)
    if found is None:
        return None
    amount, unit = float(found[1]), found[2] or ""
    if unit == "%" or (amount and not unit) or not least <= amount * PIXELS.get(unit, 1) <= most:
        return None
    return f"{amount:g}{unit}"


def read_line_height(text: str) -> str | None:
    """Between 1.1 and 2.5 times the size of the letters; a number or a percentage."""
    found = _SIZE.fullmatch(text)
    if found is None or found[2] not in (None, "%"):
        return None
    times = float(found[1]) / (100 if found[2] else 1)
    return f"{times:g}" if 1.1 <= times <= 2.5 else None


def read_weight(text: str) -> str | None:
    """How heavy letters are: 100 to 900, or a name that drawing programs give it."""
    weight = WEIGHTS.get(text.lower().replace(" ", ""), text)
    return weight if re.fullmatch(r"[1-9]00", weight) else None


def read_fonts(text: str) -> str | None:
    """Names of fonts, best first; our own font comes behind them."""
    names = [name.strip().strip("'\"").strip() for name in text.split(",")]
    if len(names) > 10 or not all(_FONT.fullmatch(name) for name in names):
        return None
    return ", ".join(name.lower() if name.lower() in GENERIC else f'"{name}"' for name in names)
