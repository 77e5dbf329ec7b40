"""Bring the catalog up to date with the log: what others wrote, and what a crash left unapplied."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

from msgspec import structs

from stook._io import write_atomic
from stook.catalog import Batch, DamageRow
from stook.errors import IntegrityError
from stook.format import records, segments
from stook.log import Damage, Line, Reached
from stook.model.clock import id_millis
from stook.model.record import BundleRecord, Record
from stook.storage.disk_errors import translate_os_errors
from stook.storage.folder import FolderStorage
from stook.store.repository import Repository

__all__ = ["find_lost", "iter_batches", "refresh", "warn_of_damage"]

_AT_ONCE = 10_000
_BYTES_AT_ONCE = 16 * 1024 * 1024
_PROBLEMS_EACH = 8
_LOST = "lost-"
_SKEW_MILLIS = 5 * 60 * 1000


def refresh(repository: Repository) -> None:
    """Apply every record that the catalog does not know yet.

    What of the log cannot be read is passed over, remembered in the catalog, and warned of.
    """
    try:
        _take_in(repository)
    except IntegrityError as error:
        if error.kind != "log-went-back":
            raise
        known = {records.read_id(payload): payload for payload in repository.catalog.iter_known()}
        from stook.store.alias_notes import forget_aliases  # which hardly anyone needs

        forget_aliases(repository.cache)
        repository.catalog.replace(iter_batches(repository.log.read({})))
        repository.tail.begin(repository.catalog.positions())
        warn_of_damage(repository)
        for payload in repository.catalog.iter_known():
            known.pop(records.read_id(payload), None)
        if known:
            _keep_lost(repository, known)
    # What is new may have been read by another process, which has the same catalog.
    if newest := repository.catalog.find_newest_id():
        repository.clock.observe(newest)


def _keep_lost(repository: Repository, lost: Mapping[str, bytes]) -> None:
    """Keep the records that are not in the log any more, as a segment that could be put back."""
    path = repository.cache / f"{_LOST}{repository.clock.new_id()}"
    with translate_os_errors(path):
        write_atomic(path, segments.MAGIC + b"".join(segments.frame(payload) for payload in lost.values()))
    warnings.warn(
        f"the log of {repository.url} went back: {len(lost)} records that had been read are not in it any more. "
        f"If it was not put back to an older copy on purpose, they are in {path}",
        stacklevel=2,
    )


def find_lost(cache: Path) -> list[tuple[Path, list[bytes]]]:
    """Return the files with records that a log did not have any more, and these, as far as they can be read."""
    found = []
    for path in sorted(cache.glob(f"{_LOST}*")):
        with translate_os_errors(path):
            data = path.read_bytes()
        found.append((path, [payload for payload, _ in segments.iter_frames(data, len(segments.MAGIC))]))
    return found


def _take_in(repository: Repository) -> None:
    has_damage = False
    known = repository.catalog.positions()
    for batch in iter_batches(repository.log.read(dict(known))):
        _apply(repository, batch)
        known.update(batch.positions)
        has_damage = has_damage or bool(batch.damage)
    repository.tail.begin(known)
    if has_damage:
        warn_of_damage(repository)


def _apply(repository: Repository, batch: Batch) -> None:
    if isinstance(repository.storage, FolderStorage):  # elsewhere that takes a request a pack
        _learn_named(repository, batch)
    repository.catalog.apply(batch)
    if batch.records:
        _observe(repository, max(record.id for record, _ in batch.records))


def _learn_named(repository: Repository, batch: Batch) -> None:
    named = {pack for record, _ in batch.records if isinstance(record, BundleRecord) for pack in record.packs}
    unknown = repository.catalog.chunks.unknown_packs(sorted(named))
    if unknown:
        from stook.store.packs.chunk_index import learn_packs  # most refreshes need none of that

        learn_packs(repository.storage, repository.catalog, unknown)


def iter_batches(found: Iterator[Line | Damage | Reached]) -> Iterator[Batch]:
    """Yield what is read of a log as a catalog takes it in, some thousands of records at a time.

    A record that is not sound counts as damage: its checksum is right, so another version or nobody honest wrote it.
    """
    while some := list(_iter_some(found)):
        yield _batch_of(some)


def _iter_some(found: Iterator[Line | Damage | Reached]) -> Iterator[Line | Damage | Reached]:
    """Yield as much as shall be in memory at once."""
    size = 0
    for item in islice(found, _AT_ONCE):
        yield item
        size += len(item.payload) if isinstance(item, Line) else 0
        if size > _BYTES_AT_ONCE:
            return


def _batch_of(found: Sequence[Line | Damage | Reached]) -> Batch:
    decoded: list[tuple[Record, bytes]] = []
    damage: list[DamageRow] = []
    for item in found:
        problem = item.problem if isinstance(item, Damage) else ""
        if isinstance(item, Line):
            try:
                decoded.append((records.load(item.payload), item.payload))
            except IntegrityError as error:
                problem = error.message
        if problem:
            damage.append(DamageRow(item.writer, item.position.seq, item.position.offset, problem))
    positions = {item.writer: item.position for item in found if item.position.seq}
    return Batch(decoded, positions, list(_iter_folded(damage)))


def _iter_folded(damage: Sequence[DamageRow]) -> Iterator[DamageRow]:
    """Yield the first problems of each segment, and one for all others: a segment may hold millions."""
    counts: Counter[tuple[str, int]] = Counter()
    lasts: dict[tuple[str, int], DamageRow] = {}
    for row in damage:
        place = row.writer, row.seq
        counts[place] += 1
        if counts[place] <= _PROBLEMS_EACH:
            yield row
        else:
            lasts[place] = row
    for place, row in lasts.items():
        yield structs.replace(
            row, problem=f"{row.problem} (and {counts[place] - _PROBLEMS_EACH - 1} others before it)"
        )


def warn_of_damage(repository: Repository) -> None:
    """Warn where a part of the log could not be read, for as long as that is so: versions may be missing."""
    found = repository.catalog.damage()
    if found:
        more = f" (and {len(found) - 1} other places)" if len(found) > 1 else ""
        warnings.warn(
            f"a part of the log is lost, so versions may be missing: {found[0].problem}{more}; "
            "stook verify says more, and stook rebuild reads it again",
            stacklevel=2,
        )


def _observe(repository: Repository, newest: str) -> None:
    repository.clock.observe(newest)
    ahead = id_millis(newest) - repository.clock.now() * 1000
    if ahead > _SKEW_MILLIS:
        warnings.warn(
            f"a bundle's time is {ahead / 60000:.0f} minutes ahead of this machine's clock; check both clocks",
            stacklevel=2,
        )
