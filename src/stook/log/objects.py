"""The log on an object store: one commit is one PUT of one segment."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

from stook.errors import ConflictError, IntegrityError, NotFoundError
from stook.format import segments
from stook.log.lines import Line, find_segment, missing_segment, segment_key, went_back
from stook.model.position import Position
from stook.storage.protocol import Storage

__all__ = ["ObjectLog"]


class ObjectLog:
    """A log below `log/` of a storage. Safe to share between threads.

    Args:
        storage: Where the repository is.
        writer: An id that nobody else writes under at the same time; if one does, both go slower, and nothing is lost.
    """

    def __init__(self, storage: Storage, writer: str) -> None:
        self._storage = storage
        self._writer = writer
        self._next = 0
        self._lock = threading.Lock()

    def append(self, payloads: Sequence[bytes]) -> None:
        """Write records as one segment, all or none; durable when it returns.

        Raises:
            StorageError: The storage refused.
        """
        data = segments.MAGIC + b"".join(segments.frame(payload) for payload in payloads)
        with self._lock:
            self._next = self._next or self._last_segments(f"log/{self._writer}/").get(self._writer, 0) + 1
            while not self._put(segment_key(self._writer, self._next), data):
                self._next += 1
            self._next += 1

    def read(self, known: Mapping[str, Position]) -> Iterator[Line]:
        """Yield the records after the known positions, in order for each writer.

        Raises:
            IntegrityError: A segment is damaged or missing, or some that were known are gone (`log-went-back`).
        """
        lasts = self._last_segments()
        for writer, last in known.items():
            if writer not in lasts or lasts[writer] < last.seq:
                raise went_back(f"log/{writer} of {self._storage.url}")
        for writer, last_seq in lasts.items():
            for seq in range(known.get(writer, Position(0, 0)).seq + 1, last_seq + 1):
                yield from self._read_segment(segment_key(writer, seq), writer, seq)

    def _read_segment(self, key: str, writer: str, seq: int) -> Iterator[Line]:
        try:
            data = segments.unseal(self._storage.get(key).data)
        except NotFoundError:
            raise missing_segment(key) from None
        end = begin = len(segments.MAGIC)
        for payload, end in segments.iter_frames(data, begin):
            yield Line(writer, Position(seq, end), payload)
        if end != len(data):
            raise IntegrityError(
                f"the log segment {key} of {self._storage.url} is damaged at byte {end}",
                kind="damaged-segment",
                hint="restore the object from the bucket's versions or from another copy",
                key=key,
            )

    def _put(self, key: str, data: bytes) -> bool:
        """Return whether the segment at `key` is this one; a lost response is not a lost race."""
        try:
            self._storage.put_new(key, data)
        except ConflictError:
            return self._storage.get(key).data == data
        return True

    def _last_segments(self, prefix: str = "log/") -> dict[str, int]:
        """Return the number of each writer's last segment. Keys that are none of segments are passed over."""
        found = (find_segment(entry.key) for entry in self._storage.list(prefix))
        return dict(sorted(segment for segment in found if segment))
