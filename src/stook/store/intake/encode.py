"""Data to tree: each leaf goes through the chunk writer or its codec, and what is left says where it went."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

from stook import registry
from stook.errors import InputError
from stook.format import canonical, values
from stook.format.limits import MAX_DEPTH
from stook.model.tree import Dict, Node, Object, Sequence, Value
from stook.store.codec import Codec
from stook.store.intake.content import Files, Stream, encode_files, encode_stream
from stook.store.intake.sources import encode_path

if TYPE_CHECKING:
    from stook.chunks import ChunkWriter
    from stook.store.intake.snapshots import Snapshots

__all__ = ["encode", "encode_path"]


def encode(
    data: object,
    writer: ChunkWriter,
    where: str = "data",
    *,
    depth: int = 0,
    snapshots: Snapshots | None = None,
) -> Node:
    """Write data and return its tree.

    Args:
        data: Plain values, frames, arrays, models, `Path`s of files and folders, and dicts and lists of those.
        writer: Takes the bytes.
        where: How errors call the data.
        depth: In how many containers it is.
        snapshots: What files and folders looked like when they were last read.

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
        return encode_path(data, writer, snapshots)
    if isinstance(data, Stream | Files):
        return encode_stream(data, writer) if isinstance(data, Stream) else encode_files(data, writer)
    if type(data) is dict:
        for key in data:
            _check_key(key, where)
        return Dict(
            tuple(
                (key, encode(item, writer, f"{where}[{key!r}]", depth=depth + 1, snapshots=snapshots))
                for key, item in data.items()
            )
        )
    if type(data) in {list, tuple} and isinstance(data, (list, tuple)):
        nodes = tuple(
            encode(item, writer, f"{where}[{number}]", depth=depth + 1, snapshots=snapshots)
            for number, item in enumerate(data)
        )
        return Sequence(nodes, is_tuple=type(data) is tuple)
    kind = registry.find_codec_kind(data)
    if kind is None:
        raise _refusal(data, where)
    return _encode_object(data, registry.codec(kind), writer, where)


def _value_digest(value: object) -> str:
    return canonical.digest("stook v1 value", canonical.encode(value))


def _check_key(key: object, where: str) -> None:
    if type(key) is not str:
        raise InputError(
            f"{where} holds frames, files or models under the key {key!r}, which is no string",
            kind="bad-key",
            hint="name them by strings; keys of other types are fine where all values are plain",
        )


def _encode_object(data: object, codec: Codec, writer: ChunkWriter, where: str) -> Object:
    sink = writer.sink()
    try:
        encoded = codec.dump(data, cast(BinaryIO, sink))
    except InputError as error:
        if "[" not in where:
            raise
        raise InputError(
            f"{where}: {error.message}", kind=error.kind, hint=error.hint, **error.facts
        ) from error
    sink.close()
    return Object(kind=codec.kind, digest=encoded.digest, blob=sink.blob, meta=encoded.meta)


def _refusal(data: object, where: str) -> InputError:
    from stook.store.bundle import Bundle

    if isinstance(data, Bundle):
        return InputError(
            f"{where} is the bundle {data.ref}",
            kind="bundle-in-data",
            hint="say what data was made from by inputs=[…]",
        )
    kind = f"{type(data).__module__}.{type(data).__qualname__}".removeprefix("builtins.")
    return InputError(
        f"{where} is of type {kind}, which no codec can keep safely",
        kind="unknown-type",
        hint="give values, frames, arrays, models or Path objects; write anything else to a file, in a task to "
        "self.path('…'), and give its Path",
        type=kind,
    )
