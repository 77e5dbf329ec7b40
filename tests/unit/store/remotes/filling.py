"""Stores with thousands of bundles, made at once."""

from __future__ import annotations

import os

from stook.format import records, trees
from stook.model.record import BundleRecord, Manifest
from stook.model.tree import File
from stook.store import Store
from stook.store.stamp import append_payloads, stamp

__all__ = ["fill"]


def fill(store: Store, count: int, *, size: int = 10_000, prefix: str = "name") -> list[str]:
    """Add bundles of one file of random bytes each, with one segment of the log; return them as `name@id`."""
    repository = store.repository
    with repository.writer() as writer:
        files = [File("data.bin", writer.add_bytes(os.urandom(size))) for _ in range(count)]
        packs = writer.flush()
        writer.index.confirm()
        made = []
        for number, file in enumerate(files):
            mark = stamp(repository)
            made.append(
                BundleRecord(
                    mark.id,
                    store.context_id(),
                    f"{prefix}-{number:05}",
                    trees.digest_tree(file),
                    size,
                    mark.time,
                    mark.owner,
                    manifest=Manifest(file),
                    packs=packs[:256],
                )
            )
        append_payloads(repository, writer.index, [records.dump(record) for record in made], made)
    store.refresh()
    return [f"{record.name}@{record.id}" for record in made]
