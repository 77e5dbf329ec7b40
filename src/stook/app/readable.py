"""Plain values as text for people: JSON, and where JSON has no word for it, the plainest text there is."""

from __future__ import annotations

import json
from collections.abc import Iterator

from stook.format import canonical

__all__ = ["iter_readable"]

_LONG_BITS = 4096


def iter_readable(value: object) -> Iterator[str]:
    """Yield a value as indented text, a piece at a time: text on its own as it is, all else as JSON has it.

    Tuples and sets look like lists; dates, decimals and the like stand without quotes. This is for the eye: the tagged
    JSON of `format.values` tells types apart.
    """
    if isinstance(value, str):
        yield value
    else:
        yield from _pieces(value, "\n")


def _pieces(value: object, margin: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        yield from _container("{}", ((_key(key), child) for key, child in value.items()), margin)
    elif isinstance(value, (set, frozenset)) and value:
        yield from _container("[]", (("", child) for child in sorted(value, key=canonical.encode)), margin)
    elif isinstance(value, (list, tuple)) and value:
        yield from _container("[]", (("", child) for child in value), margin)
    else:
        yield _scalar(value)


def _container(brackets: str, children: Iterator[tuple[str, object]], margin: str) -> Iterator[str]:
    inner = margin + "  "
    before = brackets[0]
    for key, child in children:
        yield f"{before}{inner}{key}"
        yield from _pieces(child, inner)
        before = ","
    yield margin + brackets[1]


def _key(key: object) -> str:
    return "".join(_pieces(key, " ")) + ": "


def _scalar(value: object) -> str:
    match value:
        case None | bool() | str() | float():
            return json.dumps(value, ensure_ascii=False)
        case int():
            return str(value) if value.bit_length() <= _LONG_BITS else hex(value)
        case dict():
            return "{}"
        case list() | tuple() | set() | frozenset():
            return "[]"
        case bytes():
            return repr(value)
        case _:
            return str(value)
