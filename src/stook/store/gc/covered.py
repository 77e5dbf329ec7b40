"""Segments of the log that a checkpoint covers, and checkpoints that newer ones replace."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from stook.errors import IntegrityError, NotFoundError
from stook.format import records, salvage, segments
from stook.format.salvage import Gap
from stook.log.checkpoints import Content, read_checkpoint
from stook.log.covered import keys_below
from stook.log.fetching import fetch_all
from stook.log.listing import has_holes, list_checkpoints, list_segments
from stook.model.record import ContextRecord
from stook.storage.folder import FolderStorage
from stook.storage.protocol import Storage
from stook.store.gc.report import Amount

__all__ = ["Covered", "amount_of", "find_covered", "remove_covered"]

_KEPT = 2
_Segments = Mapping[str, Mapping[int, int]]


@dataclass(frozen=True, slots=True)
class Covered:
    """What of the log need not be kept.

    Attributes:
        segments: Bytes by key.
        checkpoints: Bytes by key.
        problems: What should be covered and is not.
    """

    segments: Mapping[str, int]
    checkpoints: Mapping[str, int]
    problems: tuple[str, ...] = ()


def find_covered(storage: Storage, grace: float, now: Callable[[], float]) -> Covered:
    """Find segments that are in a checkpoint older than the grace, record by record, and checkpoints without a use.

    The last segment of each writer is never among them, nor are the two newest checkpoints.

    Args:
        storage: Where the log is; in a folder there is nothing to be found.
        grace: Seconds.
        now: The time by the storage's clock; only asked for where there is something to find.

    Raises:
        StorageError: The storage cannot be reached.
        IntegrityError: It has more objects than a log may have.
    """
    none = Covered({}, {})
    known = {} if isinstance(storage, FolderStorage) else list_checkpoints(storage)
    if not known:
        return none
    present = list_segments(storage)
    if len(known) <= _KEPT and all(len(sizes) == 1 for sizes in present.values()):
        return none
    latest = now() - grace
    old = {identifier: entry for identifier, entry in known.items() if entry.modified <= latest}
    relied = _find_whole(storage, old, present)
    if relied is None:
        return none
    identifier, content = relied
    kept = list(known)[:_KEPT]
    replaced = {one: entry for one, entry in old.items() if one < identifier and one not in kept}
    try:
        held = _Held(content)
        covered, problems = _split(storage, held, content, present)
    except NotFoundError:  # another collects
        return none
    except IntegrityError as error:
        return Covered({}, {}, (f"no segment of the log is deleted, since {error.message}",))
    going: dict[str, int] = {}
    for one, entry in replaced.items():
        older = read_checkpoint(storage, one)
        if held.has_checkpoint(older):
            going[entry.key] = entry.size
        elif content.reaches(older.supersedes):  # else another machine, which made it just before, knew more
            problems += (f"{entry.key} is left alone: not all of it is in a newer one",)
    return Covered(covered, going, problems)


def remove_covered(storage: Storage, found: Covered) -> None:
    """Delete them. Wherever this stops, all that matters is still there."""
    for key in (*found.segments, *found.checkpoints):
        storage.delete(key)


def amount_of(found: Mapping[str, int]) -> Amount:
    """Return how many objects these are, and their bytes, given them by key."""
    return Amount(len(found), sum(found.values()))


def _find_whole(storage: Storage, old: Iterable[str], present: _Segments) -> tuple[str, Content] | None:
    """Return the newest checkpoint that says all there is together with the segments after it, and with them alone."""
    there = {writer: list(sizes) for writer, sizes in present.items()}
    for identifier in old:
        content = read_checkpoint(storage, identifier)
        following = {writer: seq + 1 for writer, seq in content.supersedes.items()}
        if content.supersedes and not content.is_ahead_of(present) and not has_holes(there, following):
            return identifier, content
    return None


def _split(
    storage: Storage, held: _Held, content: Content, present: _Segments
) -> tuple[dict[str, int], tuple[str, ...]]:
    """Return the segments that a checkpoint covers and holds, but for each writer's last, and what to say of others.

    Raises:
        NotFoundError: One was just deleted.
    """
    lasts = {writer: max(sizes) for writer, sizes in present.items()}
    ends = {writer: min(seq, lasts.get(writer, 1) - 1) for writer, seq in content.supersedes.items()}
    covered = keys_below(present, ends)
    fetched = zip(covered, fetch_all(storage, list(covered.items())), strict=True)
    doubtful = [key for key, raw in fetched if not held.has_all(raw)]
    problems = [f"{key} is left alone: not all of it is in the checkpoint that covers it" for key in doubtful]
    return {key: size for key, size in covered.items() if key not in doubtful}, tuple(problems)


class _Held:
    """What a checkpoint holds: the ids of its records, and for each context that of the last word about its name.

    Raises:
        IntegrityError: One of its records is not sound.
    """

    def __init__(self, content: Content) -> None:
        self._ids: set[str] = set()
        self._contexts: dict[str, str] = {}
        for payload, _ in content.iter_records():
            try:
                record = records.load(payload)
            except IntegrityError as error:
                raise type(error)(
                    f"the checkpoint has what is none: {error.message}", kind=error.kind
                ) from error
            self._ids.add(record.id)
            if isinstance(record, ContextRecord):
                self._contexts[record.context] = max(record.id, self._contexts.get(record.context, ""))

    def has_all(self, raw: bytes) -> bool:
        """Tell whether every record of a segment is in the checkpoint, or says what a later one there says anew."""
        data, problem = salvage.unseal_some(raw)
        pieces = salvage.Pieces(data, len(segments.MAGIC), salvage.find_most(raw, data))
        is_whole = not problem and len(data) > len(segments.MAGIC)
        return is_whole and all(not isinstance(piece, Gap) and self._has(piece[0]) for piece in pieces)

    def has_checkpoint(self, content: Content) -> bool:
        """Tell the same of an older checkpoint; one that is not whole counts for nothing."""
        return not content.supersedes or all(self._has(payload) for payload, _ in content.iter_records())

    def _has(self, payload: bytes) -> bool:
        try:
            record = records.load(payload)
        except IntegrityError:
            return False
        if isinstance(record, ContextRecord):
            return record.id <= self._contexts.get(record.context, "")
        return record.id in self._ids
