"""An accent colour made readable: shades of it with contrast enough on light and on dark pages.

Contrast is WCAG 2.2's (success criterion 1.4.3): 4.5 for text in the accent and on it. A
button is known by its text, so its surface only has to stand out from the page at all,
and a bright brand stays bright.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

WHITE, INK = "#ffffff", "#14181f"
LIGHT_SURFACE, DARK_SURFACE = "#ffffff", "#15191f"
TEXT, SEEN = 4.5, 1.3
_FORM = re.compile(r"#[0-9a-f]{6}")
_STEPS = [step / 100 for step in range(0, 101, 2)]
Rgb = tuple[int, int, int]


@dataclass(frozen=True)
class Shades:
    """An accent on one kind of page: as a surface, pressed, as text, as a wash, and the text on it."""

    accent: str
    hover: str
    ink: str
    wash: str
    on_accent: str


def is_colour(text: str) -> bool:
    """Whether the text is a colour as we keep them: ``#3650df``."""
    return _FORM.fullmatch(text) is not None


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours, from 1 to 21."""
    lighter, darker = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def light_shades(accent: str) -> Shades:
    """The accent for light pages; its text is darkened as far as reading needs it."""
    return _shades(accent, on=LIGHT_SURFACE, towards=INK, wash=0.9, hover=0.16)


def dark_shades(accent: str) -> Shades:
    """The accent for dark pages; its text is lightened as far as reading needs it."""
    return _shades(accent, on=DARK_SURFACE, towards=WHITE, wash=0.8, hover=0.12)


def _shades(accent: str, *, on: str, towards: str, wash: float, hover: float) -> Shades:
    """``towards`` is where the accent goes to stand out from the page; the rest is how far, as parts of one."""
    further = [_mix(accent, towards, step) for step in _STEPS]
    shown, washed = _until(SEEN, (on,), further), _mix(accent, on, wash)
    return Shades(
        accent=shown,
        hover=_mix(shown, towards, hover),
        ink=_until(TEXT, (washed, on), further),
        wash=washed,
        on_accent=_text_on(shown),
    )


def _text_on(surface: str) -> str:
    """White where it can be read, for it looks calmer on a colour; else ink or black."""
    return next((text for text in (WHITE, INK) if contrast(text, surface) >= TEXT), "#000000")


def _until(ratio: float, beside: tuple[str, ...], shades: Iterable[str]) -> str:
    """The first of the shades with this contrast beside each of the colours; the last when none has."""
    last = ""
    for last in shades:
        if all(contrast(last, other) >= ratio for other in beside):
            break
    return last


def _mix(one: str, other: str, part: float) -> str:
    """``one`` with this part of ``other`` in it."""
    mixed = (round(a + (b - a) * part) for a, b in zip(_rgb(one), _rgb(other), strict=True))
    return "#" + "".join(f"{value:02x}" for value in mixed)


def _rgb(colour: str) -> Rgb:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _luminance(rgb: Rgb) -> float:
    red, green, blue = (_linear(value / 255) for value in rgb)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
