"""Data to tree: each leaf goes through the chunk writer or its codec, and what is left says where it went."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from stook import registry
from stook.errors import InputError
from stook.format import canonical, values
from stook.format.limits import MAX_DEPTH
from stook.model.paths import find_path_problem
from stook.model.tree import Dict, File, Folder, FolderFile, Node, Object, Sequence, Value
from stook.store.codec import Codec

if TYPE_CHECKING:
    from stook.chunks import ChunkWriter

__all__ = ["encode", "encode_path"]


def encode(data: object, writer: ChunkWriter, where: str = "data", *, depth: int = 0) -> Node:
    """Write data and return its tree.

    Args:
        data: Plain values, frames, arrays, models, `Path`s of files and folders, and dicts and lists of those.
        writer: Takes the bytes.
        where: How errors call the data.
        depth: In how many containers it is.

    Raises:
        InputError: Something in it cannot be kept; the message says what and where.
    """
    if depth > MAX_DEPTH:
        raise InputError(
            f"the data is nested more than {MAX_DEPTH} levels deep",
            kind="too-deep",
            hint="does it hold itself?",
        )
    if values.is_plain(data):
        return Value(digest=_value_digest(data), blob=writer.add_bytes(values.dump(data)))
    if isinstance(data, Path):
        return encode_path(data, writer)
    if type(data) is dict:
        return Dict(tuple(_encode_entry(key, item, writer, where, depth) for key, item in data.items()))
    if type(data) in {list, tuple} and isinstance(data, (list, tuple)):
        nodes = tuple(
            encode(item, writer, f"{where}[{number}]", depth=depth + 1) for number, item in enumerate(data)
        )
        return Sequence(nodes, is_tuple=type(data) is tuple)
    kind = registry.find_codec_kind(data)
    if kind is None:
        raise _refusal(data, where)
    return _encode_object(data, registry.codec(kind), writer)


def encode_path(path: Path, writer: ChunkWriter) -> Node:
    """Write a file, or a folder with all that is in it.

    Raises:
        InputError: There is no such file, or it is neither file nor folder.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise InputError(
            f"there is no file or folder {path}", kind="no-such-file", hint="check the path", path=str(path)
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if stat.S_ISDIR(mode):
        return _encode_folder(path, writer)
    _check_regular(path, mode)
    return File(_checked(path.name, path), writer.add_file(path), bool(mode & 0o100))


def _value_digest(value: object) -> str:
    return canonical.digest("stook v1 value", canonical.encode(value))


def _encode_entry(key: object, item: object, writer: ChunkWriter, where: str, depth: int) -> tuple[str, Node]:
    if type(key) is not str:
        raise InputError(
            f"{where} holds frames, files or models under the key {key!r}, which is no string",
            kind="bad-key",
            hint="name them by strings; keys of other types are fine where all values are plain",
        )
    return key, encode(item, writer, f"{where}[{key!r}]", depth=depth + 1)


def _encode_object(data: object, codec: Codec, writer: ChunkWriter) -> Object:
    sink = writer.sink()
    encoded = codec.dump(data, cast(BinaryIO, sink))
    sink.close()
    return Object(kind=codec.kind, digest=encoded.digest, blob=sink.blob, meta=encoded.meta)


def _encode_folder(root: Path, writer: ChunkWriter) -> Folder:
    files: list[FolderFile] = []
    empty: list[str] = []
    for path, relative, mode in _walk(root, ""):
        _checked(relative, path)
        if mode is None:
            empty.append(relative)
        else:
            files.append(FolderFile(relative, writer.add_file(path), bool(mode & 0o100)))
    files.sort(key=lambda file: file.path)
    return Folder(_checked(root.resolve().name, root), tuple(files), tuple(sorted(empty)))


def _walk(folder: Path, prefix: str) -> Iterator[tuple[Path, str, int | None]]:
    """Yield each file with its relative path and mode, sorted; for an empty folder the mode is None."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        raise _unreadable(folder, error) from error
    if not entries and prefix:
        yield folder, prefix.rstrip("/"), None
    for entry in entries:
        path, relative = Path(entry.path), prefix + entry.name
        if entry.is_dir(follow_symlinks=False):
            yield from _walk(path, relative + "/")
            continue
        try:
            mode = entry.stat().st_mode
        except OSError as error:
            raise _unreadable(path, error) from error
        _check_regular(path, mode)
        yield path, relative, mode


def _check_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        what = "a link to a folder" if stat.S_ISDIR(mode) else "neither a file nor a folder"
        raise InputError(
            f"{path} is {what}; only files and folders can be kept",
            kind="not-a-file",
            hint="leave it out, or name what it points to",
            path=str(path),
        )


def _checked(relative: str, path: Path) -> str:
    problem = find_path_problem(relative)
    if problem:
        raise InputError(
            f"the file name {str(path)!r} cannot be kept: {problem}", kind="bad-path", hint="rename the file"
        )
    return relative


def _unreadable(path: Path, error: OSError | ValueError) -> InputError:
    return InputError(
        f"cannot read {path}: {getattr(error, 'strerror', None) or error}",
        kind="unreadable",
        hint="check its permissions",
        path=str(path),
    )


def _refusal(data: object, where: str) -> InputError:
    from stook.store.bundle import Bundle

    if isinstance(data, Bundle):
        return InputError(
            f"{where} is the bundle {data.ref}",
            kind="bundle-in-data",
            hint="say what data was made from by inputs=[…]",
        )
    kind = f"{type(data).__module__}.{type(data).__qualname__}"
    return InputError(
        f"{where} is a {kind}, which no codec can keep safely",
        kind="unknown-type",
        hint="give values, frames, arrays, models or Path objects; write anything else to a file and add its Path",
        type=kind,
    )
