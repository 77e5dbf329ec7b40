"""Checkpoints of the log, written beside it where a storage has but whole objects: they keep its reading cheap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from stook.catalog import CheckpointRow
from stook.errors import FormatError, StookError
from stook.format import checkpoints
from stook.log.listing import list_checkpoints
from stook.log.objects import covered_by
from stook.storage.folder import FolderStorage
from stook.store.repository import Repository

__all__ = ["write_if_due"]

_LEAST: Final = 3
_BYTES_EACH: Final = 512 * 1024


def write_if_due(repository: Repository) -> None:
    """Write a checkpoint where many segments are in none, of what the catalog knows.

    Nothing is written where the catalog does not know all, or knows too much for one; nor is anything said, since what
    was to be done is done: whoever appends next tries again.
    """
    if isinstance(repository.storage, FolderStorage):
        return
    try:
        if not _is_due(repository):
            return
        _learn_of_newer(repository)  # which others may have written
        if _is_due(repository):
            _write(repository)
    except StookError:
        return


def _is_due(repository: Repository) -> bool:
    catalog = repository.catalog
    known = catalog.find_checkpoint()
    covered: Mapping[str, int] = known.supersedes if known else {}
    reached = covered_by(catalog.positions())
    uncovered = sum(max(0, seq - covered.get(writer, 0)) for writer, seq in reached.items())
    return uncovered > max(_LEAST, known.size // _BYTES_EACH if known else 0)


def _learn_of_newer(repository: Repository) -> None:
    """Note the newest checkpoint that says what it covers, if it is not the one that is known."""
    known = repository.catalog.find_checkpoint()
    for identifier, entry in list_checkpoints(repository.storage).items():
        if known and identifier <= known.id:
            return
        start = repository.storage.get_range(entry.key, 0, min(entry.size, checkpoints.START_BYTES))
        try:
            covered = checkpoints.read_start(start, identifier)
        except FormatError:
            continue
        repository.catalog.note_checkpoint(CheckpointRow(identifier, entry.size, covered))
        return


def _write(repository: Repository) -> None:
    clock = repository.clock.copy()
    if known := repository.catalog.find_checkpoint():  # by a clock that is ahead it would stay the newest
        clock.observe(known.id)
    identifier = clock.new_id()
    with repository.catalog.whole() as whole:
        size = checkpoints.framed_size(whole.count, whole.size)
        supersedes = covered_by(whole.positions)
        if whole.is_damaged or not supersedes or size > checkpoints.MAX_BYTES:
            return
        data = checkpoints.dump(identifier, supersedes, whole.iter_records(), size)
    repository.storage.put_new(checkpoints.checkpoint_key(identifier), data)
    repository.catalog.note_checkpoint(CheckpointRow(identifier, len(data), supersedes))
