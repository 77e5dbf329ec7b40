"""A bundle and a store as notebooks and terminals show them. Nothing here raises: what cannot be read is left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice
from typing import TYPE_CHECKING

from stook.errors import StookError
from stook.model.amounts import human_size
from stook.model.visible import visible
from stook.storage.urls import redact
from stook.store.reading.summary import summarise

if TYPE_CHECKING:
    from stook.store.bundle import Bundle
    from stook.store.view import View

__all__ = ["bundle_html", "bundle_line", "short_text", "store_html"]

_ITEMS = 20
_LETTERS = 60
_CELL_LETTERS = 200
# Inherits font and colours, so that it fits light and dark pages.
_STYLE = "border-collapse:collapse;margin:.5em 0;text-align:left"
_CELL = "text-align:left;padding:.1em .8em .1em 0;vertical-align:top"
_FAINT = "opacity:.65"


def bundle_line(bundle: Bundle) -> str:
    """Return a bundle in one line: what it is, how large, when and by whom it was made."""
    owner = f" by {visible(bundle.owner)}" if bundle.owner else ""
    return f"<Bundle {visible(bundle.ref)} {human_size(bundle.size)}, {_made(bundle)}{owner}>"


def bundle_html(bundle: Bundle) -> str:
    """Return a bundle as a small piece of HTML, with nothing in it that runs and nothing from elsewhere."""
    tags = [(f"tag {key}", value) for key, value in bundle.tags.items()]
    facts = [
        ("version", bundle.id),
        ("size", human_size(bundle.size)),
        ("made", _made(bundle)),
        ("owner", bundle.owner),
        ("task", bundle.task),
        *tags,
    ]
    try:
        facts += [(f"param {key}", short_text(value)) for key, value in bundle.params.items()]
        items = _items_html(bundle)
    except (StookError, OSError) as error:
        problem = escape(short_text(str(error), _CELL_LETTERS))
        items = f'<div style="{_FAINT}">its description cannot be read now: {problem}</div>'
    shown = [fact for fact in facts if fact[1]]
    return f"<div><b>{escape(bundle.name)}</b>{_table_html((), shown)}{items}</div>"


def store_html(store: View) -> str:
    """Return a store as a small piece of HTML: where it is, and its context."""
    facts = [("store", redact(store.repository.url)), ("context", store.context)]
    return f"<div>{_table_html((), facts)}</div>"


def short_text(value: object, letters: int = _LETTERS) -> str:
    """Return a plain value in one line, cut to a number of letters.

    Text stands without quotes. Of long containers only as much is looked at as is shown.
    """
    text = value if isinstance(value, str) else _short_repr(value, letters)
    text = visible(text[: letters + 1])
    return text if len(text) <= letters else text[: letters - 1] + "…"


def _made(bundle: Bundle) -> str:
    """Return when it was made; a time that no calendar has, as it is."""
    try:
        return f"{bundle.time:%Y-%m-%d %H:%M:%S} UTC"
    except (OverflowError, ValueError, OSError):
        return f"{bundle.record.time} µs"


def _short_repr(value: object, letters: int) -> str:
    match value:
        case dict():
            pairs = (f"{_short_repr(k, letters)}: {_short_repr(v, letters)}" for k, v in value.items())
            return "{" + _joined(pairs, letters) + "}"
        case list():
            return "[" + _joined((_short_repr(item, letters) for item in value), letters) + "]"
        case tuple():
            comma = "," if len(value) == 1 else ""
            return "(" + _joined((_short_repr(item, letters) for item in value), letters) + comma + ")"
        case str() | bytes():
            return repr(value[: letters + 1])
        case int() if value.bit_length() > 256:
            return f"{hex(value)[: letters + 1]}"
        case set() | frozenset() if len(value) > letters:
            return f"{type(value).__name__} of {len(value):,}"
        case _:
            return repr(value)


def _joined(parts: Iterable[str], letters: int) -> str:
    """Join parts up to where they are longer than what is shown."""
    text = ""
    for part in islice(parts, letters):
        text += f", {part}" if text else part
        if len(text) > letters:
            break
    return text


def _items_html(bundle: Bundle) -> str:
    items = bundle.items()
    rows = []
    for path, leaf in items[:_ITEMS]:
        item = summarise(path, leaf)
        rows.append((path or "(all)", item.kind, item.about, human_size(item.size)))
    more = (
        f'<div style="{_FAINT}">and {len(items) - _ITEMS:,} more items</div>' if len(items) > _ITEMS else ""
    )
    return _table_html(("item", "kind", "", "size"), rows) + more


def _table_html(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th style="{_CELL};{_FAINT}">{escape(cell)}</th>' for cell in header)
    body = "".join(f"<tr>{''.join(map(_cell_html, row))}</tr>" for row in rows)
    return f'<table style="{_STYLE}">{f"<tr>{head}</tr>" if head else ""}{body}</table>'


def _cell_html(text: str) -> str:
    return f'<td style="{_CELL}">{escape(short_text(text, _CELL_LETTERS))}</td>'
