"""Errors that go from one process to another: plain, and of a bearable length."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Final

from stook import errors
from stook.errors import StookError

__all__ = ["Told", "bearable", "dump_error", "load_error"]

_MOST_WORDS: Final = 10_000
_MOST_TEXT: Final = 200_000
_MOST_DEPTH: Final = 8

Told = tuple[str, str, str, str, dict[str, object]]
"""Class, message, kind, hint and facts."""


def dump_error(error: StookError) -> Told:
    """Return what an error says, as plain values; its class as the nearest one of Stook's own."""
    known = next(cls for cls in type(error).__mro__ if cls.__module__ == errors.__name__)
    facts = {str(name): _plain(value, 0) for name, value in error.facts.items()}
    return (
        known.__name__,
        _shorten(error.message, _MOST_WORDS),
        error.kind,
        _shorten(error.hint, _MOST_WORDS),
        facts,
    )


def load_error(told: Told) -> StookError:
    """Return the error that says so."""
    name, message, kind, hint, facts = told
    cls: type[StookError] = getattr(errors, name)
    return cls(message, kind=kind, hint=hint, **facts)


def bearable(error: StookError) -> StookError:
    """Return an error as it is; one with very long texts as it would come from another process."""
    texts = [value for value in error.facts.values() if isinstance(value, str)]
    is_short = len(error.message) <= _MOST_WORDS and all(len(text) <= _MOST_TEXT for text in texts)
    if is_short and all(map(_is_text, (error.message, error.hint, *texts))):
        return error
    return load_error(dump_error(error))


def _shorten(text: str, most: int) -> str:
    """Return a text of at most so many characters, without its middle where it is longer, that any file can take."""
    if len(text) > most:
        half = most // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half:,} characters …\n{text[-half:]}"
    return text if _is_text(text) else text.encode(errors="backslashreplace").decode()


def _is_text(text: str) -> bool:
    """Tell whether a text has no halves of characters, as names of files may have."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _plain(value: object, depth: int) -> object:
    """Return a value that can be sent to any process."""
    if type(value) in (int, float, bool, type(None)):
        return value
    if isinstance(value, str | Path | date):
        return _shorten(str(value), _MOST_TEXT)
    if isinstance(value, list | tuple) and depth < _MOST_DEPTH:
        return [_plain(item, depth + 1) for item in value]
    if isinstance(value, dict) and depth < _MOST_DEPTH:
        return {str(key): _plain(item, depth + 1) for key, item in value.items()}
    return f"<{type(value).__qualname__}>"
