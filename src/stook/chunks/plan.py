"""Which chunks make up a blob, where each begins, and in what runs they lie in packs."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate

import msgspec

from stook.chunks.index import ChunkIndex
from stook.errors import FormatError, IntegrityError
from stook.format.packs import Location
from stook.model.tree import Blob

__all__ = [
    "FAR_GAP_BYTES",
    "GAP_BYTES",
    "VERIFY",
    "Part",
    "Plan",
    "check_plan",
    "find_parts",
    "iter_runs",
    "list_ids",
    "make_plan",
    "on_behalf_of",
]

VERIFY = "stook verify --deep"
"""What to type when content is not what it was."""

GAP_BYTES = 64 * 1024
"""So many bytes between two chunks are read for nothing, since another call takes longer."""

FAR_GAP_BYTES = 256 * 1024
"""The same over a network."""

_ID_BYTES = 32
_RUN_BYTES = 8 * 1024 * 1024
_FIND_AT_ONCE = 2048

Part = tuple[bytes, Location]
"""A chunk's id and where it is."""


class Plan(msgspec.Struct, frozen=True):
    """The chunks of one blob in order, and the position in the blob at which each ends."""

    parts: Sequence[Part]
    ends: Sequence[int]

    def overlapping(self, start: int, end: int) -> tuple[int, Sequence[Part]]:
        """Return where the first chunk begins that has bytes from `start` to `end`, and all such chunks."""
        first = bisect_right(self.ends, start)
        last = bisect_left(self.ends, end)
        return (self.ends[first - 1] if first else 0), self.parts[first : last + 1]

    def groups(self) -> Iterator[Sequence[Part]]:
        """Yield all chunks in their order, at once."""
        yield self.parts


@contextmanager
def on_behalf_of(blob: Blob) -> Iterator[None]:
    """Add to an `IntegrityError` of the block, as the fact `blob`, the digest of the blob that was to be read."""
    try:
        yield
    except IntegrityError as error:
        error.facts.setdefault("blob", blob.digest)
        raise


def list_ids(blob: Blob, read: Callable[[Blob], bytes]) -> Sequence[bytes]:
    """Return the ids of a blob's chunks; `read` reads a listing.

    Raises:
        FormatError: A listing is not one.
    """
    if blob.chunks is not None:
        return [bytes.fromhex(chunk) for chunk in blob.chunks]
    if blob.listing is None:
        return [bytes.fromhex(blob.digest)]
    if blob.listing.size % _ID_BYTES:
        raise FormatError(f"the listing of {blob.digest} is not one", kind="bad-manifest", hint=VERIFY)
    listing = read(blob.listing)
    return [listing[at : at + _ID_BYTES] for at in range(0, len(listing), _ID_BYTES)]


def find_parts(ids: Sequence[bytes], index: ChunkIndex) -> list[Part]:
    """Find chunks; in their order.

    Raises:
        IntegrityError: One is in no pack that is known.
    """
    parts: list[Part] = []
    for at in range(0, len(ids), _FIND_AT_ONCE):
        group = ids[at : at + _FIND_AT_ONCE]
        found = index.find(group)
        for id_ in group:
            if id_ not in found:
                raise IntegrityError(
                    f"the chunk {id_.hex()} is in no pack that is known",
                    kind="missing-chunk",
                    hint=VERIFY,
                    chunk=id_.hex(),
                )
            parts.append((id_, found[id_]))
    return parts


def make_plan(blob: Blob, parts: Sequence[Part]) -> Plan:
    """Return the plan of a blob that is made of these chunks.

    Raises:
        IntegrityError: They are not as many bytes as the blob, or the only one is not the blob.
    """
    ends = list(accumulate(location.size for _, location in parts))
    check_plan(blob, [id_ for id_, _ in parts], ends)
    return Plan(parts, ends)


def check_plan(blob: Blob, ids: Sequence[bytes], ends: Sequence[int]) -> None:
    """Check that chunks which end at these positions can be a blob.

    Raises:
        IntegrityError: They are not as many bytes as the blob, or the only one is not the blob.
    """
    if [*ends[-1:]] != [blob.size]:
        raise IntegrityError(
            f"the chunks of {blob.digest} are not {blob.size} bytes", kind="bad-size", hint=VERIFY
        )
    if len(ids) == 1 and ids[0].hex() != blob.digest:
        raise IntegrityError(
            f"the only chunk of {blob.digest} is {ids[0].hex()}", kind="wrong-digest", hint=VERIFY
        )


def iter_runs(parts: Iterable[Part], most_gap: int = GAP_BYTES) -> Iterator[list[Part]]:
    """Yield neighbours in one pack together, so that one request reads them; never much in one run."""
    run: list[Part] = []
    size = 0
    for part in parts:
        gap = _gap(run[-1][1], part[1]) if run else -1
        if run and not (0 <= gap <= most_gap and size + gap + part[1].size <= _RUN_BYTES):
            yield run
            run, size, gap = [], 0, 0
        run.append(part)
        size += max(gap, 0) + part[1].size  # when decompressed: a run of zeros takes next to no stored bytes
    if run:
        yield run


def _gap(before: Location, location: Location) -> int:
    """Return how many bytes lie between two chunks of one pack; negative where they are not in this order."""
    return location.offset - before.offset - before.stored if location.pack == before.pack else -1
