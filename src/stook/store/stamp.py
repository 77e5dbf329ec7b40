"""What every record has: an id, a time, and who said it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

from stook.errors import ConflictError
from stook.format import records
from stook.log import WHOLE
from stook.model.position import Position
from stook.model.record import BundleRecord, DeleteRecord, Record, RestoreRecord
from stook.store.checkpoints import write_if_due
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.packs.writing import WritingIndex

__all__ = ["Stamp", "append", "append_payloads", "append_relying", "restoration", "stamp"]


class Stamp(msgspec.Struct, frozen=True):
    """A fresh id, the time in microseconds since the epoch, and the owner."""

    id: str
    time: int
    owner: str


def stamp(repository: Repository) -> Stamp:
    """Return a fresh one. What was read before has a smaller id."""
    clock = repository.clock
    return Stamp(clock.new_id(), int(clock.now() * 1e6), repository.owner)


def restoration(repository: Repository, context: str, bundle: str) -> RestoreRecord:
    """Return the record that brings back a bundle of a context, both by their ids."""
    mark = stamp(repository)
    return RestoreRecord(mark.id, context, bundle, mark.time, mark.owner)


def append(repository: Repository, *said: Record) -> None:
    """Write records, all or none; durable when this returns.

    Raises:
        InputError: One is too long for the log, or has text that is not Unicode.
        StorageError: The storage refused; nothing was written.
    """
    payloads = [records.dump(record) for record in said]
    for payload in payloads:
        records.load(payload)  # one that cannot be read again would stand in everyone's way
    repository.log.append(payloads)
    write_if_due(repository)


def append_relying(repository: Repository, index: WritingIndex, *said: BundleRecord | RestoreRecord) -> None:
    """Write records of bundles whose chunks an index has confirmed, as `append` does.

    Where that took so long, as when the machine slept, that the chunks may have been collected, look again.

    Raises:
        ConflictError: They were; the bundles are taken back.
    """
    append(repository, *said)
    _look_again(repository, index, said)


def append_payloads(
    repository: Repository,
    index: WritingIndex,
    payloads: Sequence[bytes],
    relying: Sequence[BundleRecord | RestoreRecord],
) -> dict[str, Position]:
    """Write records as others wrote them, all or none, those of bundles among them as `append_relying` does.

    Args:
        repository: Where.
        index: Has confirmed the chunks of those bundles.
        payloads: The records' bytes, read and found sound before.
        relying: Those among them that make or restore bundles.

    Returns:
        How far the log is known once the catalog has them, where it knows all that was before them.

    Raises:
        ConflictError: What they rely on was collected; the bundles are taken back.
    """
    known = repository.catalog.positions()
    reached = repository.log.append(payloads)
    write_if_due(repository)
    _look_again(repository, index, relying)
    return {writer: at for writer, at in reached.items() if _is_next(known.get(writer), at)}


def _is_next(known: Position | None, at: Position) -> bool:
    """Tell whether a segment follows what is known, which ends with the segment before it."""
    return at.seq == 1 if known is None else known.seq == at.seq - 1 and known.mark in {b"", WHOLE}


def _look_again(
    repository: Repository, index: WritingIndex, said: Sequence[BundleRecord | RestoreRecord]
) -> None:
    if not index.is_late:
        return
    try:
        index.confirm()
    except ConflictError:
        for record in said:
            mark = stamp(repository)
            bundle = record.id if isinstance(record, BundleRecord) else record.bundle
            append(repository, DeleteRecord(mark.id, record.context, bundle, mark.time, mark.owner))
        raise
