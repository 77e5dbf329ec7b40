"""Which chunks make up a blob, where each begins, and in what runs they lie in packs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from stook.chunks.index import ChunkIndex
from stook.errors import FormatError, IntegrityError
from stook.format.packs import Location
from stook.model.tree import Blob

__all__ = ["Part", "Plan", "iter_runs", "list_ids", "make_plan"]

_ID_BYTES = 32
_RUN_BYTES = 8 * 1024 * 1024
_FIND_AT_ONCE = 2048
_MAX_LISTINGS = 4

Part = tuple[bytes, Location]
"""A chunk's id and where it is."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The chunks of one blob in order, and the position in the blob at which each ends."""

    parts: Sequence[Part]
    ends: Sequence[int]

    def overlapping(self, start: int, end: int) -> tuple[int, Sequence[Part]]:
        """Return where the first chunk begins that has bytes from `start` to `end`, and all such chunks."""
        first = bisect_right(self.ends, start)
        last = bisect_left(self.ends, end)
        return (self.ends[first - 1] if first else 0), self.parts[first : last + 1]


def list_ids(blob: Blob, read: Callable[[Blob], bytes], depth: int = 0) -> Sequence[bytes]:
    """Return the ids of a blob's chunks; `read` reads a listing.

    Raises:
        FormatError: A listing is not one.
    """
    if blob.chunks is not None:
        return [bytes.fromhex(chunk) for chunk in blob.chunks]
    if blob.listing is None:
        return [bytes.fromhex(blob.digest)]
    if depth >= _MAX_LISTINGS or blob.listing.size % _ID_BYTES:
        raise FormatError(
            f"the listing of {blob.digest} is not one",
            kind="bad-manifest",
            hint="restore the store from a backup",
        )
    listing = read(blob.listing)
    return [listing[at : at + _ID_BYTES] for at in range(0, len(listing), _ID_BYTES)]


def make_plan(blob: Blob, ids: Sequence[bytes], index: ChunkIndex) -> Plan:
    """Find a blob's chunks.

    Raises:
        IntegrityError: One is unknown, or they are not as many bytes as the blob.
    """
    parts: list[Part] = []
    for at in range(0, len(ids), _FIND_AT_ONCE):
        group = ids[at : at + _FIND_AT_ONCE]
        found = index.find(group)
        for id_ in group:
            if id_ not in found:
                raise IntegrityError(
                    f"the chunk {id_.hex()} of {blob.digest} is in no pack that is known",
                    kind="missing-chunk",
                    hint="restore the store from a backup",
                    chunk=id_.hex(),
                )
            parts.append((id_, found[id_]))
    ends = list(accumulate(location.size for _, location in parts))
    if ends[-1:] != [blob.size]:
        raise IntegrityError(
            f"the chunks of {blob.digest} are not {blob.size} bytes",
            kind="bad-size",
            hint="restore the store from a backup",
        )
    return Plan(parts, ends)


def iter_runs(parts: Sequence[Part]) -> Iterator[list[Part]]:
    """Yield neighbours in one pack together, so that one request reads them; never much in one run."""
    run: list[Part] = []
    size = 0
    for part in parts:
        location = part[1]
        if run and not (_follows(run[-1][1], location) and size + location.size <= _RUN_BYTES):
            yield run
            run, size = [], 0
        run.append(part)
        size += location.size  # what it is when decompressed: a run of zeros takes next to no stored bytes
    if run:
        yield run


def _follows(before: Location, location: Location) -> bool:
    return location.pack == before.pack and location.offset == before.offset + before.stored
