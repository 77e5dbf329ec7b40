"""From a bundle to all that it needs: its description, its blobs, and the chunks of each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from stook.errors import IntegrityError
from stook.format import manifests, trees
from stook.model.record import BundleRecord, Manifest
from stook.model.tree import Blob, File, Folder, Node, iter_items

if TYPE_CHECKING:
    from stook.chunks import ChunkReader

__all__ = ["chunk_ids", "iter_blobs", "iter_parts", "read_manifest"]


def read_manifest(record: BundleRecord, reader: ChunkReader) -> Manifest:
    """Return the full description of a bundle.

    Raises:
        IntegrityError: It cannot be read, or is not the one whose digest the record has.
    """
    manifest = record.manifest
    if record.manifest_blob is not None:
        manifest = manifests.load(reader.read(record.manifest_blob))
    if manifest is None or trees.digest_tree(manifest.tree) != record.digest:
        raise IntegrityError(
            f"the description of {record.name}@{record.id} is not the one that its record names",
            kind="wrong-digest",
            hint="stook verify --deep",
        )
    return manifest


def iter_blobs(manifest: Manifest) -> Iterator[Blob]:
    """Yield each blob of a bundle's content, in the order of its items. That of the manifest itself is the record's."""
    return (blob for _, blob in iter_parts(manifest.tree))


def iter_parts(tree: Node) -> Iterator[tuple[str, Blob]]:
    """Yield each blob of a data tree with its place: keys, a folder's paths; a sole file's name; else nothing."""
    for keys, leaf in iter_items(tree):
        place = "/".join(keys)
        if isinstance(leaf, Folder):
            for file in leaf.files:
                yield f"{place}/{file.path}" if place else file.path, file.blob
        else:
            yield place or (leaf.name if isinstance(leaf, File) else ""), leaf.blob


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
