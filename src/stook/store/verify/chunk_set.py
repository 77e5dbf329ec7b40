"""Which chunks there are, by the million, in little memory."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from stook.format.packs import PackEntry

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["ChunkSet"]

_KEY_BYTES = 8


class ChunkSet:
    """Ids and sizes of chunks at 12 bytes each. The first 64 bits of an id stand for all of it.

    Among a hundred million chunks, that one which is not there is taken for another has a chance of 1 in 10**11.
    """

    def __init__(self) -> None:
        import numpy as np

        self._np = np
        self._keys: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
        self._sizes: npt.NDArray[np.uint32] = np.empty(0, np.uint32)
        self._new: list[tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]] = []

    def add(self, entries: Iterable[PackEntry]) -> None:
        """Take the chunks of a pack."""
        entries = tuple(entries)
        keys = self._as_keys([entry.id for entry in entries])
        sizes = self._np.fromiter((entry.size for entry in entries), self._np.uint32, len(entries))
        self._new.append((keys, sizes))

    def sizes(self, ids: Sequence[bytes]) -> list[int]:
        """Return the size of each chunk, and -1 for one that is not there."""
        np = self._np
        self._sort()
        if not len(self._keys):
            return [-1] * len(ids)
        keys = self._as_keys(ids)
        at = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        found: list[int] = np.where(self._keys[at] == keys, self._sizes[at].astype(np.int64), -1).tolist()
        return found

    def _sort(self) -> None:
        if not self._new:
            return
        np = self._np
        keys = np.concatenate([self._keys, *(keys for keys, _ in self._new)])
        sizes = np.concatenate([self._sizes, *(sizes for _, sizes in self._new)])
        self._new.clear()
        order = np.argsort(keys)
        self._keys, self._sizes = keys[order], sizes[order]

    def _as_keys(self, ids: Sequence[bytes]) -> npt.NDArray[np.uint64]:
        return self._np.frombuffer(b"".join([id_[:_KEY_BYTES] for id_ in ids]), self._np.uint64)
