"""The style sheet's colours can be told apart by everyone."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

PAIRS = [(text, back) for text in ("ink", "soft", "link", "good") for back in ("paper",)] + [
    (text, f"{level}-back") for level in ("good", "fair", "poor") for text in ("ink", "good", "fair", "poor")
]


def palettes() -> dict[str, dict[str, str]]:
    """Return the colours of the light, the dark and the printed page by name."""
    css = (files("stook.scoring.report") / "templates" / "style.css").read_text(encoding="utf-8")
    blocks = re.findall(r":root \{(.*?)\}", css, flags=re.DOTALL)
    found = [dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in blocks]
    return {"light": found[0], "dark": found[1], "print": found[0] | found[2]}


def luminance(colour: str) -> float:
    """Return the relative luminance of WCAG 2.2 of `#rgb` or `#rrggbb`."""
    digits = colour[1:] if len(colour) == 7 else "".join(digit * 2 for digit in colour[1:])
    channels = [int(digits[place : place + 2], 16) / 255 for place in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2 of two colours."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("mode", ["light", "dark", "print"])
@pytest.mark.parametrize(("text", "back"), PAIRS)
def test_text_has_contrast_of_level_aa(mode: str, text: str, back: str) -> None:
    """Every colour of text stands out from every ground that it is set on, by 4.5 to 1 or more."""
    colours = palettes()[mode]
    assert contrast(colours[text], colours[back]) >= 4.5


@pytest.mark.parametrize("mode", ["light", "dark", "print"])
@pytest.mark.parametrize("mark", ["blue", "amber"])
def test_marks_stand_out(mode: str, mark: str) -> None:
    """Bars and dots stand out from the paper."""
    colours = palettes()[mode]
    assert contrast(colours[mark], colours["paper"]) >= 2.9
