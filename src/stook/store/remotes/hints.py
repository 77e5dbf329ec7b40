"""Which packs a record names: where its chunks really are at the target, after they were packed anew on their way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stook.chunks import ChunkReader
from stook.format import records
from stook.format.encoding import to_json
from stook.format.limits import MAX_PAYLOAD
from stook.model.record import BundleRecord
from stook.store.packs.reach import needed_ids
from stook.store.packs.writing import WritingIndex

__all__ = ["find_packs", "rewrite_hints", "rewrite_packs"]

_MOST = 256
_MOST_BYTES = 16 * 1024 * 1024
_MORE_BYTES = 64  # the id of a context may be longer there
_AT_ONCE = 2048


def rewrite_hints(
    sent: Iterable[tuple[BundleRecord, bytes]], reader: ChunkReader, index: WritingIndex
) -> Iterator[bytes]:
    """Yield the bytes of records with the packs that have their chunks at a target; as they are where those are right.

    Hints are no use that make a commit too large: some MiB for all, and no record longer than it may be.

    Args:
        sent: The records with their bytes.
        reader: Reads the bundles' descriptions, where they come from.
        index: Of the target's writer, after all chunks went over.

    Raises:
        IntegrityError: A description cannot be read.
    """
    room = _MOST_BYTES
    for record, payload in sent:
        if index.has_seen(record.packs):
            yield payload
            continue
        changed = rewrite_packs(payload, find_packs(needed_ids(reader, record), index))
        if len(changed) - len(payload) > room or len(changed) > MAX_PAYLOAD - _MORE_BYTES:
            changed = rewrite_packs(payload, ())
        room -= max(0, len(changed) - len(payload))
        yield changed


def find_packs(ids: Iterable[bytes], index: WritingIndex) -> tuple[str, ...]:
    """Return the packs that some chunks are in, those first that were needed first; none where they are too many."""
    found: dict[str, None] = {}
    wanted = list(dict.fromkeys(ids))
    for start in range(0, len(wanted), _AT_ONCE):
        group = wanted[start : start + _AT_ONCE]
        places = index.find(group)
        found.update((places[id_].pack, None) for id_ in group if id_ in places)
        if len(found) > _MOST:
            return ()
    return tuple(found)


def rewrite_packs(payload: bytes, packs: tuple[str, ...]) -> bytes:
    """Return a bundle record's bytes with other packs in them, and every other field's bytes as they are.

    Args:
        payload: A record that was read and found sound.
        packs: The packs; where there are none, the field is left out.
    """
    return records.replace_field(payload, "packs", to_json(packs) if packs else None)
