"""What every record has: an id, a time, and who said it."""

from __future__ import annotations

from dataclasses import dataclass

from stook.format import records
from stook.model.record import Record
from stook.store.repository import Repository

__all__ = ["Stamp", "append", "stamp"]


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
