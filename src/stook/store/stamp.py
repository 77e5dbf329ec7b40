"""What every record has: an id, a time, and who said it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from stook.errors import ConflictError
from stook.format import records
from stook.model.record import BundleRecord, DeleteRecord, Record, RestoreRecord
from stook.store.repository import Repository

if TYPE_CHECKING:
    from stook.store.packs.writing import WritingIndex

__all__ = ["Stamp", "append", "append_relying", "stamp"]


@dataclass(frozen=True, slots=True)
class Stamp:
    """A fresh id, the time in microseconds since the epoch, and the owner."""

    id: str
    time: int
    owner: str


def stamp(repository: Repository) -> Stamp:
    """Return a fresh one. What was read before has a smaller id."""
    clock = repository.clock
    return Stamp(clock.new_id(), int(clock.now() * 1e6), repository.owner)


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


def append_relying(repository: Repository, index: WritingIndex, *said: BundleRecord | RestoreRecord) -> None:
    """Write records of bundles whose chunks an index has confirmed, as `append` does.

    Where that took so long, as when the machine slept, that the chunks may have been collected, look again.

    Raises:
        ConflictError: They were; the bundles are taken back.
    """
    append(repository, *said)
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
