"""Descriptions and listings of many bundles, each level of them at once; then it is known which chunks there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from stook.chunks import ChunkReader
from stook.chunks.plan import list_ids
from stook.errors import IntegrityError
from stook.model.record import BundleRecord
from stook.model.tree import Blob
from stook.store.packs.reach import iter_parts, read_manifest
from stook.store.remotes.carrying import Carrier

__all__ = ["bring_descriptions", "data_ids"]

_MAX_BYTES = 256 * 1024 * 1024


def bring_descriptions(records: Sequence[BundleRecord], reader: ChunkReader, carrier: Carrier) -> None:
    """Bring what tells which chunks bundles have: their descriptions, then the listings that these name.

    Args:
        records: The bundles.
        reader: Reads what is here.
        carrier: Brings chunks.

    Raises:
        IntegrityError: A description is not that of its bundle, or a listing is none.
    """
    described = [record for record in records if record.manifest_blob is not None]
    carrier.learn(pack for record in described for pack in record.packs if pack.startswith("meta/"))
    _bring([record.manifest_blob for record in described if record.manifest_blob], reader, carrier)
    listings: dict[str, Blob] = {}
    packs: list[str] = []
    for record in records:
        for blob in _blobs(record, reader):
            if blob.listing is not None:
                listings[blob.listing.digest] = blob.listing
                packs += reversed(record.packs)  # a listing comes after what it lists
    carrier.expect(packs)
    _bring(list(listings.values()), reader, carrier)


def data_ids(records: Iterable[BundleRecord], reader: ChunkReader) -> Iterator[bytes]:
    """Yield the ids of all chunks of the content of bundles whose descriptions and listings are here.

    Raises:
        IntegrityError: They cannot be read.
    """
    for record in records:
        for blob in _blobs(record, reader):
            if blob.data is None:
                yield from list_ids(blob, reader.read)


def _blobs(record: BundleRecord, reader: ChunkReader) -> Iterator[Blob]:
    for _, blob in iter_parts(read_manifest(record, reader).tree):
        yield blob


def _bring(blobs: Sequence[Blob], reader: ChunkReader, carrier: Carrier) -> None:
    """Bring whole blobs: first the listings that they have, those of all together, and so on."""
    levels = [blobs]
    while deeper := [blob.listing for blob in levels[-1] if blob.listing is not None]:
        levels.append(deeper)
    for level in reversed(levels):
        if any(blob.size > _MAX_BYTES for blob in level):
            raise IntegrityError(
                f"a description or listing cannot be taken: it has more than {_MAX_BYTES} bytes",
                kind="bad-manifest",
                hint="stook verify",
            )
        ids = {id_: None for blob in level if blob.data is None for id_ in list_ids(blob, reader.read)}
        if ids:
            carrier.carry(ids)
