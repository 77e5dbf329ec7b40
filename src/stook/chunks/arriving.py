"""A blob some of whose chunks are elsewhere: those that are read come, and with them what is likely to be read next."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Final

from stook.chunks.index import PlacesIndex
from stook.chunks.plan import VERIFY, Part, check_plan, find_parts
from stook.errors import IntegrityError, StorageError
from stook.format.packs import Location
from stook.model.tree import Blob

__all__ = ["Arriving"]

_LEAST_BYTES: Final = 1024 * 1024
_MOST_BYTES: Final = 64 * 1024 * 1024


class Arriving:
    """Like a `Plan`, but each chunk is fetched when it is read. Who reads on gets twice as much each time.

    So nobody waits for more than was read already, and who stops has had no more fetched in vain than that. For one
    thread.

    What is elsewhere may lie about the sizes of chunks, and so about where in the blob each begins. That is found when
    such a chunk comes, or when the whole is read and held against the digest.

    Args:
        blob: What is read.
        ids: Its chunks, in their order.
        sizes: How many bytes each has.
        index: Finds them, and fetches those that are elsewhere.

    Raises:
        IntegrityError: They are not as many bytes as the blob, or the only one is not the blob.
    """

    def __init__(
        self, blob: Blob, ids: Sequence[bytes], sizes: Mapping[bytes, int], index: PlacesIndex
    ) -> None:
        self.ends = list(accumulate(sizes[id_] for id_ in ids))
        check_plan(blob, ids, self.ends)
        self._ids = ids
        self._sizes = sizes
        self._index = index
        self._known: dict[bytes, Location] = {}
        self._came = 0  # bytes of those that were looked for last
        self._stop = -1  # the first chunk after those that is not known

    def overlapping(self, start: int, end: int) -> tuple[int, Sequence[Part]]:
        """See `Plan.overlapping`. Raises as `PlacesIndex.find` does."""
        first, last = bisect_right(self.ends, start), bisect_left(self.ends, end)
        self._look(first, last + 1)
        return (self.ends[first - 1] if first else 0), self._parts(first, last + 1)

    def groups(self) -> Iterator[Sequence[Part]]:
        """Yield all chunks in their order, as many at once as come at once."""
        self._came, self._stop = 2 * _LEAST_BYTES, 0
        first = 0
        while first < len(self._ids):
            self._look(first, first + 1)
            yield self._parts(first, self._stop)
            first = self._stop

    def _parts(self, first: int, end: int) -> list[Part]:
        return [(id_, self._known[id_]) for id_ in self._ids[first:end]]

    def _look(self, first: int, end: int) -> None:
        """Look for chunks that were not looked for yet, and for more where those before them came last."""
        first = self._skip_known(first, end)
        if first == end:
            return
        ahead = min(max(2 * self._came, _LEAST_BYTES), _MOST_BYTES) if first == self._stop else 0
        before = self.ends[first - 1] if first else 0
        stop = max(end, bisect_right(self.ends, before + ahead))
        try:
            self._find(first, stop)
        except (IntegrityError, StorageError) as error:
            if stop == end or (isinstance(error, StorageError) and not self._are_here(first, end)):
                raise
            stop = end  # what was only likely to be read must not be in the way
            self._find(first, stop)
        self._came, self._stop = self.ends[stop - 1] - before, self._skip_known(stop, len(self._ids))

    def _skip_known(self, first: int, end: int) -> int:
        """Return the first of some chunks that is not known, `end` where all are: a blob may have one many times."""
        return next((at for at in range(first, end) if self._ids[at] not in self._known), end)

    def _are_here(self, first: int, end: int) -> bool:
        ids = set(self._ids[first:end])
        return len(self._index.find_here(list(ids))) == len(ids)

    def _find(self, first: int, stop: int) -> None:
        for id_, place in find_parts(self._ids[first:stop], self._index):
            if place.size != self._sizes[id_]:
                raise IntegrityError(
                    f"the chunk {id_.hex()} has {place.size:,} bytes, and was said to have {self._sizes[id_]:,}",
                    kind="bad-size",
                    hint=VERIFY,
                    chunk=id_.hex(),
                )
            self._known[id_] = place
