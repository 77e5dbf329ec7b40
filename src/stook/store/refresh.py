"""Bring the catalog up to date with the log: what others wrote, and what a crash left unapplied."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from stook.catalog import Batch
from stook.errors import IntegrityError, NotFoundError
from stook.format import records
from stook.log import Line
from stook.model.clock import id_millis
from stook.model.position import Position
from stook.model.record import BundleRecord, Record
from stook.store.repository import Repository

__all__ = ["refresh"]

_SKEW_MILLIS = 5 * 60 * 1000


def refresh(repository: Repository) -> None:
    """Apply every record that the catalog does not know yet.

    Raises:
        IntegrityError: The log is damaged.
    """
    catalog = repository.catalog
    try:
        lines = list(repository.log.read(catalog.positions()))
    except IntegrityError as error:
        if error.kind != "log-went-back":
            raise
        catalog.reset()
        lines = list(repository.log.read({}))
    if lines:
        _apply(repository, lines)


def _apply(repository: Repository, lines: Sequence[Line]) -> None:
    decoded = [(records.load(line.payload), line.payload) for line in lines]
    positions: dict[str, Position] = {}
    for line in lines:
        positions[line.writer] = line.position
    _learn_packs(repository, [record for record, _ in decoded])
    repository.catalog.apply(Batch(decoded, positions))
    _observe(repository, max(record.id for record, _ in decoded))


def _learn_packs(repository: Repository, applied: Sequence[Record]) -> None:
    named = {pack for record in applied if isinstance(record, BundleRecord) for pack in record.packs}
    for pack in repository.catalog.unknown_packs(sorted(named)):
        from stook.chunks import read_pack_index  # most refreshes need none of that room

        try:
            entries = read_pack_index(repository.storage, pack)
        except NotFoundError:
            continue  # garbage collection has moved its chunks to other packs
        repository.catalog.add(pack, entries)


def _observe(repository: Repository, newest: str) -> None:
    repository.clock.observe(newest)
    ahead = id_millis(newest) - repository.clock.now() * 1000
    if ahead > _SKEW_MILLIS:
        warnings.warn(
            f"a bundle's time is {ahead / 60000:.0f} minutes ahead of this machine's clock; check both clocks",
            stacklevel=2,
        )
