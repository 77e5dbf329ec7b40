"""Text that may hold anything, as a terminal can be sent it."""

from __future__ import annotations

__all__ = ["visible"]


def visible(text: str, *, keep: str = "") -> str:
    """Return a text with what does not print, or what a terminal might obey, written out as Python writes it.

    Args:
        text: The text.
        keep: Letters that stay as they are, such as line ends.
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() or letter in keep else repr(letter)[1:-1] for letter in text
    )
