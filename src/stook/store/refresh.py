"""Bring the catalog up to date with the log: what others wrote, and what a crash left unapplied."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import islice

from stook.catalog import Batch
from stook.errors import IntegrityError
from stook.format import records
from stook.log import Line
from stook.model.clock import id_millis
from stook.model.record import BundleRecord
from stook.store.repository import Repository

__all__ = ["refresh"]

_AT_ONCE = 10_000
_SKEW_MILLIS = 5 * 60 * 1000


def refresh(repository: Repository) -> None:
    """Apply every record that the catalog does not know yet.

    Raises:
        IntegrityError: The log is damaged.
    """
    try:
        _take_in(repository)
    except IntegrityError as error:
        if error.kind != "log-went-back":
            raise
        repository.catalog.reset()
        _take_in(repository)


def _take_in(repository: Repository) -> None:
    lines = repository.log.read(repository.catalog.positions())
    while batch := list(islice(lines, _AT_ONCE)):
        _apply(repository, batch)


def _apply(repository: Repository, lines: Sequence[Line]) -> None:
    decoded = [(records.load(line.payload), line.payload) for line in lines]
    named = {pack for record, _ in decoded if isinstance(record, BundleRecord) for pack in record.packs}
    if named:
        from stook.store.chunk_index import learn_packs  # most refreshes need none of that

        learn_packs(repository.storage, repository.catalog, named)
    positions = {line.writer: line.position for line in lines}
    repository.catalog.apply(Batch(decoded, positions))
    _observe(repository, max(record.id for record, _ in decoded))


def _observe(repository: Repository, newest: str) -> None:
    repository.clock.observe(newest)
    ahead = id_millis(newest) - repository.clock.now() * 1000
    if ahead > _SKEW_MILLIS:
        warnings.warn(
            f"a bundle's time is {ahead / 60000:.0f} minutes ahead of this machine's clock; check both clocks",
            stacklevel=2,
        )
