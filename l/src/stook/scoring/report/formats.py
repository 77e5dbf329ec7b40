"""Numbers and foreign text as people read them."""

from __future__ import annotations

import re
from datetime import date, datetime

__all__ = ["amount", "compact", "count", "day", "moment", "percent", "printable", "short", "signed_percent"]

MISSING = "–"
_MINUS = "−"
# C0 and C1 controls, and the marks that turn text around: none of them belongs in a page.
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufffe\uffff]")


def count(value: float | None) -> str:
    """Format a whole number: `12,345`."""
    return MISSING if value is None else f"{value:,.0f}".replace("-", _MINUS)


def amount(value: float | None, symbol: str = "") -> str:
    """Format money in full: `£1,234`, and below 10 `£1.23`."""
    if value is None:
        return MISSING
    digits = 2 if 0 < abs(value) < 9.995 else 0
    return _signed(value, f"{symbol}{abs(value):,.{digits}f}")


def compact(value: float | None, symbol: str = "") -> str:
    """Format money in three figures: `£1.23M`, `£45.6k`, `£20`."""
    if value is None:
        return MISSING
    size = abs(value)
    for unit, name in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if size >= unit * 0.9995:
            return _signed(value, f"{symbol}{_three_figures(size / unit)}{name}")
    return _signed(value, f"{symbol}{_three_figures(size)}")


def percent(share: float | None, digits: int = 1) -> str:
    """Format a share: `12.3%`."""
    return MISSING if share is None else _signed(share, f"{abs(share):.{digits}%}")


def signed_percent(share: float | None, digits: int = 1) -> str:
    """Format a change: `+12.3%`, `−4.0%`."""
    if share is None:
        return MISSING
    text = percent(share, digits)
    return f"+{text}" if share > 0 else text


def day(value: date | None) -> str:
    """Format a day: `1 October 2011`."""
    return MISSING if value is None else f"{value.day} {value:%B} {value.year}"


def moment(value: datetime | None) -> str:
    """Format a time to the minute, with its zone where it has one."""
    if value is None:
        return MISSING
    zone = value.tzname() or ""
    return f"{value:%H:%M} {zone}".strip() + f", {day(value)}"


def short(value: object, limit: int = 60) -> str:
    """Return text of any length and content, printable, cut in the middle where it is too long."""
    text = str(value)
    if len(text) > limit:
        text = f"{text[: limit - limit // 3]}…{text[1 - limit // 3 :]}"
    return printable(text)


def printable(text: str) -> str:
    """Return text with what a page cannot show (controls, half characters, direction marks) replaced."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text.encode("utf-8", "replace").decode())


def _three_figures(size: float) -> str:
    text = f"{size:.2f}" if size < 9.995 else f"{size:.1f}" if size < 99.95 else f"{size:,.0f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _signed(value: float, text: str) -> str:
    return _MINUS + text if value < 0 and any(digit in text for digit in "123456789") else text
