"""Content as one JSON document."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from stook.app.printing.places import ending_a_line, files_in, iter_file, no_text, table_of
from stook.format import values
from stook.model.tree import Dict, File, Folder, FolderFile, Object, Value
from stook.model.tree import Sequence as ListNode
from stook.store import Bundle
from stook.store.reading.items import Place, iter_leaves, joined

__all__ = ["iter_json"]

_MAX_JSON_TEXT_BYTES = 64 * 1024 * 1024


def iter_json(bundle: Bundle, path: str = "") -> Iterator[bytes]:
    """Yield a bundle's content, or what is at a path in it, as one JSON document.

    Values are the tagged JSON of the repository format, so that no type is lost; a table is an array with an object for
    each row, a text file a text, a folder an array of its files; a container has all these by the paths of its items.

    Raises:
        InputError: The content is no text.
        NotFoundError: There is no such place.
    """
    place = bundle.get_place(path)
    if not isinstance(place.node, (Dict, ListNode)):
        return ending_a_line(_iter_json_of(bundle, place))
    items = [(inner, Place(joined(place.path, inner), leaf)) for inner, leaf in iter_leaves(place.node)]
    for _, item in items:
        _check_text(bundle, item)  # before anything is printed: half a document is of no use
    return _iter_json_items(bundle, items)


def _check_text(bundle: Bundle, place: Place) -> None:
    match place.node:
        case File():
            iter_file(bundle, place)
        case Object(kind=kind) if kind != "frame":
            raise no_text(bundle, place)


def _iter_json_items(bundle: Bundle, items: Sequence[tuple[str, Place]]) -> Iterator[bytes]:
    before = b"{\n"
    for inner, item in items:
        yield before + json.dumps(inner, ensure_ascii=False).encode() + b": "
        yield from _iter_json_of(bundle, item)
        before = b",\n"
    yield b"{}\n" if before == b"{\n" else b"\n}\n"


def _iter_json_of(bundle: Bundle, place: Place) -> Iterator[bytes]:
    match place.node:
        case Value():
            value = place.value if place.inside else bundle.item(place.path)
            return iter((_json(values.to_json(value)),))
        case Object(kind="frame"):
            codec, source, meta = table_of(bundle, place)
            return codec.iter_text(source, meta, "json")
        case Folder() if place.find_file() is None:
            return iter((_json([_file_facts(name, file) for name, file in files_in(place)]),))
        case Folder() | File():
            return iter((_json(_whole_text(bundle, place)),))
        case _:
            raise no_text(bundle, place)


def _whole_text(bundle: Bundle, place: Place) -> str:
    node = place.find_file() or place.node
    if isinstance(node, (File, FolderFile)) and node.blob.size <= _MAX_JSON_TEXT_BYTES:
        try:
            return b"".join(iter_file(bundle, place)).decode()
        except UnicodeDecodeError:
            pass
    raise no_text(bundle, place)


def _file_facts(path: str, file: FolderFile) -> dict[str, object]:
    blob = file.blob
    return {"path": path, "size": blob.size, "digest": blob.digest, "executable": file.executable}


def _json(value: object) -> bytes:
    return json.dumps(value, indent=2, ensure_ascii=False).encode()
