"""Content for the eye, and rows as CSV."""

from __future__ import annotations

from collections.abc import Iterator

from stook.app.printing.places import files_in, iter_file, joined, no_text, table_of
from stook.app.readable import iter_readable
from stook.errors import InputError
from stook.model.tree import Dict, File, Folder, Leaf, Object, Sequence, Value
from stook.model.visible import visible
from stook.store import Bundle
from stook.store.codec import FrameCodec, Source, TableShape
from stook.store.items import Place, iter_leaves
from stook.store.summary import summarise

__all__ = ["iter_content", "iter_csv"]


def iter_content(bundle: Bundle, path: str = "", *, rows: int = 20) -> Iterator[bytes]:
    """Yield a bundle's content, or what is at a path in it, as UTF-8 text; a text file byte for byte.

    What is no text is refused before the first part; in a container of items it is only named.

    Args:
        bundle: The bundle.
        path: Path of the place; the whole where empty.
        rows: How many rows of a table.

    Raises:
        InputError: The content is no text.
        NotFoundError: There is no such place.
    """
    place = bundle.get_place(path)
    if not isinstance(place.node, (Dict, Sequence)):
        return _iter_place(bundle, place, rows)
    places = [Place(joined(place.path, inner), leaf) for inner, leaf in iter_leaves(place.node)]
    return _iter_places(bundle, places, rows)


def iter_csv(bundle: Bundle, path: str = "") -> Iterator[bytes]:
    """Yield all rows of a table as CSV.

    Raises:
        InputError: There is no table at the path.
        NotFoundError: There is nothing.
    """
    codec, source = table_of(bundle, bundle.get_place(path))
    return codec.iter_text(source, "csv")


def _iter_places(bundle: Bundle, places: list[Place], rows: int) -> Iterator[bytes]:
    for number, place in enumerate(places):
        yield b"\n" if number else b""
        yield f"== {place.path}\n".encode()
        yield from _ending_a_line(_text_or_summary(bundle, place, rows))


def _text_or_summary(bundle: Bundle, place: Place, rows: int) -> Iterator[bytes]:
    try:
        return _iter_place(bundle, place, rows)
    except InputError:
        item = summarise(place.path, _leaf(place))
        return iter((f"({item.kind}, {item.size:,} bytes)\n".encode(),))


def _ending_a_line(pieces: Iterator[bytes]) -> Iterator[bytes]:
    last = b""
    for piece in pieces:
        yield piece
        last = piece or last
    if not last.endswith(b"\n"):
        yield b"\n"


def _iter_place(bundle: Bundle, place: Place, rows: int) -> Iterator[bytes]:
    match place.node:
        case Value():
            return _iter_value(bundle, place)
        case Object(kind="frame"):
            return _iter_table(*table_of(bundle, place), rows)
        case Folder() if place.find_file() is None:
            return (f"{file.blob.size:>12,}  {name}\n".encode() for name, file in files_in(place))
        case Folder() | File():
            return iter_file(bundle, place)
        case _:
            raise no_text(bundle, place)


def _iter_value(bundle: Bundle, place: Place) -> Iterator[bytes]:
    """Yield a value as text, in parts of a size that is worth writing."""
    value = place.value if place.inside else bundle.item(place.path)
    waiting: list[str] = []
    for piece in iter_readable(value):
        waiting.append(piece)
        if len(waiting) == 4096:
            yield "".join(waiting).encode()
            waiting.clear()
    yield ("".join(waiting) + "\n").encode()


def _iter_table(codec: FrameCodec, source: Source, rows: int) -> Iterator[bytes]:
    """Yield names, types and the first rows of a table, aligned."""
    shape, cells = codec.head(source, rows)
    columns = [
        [visible(name), kind, *(visible(cell) for cell in column)]
        for (name, kind), column in zip(shape.columns, cells, strict=True)
    ]
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns, strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"{line.rstrip()}\n".encode()
    yield _foot(shape, min(rows, shape.rows)).encode()


def _foot(shape: TableShape, shown: int) -> str:
    rest = shape.rows - shown
    return f"… {rest:,} more rows\n" if rest else f"{shape.rows:,} rows\n"


def _leaf(place: Place) -> Leaf:
    if isinstance(place.node, (Dict, Sequence)):
        raise TypeError("a container is no leaf")
    return place.node
