"""Content for the eye, and rows as CSV."""

from __future__ import annotations

from collections.abc import Iterator

from stook.app.printing.places import ending_a_line, files_in, iter_file, no_text, table_of
from stook.app.readable import iter_readable
from stook.errors import InputError
from stook.model.tree import Dict, File, Folder, Leaf, Object, Sequence, Value
from stook.model.visible import visible
from stook.store import Bundle
from stook.store.codec import TableShape
from stook.store.reading.items import Place, iter_leaves, joined, part_of
from stook.store.reading.linked import link_columns, linked_key
from stook.store.reading.summary import summarise

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
    """Yield all rows of a table as CSV; cells that link to files are paths of those in the cache.

    Raises:
        InputError: There is no table at the path.
        NotFoundError: There is nothing.
    """
    codec, source, meta = table_of(bundle, bundle.get_place(path))
    return codec.iter_text(source, meta, "csv")


def _iter_places(bundle: Bundle, places: list[Place], rows: int) -> Iterator[bytes]:
    for number, place in enumerate(places):
        yield b"\n" if number else b""
        yield f"== {place.path}\n".encode()
        yield from ending_a_line(_text_or_summary(bundle, place, rows))


def _text_or_summary(bundle: Bundle, place: Place, rows: int) -> Iterator[bytes]:
    try:
        return _iter_place(bundle, place, rows)
    except InputError:
        item = summarise(place.path, _leaf(place))
        return iter((f"({item.kind}, {item.size:,} bytes)\n".encode(),))


def _iter_place(bundle: Bundle, place: Place, rows: int) -> Iterator[bytes]:
    match place.node:
        case Value():
            return _iter_value(bundle, place)
        case Object(kind="frame"):
            return _iter_table(bundle, place, rows)
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


def _iter_table(bundle: Bundle, place: Place, rows: int) -> Iterator[bytes]:
    """Yield names, types and the first rows of a table, aligned; links as the paths that `stook get` takes."""
    codec, source, _ = table_of(bundle, place)
    shape, cells = codec.head(source, rows)
    before = _folder_of_links(place)
    columns = [
        [visible(name), kind, *(visible(before.get(name, "") + cell if cell else cell) for cell in column)]
        for (name, kind), column in zip(shape.columns, cells, strict=True)
    ]
    widths = [max(map(len, column)) for column in columns]
    for row in zip(*columns, strict=True):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"{line.rstrip()}\n".encode()
    yield _foot(shape, min(rows, shape.rows)).encode()


def _folder_of_links(place: Place) -> dict[str, str]:
    """Return the folder that the cells of a column are files of, `files/`, for each column that names files."""
    folder = joined(place.path.rpartition("/")[0], part_of(linked_key(place.node) or ""))
    return dict.fromkeys(link_columns(place.node), f"{folder}/")


def _foot(shape: TableShape, shown: int) -> str:
    rest = shape.rows - shown
    return f"… {_rows(rest, 'more ')}\n" if rest else f"{_rows(shape.rows)}\n"


def _rows(count: int, more: str = "") -> str:
    return f"{count:,} {more}row{'' if count == 1 else 's'}"


def _leaf(place: Place) -> Leaf:
    if isinstance(place.node, (Dict, Sequence)):
        raise TypeError("a container is no leaf")
    return place.node
