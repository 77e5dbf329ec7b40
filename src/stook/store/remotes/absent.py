"""Bundles that are here, and their data is not: as far as the catalog knows of packs, without looking at these."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import islice

import msgspec

from stook.catalog import Filter
from stook.errors import IntegrityError, NotFoundError
from stook.model.record import BundleRecord
from stook.store.packs.reach import chunk_ids, iter_blobs, read_manifest
from stook.store.remotes.carrying import local_reader
from stook.store.repository import Repository

__all__ = ["count_absent", "lack_data"]

_BUNDLES = 500
_records = msgspec.json.Decoder(BundleRecord)  # what is in the catalog was found sound when it was taken in


@dataclass(frozen=True, slots=True)
class _Needs:
    size: int
    ids: tuple[bytes, ...]
    is_known: bool


def count_absent(repository: Repository, context: str) -> tuple[int, int]:
    """Return how many bundles of a context lack data here, and their bytes of content."""
    sizes = list(_iter_absent(repository, repository.catalog.ids.select(Filter(context))))
    return len(sizes), sum(sizes)


def lack_data(repository: Repository, bundles: Collection[str]) -> bool:
    """Tell whether any of some bundles lacks data here."""
    return any(True for _ in _iter_absent(repository, bundles))


def _iter_absent(repository: Repository, bundles: Collection[str]) -> Iterator[int]:
    """Yield the bytes of content of each of some bundles that lacks data here."""
    needs = _iter_needs(repository, bundles)
    while some := tuple(islice(needs, _BUNDLES)):
        known = set(repository.catalog.chunks.find(sorted({id_ for one in some for id_ in one.ids})))
        yield from (one.size for one in some if not one.is_known or not known.issuperset(one.ids))


def _iter_needs(repository: Repository, bundles: Collection[str]) -> Iterator[_Needs]:
    catalog = repository.catalog
    reader = local_reader(repository)
    for row in catalog.ids.iter_rows(bundles):
        record = _records.decode(row.payload)
        manifest = record.manifest
        try:
            if manifest is None:
                manifest = read_manifest(record, reader)
            ids = [id_ for _, blob in iter_blobs(manifest) for id_ in chunk_ids(reader, blob)]
        except (IntegrityError, NotFoundError):
            yield _Needs(record.size, (), is_known=False)
            continue
        yield _Needs(record.size, tuple(ids), is_known=True)
