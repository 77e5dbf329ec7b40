"""Segments that are there although a checkpoint covers them, in the place of which readers take that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stook.errors import NotFoundError
from stook.format import salvage, segments
from stook.format.salvage import Gap
from stook.log.checkpoints import read_checkpoint
from stook.log.fetching import fetch_all
from stook.log.lines import Line, segment_key
from stook.log.listing import list_checkpoints, list_segments
from stook.model.position import Position
from stook.storage.protocol import Storage

__all__ = ["iter_covered", "keys_below"]

_Segments = Mapping[str, Mapping[int, int]]


def iter_covered(storage: Storage) -> Iterator[Line]:
    """Yield the records of all checkpoints and of the segments that they cover, as far as these are there.

    Readers take one checkpoint in the place of all that it covers. Whoever deletes what nothing refers to, or says that
    all is well, must not rely on it that whoever wrote that one knew all, or told it.

    Raises:
        NotFoundError: Segments go again and again while this reads.
        StorageError: The storage cannot be reached.
        IntegrityError: It has more objects than a log may have.
    """
    known = list_checkpoints(storage)
    present = list_segments(storage) if known else {}
    ends: dict[str, int] = {}
    for identifier, entry in known.items():
        content = read_checkpoint(storage, identifier)
        if not content.supersedes or content.is_ahead_of(present):
            continue
        for writer, seq in content.supersedes.items():
            ends[writer] = max(seq, ends.get(writer, 0))
        for payload, end in content.iter_records():
            yield Line(entry.key, Position(0, end), payload)
    try:
        yield from _iter_segments(storage, present, ends)
    except NotFoundError:  # another collects, and has found all of that one in a checkpoint
        yield from _iter_segments(storage, list_segments(storage), ends)


def keys_below(present: _Segments, ends: Mapping[str, int]) -> dict[str, int]:
    """Return the bytes of the segments up to some number for each writer, by key."""
    return {
        segment_key(writer, seq): size
        for writer, sizes in present.items()
        for seq, size in sizes.items()
        if seq <= ends.get(writer, 0)
    }


def _iter_segments(storage: Storage, present: _Segments, ends: Mapping[str, int]) -> Iterator[Line]:
    """Yield the records of the segments up to some number for each writer."""
    wanted = keys_below(present, ends)
    for key, raw in zip(wanted, fetch_all(storage, list(wanted.items())), strict=True):
        data, _ = salvage.unseal_some(raw)
        for piece in salvage.iter_pieces(data, len(segments.MAGIC), salvage.find_most(raw, data)):
            if not isinstance(piece, Gap):
                yield Line(key, Position(0, piece[1]), piece[0])
