"""What there is to say of a bundle, and its content as text."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from stook.errors import InputError
from stook.format import values
from stook.model.tree import File, Folder, Leaf, Object, Value
from stook.store import Bundle

__all__ = ["Details", "Item", "cat", "describe"]

_ROWS = 20
_MANY_DIGITS, _TOO_MANY_DIGITS = 1e5, 1e15
_SNIFF_BYTES = 4096
_MAX_TEXT_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Item:
    """One leaf of a bundle: where in the tree, what it is, and its bytes."""

    path: str
    kind: str
    about: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Details:
    """Everything about one bundle, as plain values in the order in which a reader wants them."""

    ref: str
    name: str
    id: str
    digest: str
    time: str
    owner: str
    size: int
    task: str
    tags: dict[str, str]
    params: dict[str, object]
    items: tuple[Item, ...]
    inputs: tuple[dict[str, str], ...]
    code: dict[str, str]
    environment: dict[str, object]
    seconds: float | None
    fingerprint: str


def describe(bundle: Bundle) -> Details:
    """Gather everything about a bundle, without loading its data."""
    lineage = bundle.lineage
    environment = lineage.environment
    about = {name: getattr(environment, name) for name in environment.__struct_fields__}
    return Details(
        ref=bundle.ref,
        name=bundle.name,
        id=bundle.id,
        digest=bundle.digest,
        time=bundle.time.isoformat(timespec="seconds"),
        owner=bundle.owner,
        size=bundle.size,
        task=bundle.task,
        tags=bundle.tags,
        params=bundle.params,
        items=tuple(_item(path, leaf) for path, leaf in bundle.items()),
        inputs=tuple({"role": i.role, "name": i.name, "id": i.id, "digest": i.digest} for i in bundle.inputs),
        code=lineage.code,
        environment={name: value for name, value in about.items() if value not in ("", {}, None)},
        seconds=(lineage.ended - lineage.started) / 1e6 if lineage.ended else None,
        fingerprint=bundle.fingerprint,
    )


def cat(bundle: Bundle, key: str = "") -> str:
    """Return a bundle's content, or that of one item, as text that a person can read.

    Args:
        bundle: The bundle.
        key: Path of the item; the whole where empty.

    Raises:
        InputError: The content is no text.
        NotFoundError: There is no such item.
    """
    leaves = [(path, leaf) for path, leaf in bundle.items() if not key or _is_at(path, leaf, key)]
    if key and not leaves:
        return _value_text(bundle[key])
    if len(leaves) == 1:
        return _leaf_text(bundle, *leaves[0])
    parts = [f"== {path}\n{_summary_or_text(bundle, path, leaf)}" for path, leaf in leaves]
    return "\n\n".join(parts)


def _is_at(path: str, leaf: Leaf, key: str) -> bool:
    return path == key or path.startswith(key + "/") or (isinstance(leaf, File) and leaf.name == key)


def _item(path: str, leaf: Leaf) -> Item:
    match leaf:
        case File():
            return Item(path, "file", leaf.name, leaf.blob.size, leaf.blob.digest)
        case Folder():
            size = sum(file.blob.size for file in leaf.files)
            return Item(path, "folder", f"{leaf.name}/ with {len(leaf.files):,} files", size, "")
        case Object():
            return Item(path, leaf.kind, _about_object(leaf), leaf.blob.size, leaf.digest)
        case Value():
            return Item(path, "value", "", leaf.blob.size, leaf.digest)


def _about_object(leaf: Object) -> str:
    rows, columns = leaf.meta.get("rows"), leaf.meta.get("columns")
    if isinstance(rows, int) and isinstance(columns, int):
        return f"{rows:,} rows x {columns:,} columns"
    shape = leaf.meta.get("shape")
    return "x".join(map(str, shape)) if isinstance(shape, (list, tuple)) else ""


def _summary_or_text(bundle: Bundle, path: str, leaf: Leaf) -> str:
    try:
        return _leaf_text(bundle, path, leaf)
    except InputError:
        item = _item(path, leaf)
        return f"({item.kind}, {item.size:,} bytes)"


def _leaf_text(bundle: Bundle, path: str, leaf: Leaf) -> str:
    match leaf:
        case Value():
            return _value_text(bundle.item(path))
        case Object(kind="frame"):
            return _table_text(bundle, path)
        case Folder():
            return "\n".join(f"{file.blob.size:>12,}  {file.path}" for file in leaf.files)
        case File() if leaf.blob.size <= _MAX_TEXT_BYTES:
            return _file_text(bundle.path(path), leaf.name)
        case _:
            raise _no_text(bundle.ref, path)


def _value_text(value: object) -> str:
    if isinstance(value, str):
        return value
    if values.is_plain(value):
        return json.dumps(values.to_json(value), indent=2, ensure_ascii=False)
    return repr(value)


def _file_text(path: Path, name: str) -> str:
    data = path.read_bytes()
    if b"\0" in data[:_SNIFF_BYTES]:
        raise _no_text(name, "")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise _no_text(name, "") from error


def _table_text(bundle: Bundle, path: str) -> str:
    """Return the head of a table: names, types, and the first rows."""
    table = bundle.to_arrow(path)
    head = table.slice(0, _ROWS)
    columns = [
        [
            field.name,
            str(field.type).removeprefix("large_"),
            *(_cell(value) for value in head.column(number).to_pylist()),
        ]
        for number, field in enumerate(table.schema)
    ]
    widths = [max(map(len, column)) for column in columns]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in zip(*columns, strict=True)
    ]
    rest = table.num_rows - head.num_rows
    foot = f"… {rest:,} more rows" if rest else f"{table.num_rows:,} rows"
    return "\n".join([*lines, foot])


def _cell(value: object) -> str:
    if isinstance(value, float):
        return _float_text(value)
    text = "" if value is None else str(value).replace("\n", "⏎")
    return text if len(text) <= 40 else text[:39] + "…"


def _float_text(value: float) -> str:
    """Return a number for the eye: six digits, or more where they stand before the point."""
    return f"{value:.1f}" if _MANY_DIGITS <= abs(value) < _TOO_MANY_DIGITS else f"{value:.6g}"


def _no_text(what: str, path: str) -> InputError:
    return InputError(
        f"{what} {path}".rstrip() + " is not text",
        kind="not-text",
        hint=f"stook get {what} prints the path of a file that has it",
    )
