"""Each bundle: whether its description is right, and all of its chunks are there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from blake3 import blake3

from stook.chunks import ChunkReader
from stook.chunks.plan import list_ids
from stook.errors import IntegrityError
from stook.model.record import BundleRecord
from stook.model.tree import Blob, Node, iter_items
from stook.store.packs.reach import CODE, code_blobs, iter_parts, read_manifest
from stook.store.reading.whose import MISSING
from stook.store.verify.chunk_set import ChunkSet
from stook.store.verify.contents import Contents
from stook.store.verify.report import Affected

__all__ = ["DamagedBundle", "check_bundle"]

_AT_ONCE = 4096


@dataclass(frozen=True, slots=True)
class DamagedBundle:
    """A bundle that cannot be read whole.

    Attributes:
        record: Its record.
        affected: It, and which of its items.
        message: What is wrong.
        chunks: Chunks that are lost; none where something else is wrong.
        is_forged: Whether all bytes are there, and an item has another content than its digest says.
        is_absent: Whether nothing is wrong but that chunks are not there.
    """

    record: BundleRecord
    affected: Affected
    message: str
    chunks: frozenset[bytes]
    is_forged: bool = False
    is_absent: bool = False


@dataclass(slots=True)
class _Findings:
    items: list[str] = field(default_factory=list)
    chunks: set[bytes] = field(default_factory=set)
    messages: list[str] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)
    is_forged: bool = False


def check_bundle(
    record: BundleRecord, reader: ChunkReader, chunks: ChunkSet, contents: Contents | None = None
) -> DamagedBundle | None:
    """Look at a bundle; None where nothing is wrong. Without `contents`, of its content only listings are read.

    Args:
        record: Its record.
        reader: Reads its description and listings.
        chunks: All chunks that can be read.
        contents: Tells whether values, tables and the like are those of their digests.

    Raises:
        StorageError: The storage cannot be reached.
    """
    found = _Findings()
    try:
        manifest = read_manifest(record, reader)
    except IntegrityError as error:
        _note(found, "", error)
        return _damaged(record, found)
    size = 0
    for place, blob in iter_parts(manifest.tree):
        size += blob.size
        _check_blob(place, blob, found, reader, chunks)
    for blob in code_blobs(manifest.lineage):
        _check_blob(CODE, blob, found, reader, chunks)
    if size != record.size:
        found.messages.append(f"its items are {size} bytes, and its record says {record.size}")
    if contents is not None:
        _check_contents(manifest.tree, found, contents)
    return _damaged(record, found) if found.messages or found.absent else None


def _check_blob(place: str, blob: Blob, found: _Findings, reader: ChunkReader, chunks: ChunkSet) -> None:
    if blob.data is not None:
        if blake3(blob.data).hexdigest() != blob.digest:
            found.items.append(place)
            found.messages.append("bytes in its description are not what they were")
        return
    size, missing = 0, set[bytes]()
    try:
        for ids in _in_groups(iter(list_ids(blob, reader.read))):
            sizes = chunks.sizes(ids)
            missing.update(id_ for id_, known in zip(ids, sizes, strict=True) if known < 0)
            size += sum(sizes)
    except IntegrityError as error:
        _note(found, place, error)
        return
    if missing:
        found.chunks |= missing
        found.absent.append("chunks of it are lost")
    elif size != blob.size:
        found.messages.append(f"the chunks of {blob.digest} are {size} bytes, and not {blob.size}")
    if missing or size != blob.size:
        found.items.append(place)


def _check_contents(tree: Node, found: _Findings, contents: Contents) -> None:
    """Hold items that can be read against their digests."""
    for keys, leaf in iter_items(tree):
        place = "/".join(keys)
        if place not in found.items and (problem := contents.find_problem(leaf)):
            found.items.append(place)
            found.messages.append(f"{place}: {problem}" if place else problem)
            found.is_forged = True


def _in_groups(ids: Iterator[bytes]) -> Iterator[Sequence[bytes]]:
    while group := list(islice(ids, _AT_ONCE)):
        yield group


def _note(found: _Findings, place: str, error: IntegrityError) -> None:
    (found.absent if error.kind in MISSING else found.messages).append(error.message)
    if place:
        found.items.append(place)
    if isinstance(chunk := error.facts.get("chunk"), str):
        found.chunks.add(bytes.fromhex(chunk))


def _damaged(record: BundleRecord, found: _Findings) -> DamagedBundle:
    reference = f"{record.name}@{record.id}"
    message = "; ".join(dict.fromkeys((*found.messages, *found.absent)))
    affected = Affected(reference, tuple(dict.fromkeys(found.items)))
    return DamagedBundle(
        record, affected, message, frozenset(found.chunks), found.is_forged, is_absent=not found.messages
    )
