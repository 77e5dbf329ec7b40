"""From a bundle to all that it needs: its description, its blobs, and the chunks of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stook.errors import IntegrityError
from stook.format import manifests, trees
from stook.model.lineage import Lineage
from stook.model.record import BundleRecord, Manifest
from stook.model.tree import Blob, File, Folder, Node, iter_items

if TYPE_CHECKING:
    from stook.chunks import ChunkReader

__all__ = [
    "CODE",
    "check_manifest",
    "chunk_ids",
    "code_blobs",
    "iter_blobs",
    "iter_parts",
    "needed_blobs",
    "needed_ids",
    "read_manifest",
]

CODE = "(code)"
"""What the code of a bundle is called among the places in it."""


def read_manifest(record: BundleRecord, reader: ChunkReader) -> Manifest:
    """Return the full description of a bundle.

    Raises:
        IntegrityError: It cannot be read, or is not the one whose digest the record has.
    """
    if record.manifest_blob is not None:
        reader.index.expect(record.packs)
        return check_manifest(record, manifests.load(reader.read(record.manifest_blob)))
    return check_manifest(record, record.manifest)


def check_manifest(record: BundleRecord, manifest: Manifest | None) -> Manifest:
    """Return the description of a bundle as it came.

    Raises:
        IntegrityError: There is none, or it is not the one whose digest the record has.
    """
    if manifest is None or trees.digest_tree(manifest.tree) != record.digest:
        raise IntegrityError(
            f"the description of {record.name}@{record.id} is not the one that its record names",
            kind="wrong-digest",
            hint="stook verify --deep",
            bundle=f"{record.name}@{record.id}",
        )
    return manifest


def iter_parts(tree: Node) -> Iterator[tuple[str, Blob]]:
    """Yield each blob of a data tree with its place: keys, a folder's paths; a sole file's name; else nothing."""
    for keys, leaf in iter_items(tree):
        place = "/".join(keys)
        if isinstance(leaf, Folder):
            for file in leaf.files:
                yield f"{place}/{file.path}" if place else file.path, file.blob
        else:
            yield place or (leaf.name if isinstance(leaf, File) else ""), leaf.blob


def iter_blobs(manifest: Manifest) -> Iterator[tuple[str, Blob]]:
    """Yield each blob that a description names with its place: those of the data tree, then those of the code."""
    yield from iter_parts(manifest.tree)
    for blob in code_blobs(manifest.lineage):
        yield CODE, blob


def code_blobs(lineage: Lineage) -> tuple[Blob, ...]:
    """Return the blobs of the code that made a bundle: its digests, and its text, where either is kept apart."""
    return tuple(blob for blob in (lineage.code_digests, lineage.code_blob) if blob is not None)


def chunk_ids(reader: ChunkReader, blob: Blob) -> Iterator[bytes]:
    """Yield the ids of a blob's chunks, those of its listing before; none where its bytes are inline.

    Only listings are read, so a chunk that is gone or damaged is yielded like any other.

    Raises:
        IntegrityError: A listing cannot be read.
    """
    from stook.chunks.plan import list_ids

    if blob.data is not None:
        return
    if blob.listing is not None:
        yield from chunk_ids(reader, blob.listing)
    yield from list_ids(blob, reader.read)


def needed_ids(reader: ChunkReader, record: BundleRecord) -> Iterator[bytes]:
    """Yield the ids of all chunks that a bundle needs, those of its description first; some may come twice.

    Raises:
        IntegrityError: Its description or a listing cannot be read.
    """
    for blob in needed_blobs(reader, record):
        yield from chunk_ids(reader, blob)


def needed_blobs(reader: ChunkReader, record: BundleRecord) -> Iterator[Blob]:
    """Yield all blobs of a bundle, that of its description first. Raises IntegrityError where that cannot be read."""
    reader.index.expect(record.packs)
    if record.manifest_blob is not None:
        yield record.manifest_blob
    for _, blob in iter_blobs(read_manifest(record, reader)):
        yield blob
