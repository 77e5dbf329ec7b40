"""The log on an object store: one commit is one PUT of one segment."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

from stook.errors import ConflictError, FormatError, IntegrityError
from stook.format import segments
from stook.log.lines import Line, segment_key
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
            self._next = self._next or self._find_last() + 1
            while not self._put(segment_key(self._writer, self._next), data):
                self._next += 1
            self._next += 1

    def read(self, known: Mapping[str, Position]) -> Iterator[Line]:
        """Yield the records after the known positions, in order for each writer.

        Raises:
            IntegrityError: A segment is damaged.
        """
        for entry in self._storage.list("log/"):
            writer, seq = _parse(entry.key)
            last = known.get(writer, Position(0, 0))
            if seq > last.seq:
                yield from self._read_segment(entry.key, writer, seq)

    def _read_segment(self, key: str, writer: str, seq: int) -> Iterator[Line]:
        data = segments.unseal(self._storage.get(key).data)
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

    def _find_last(self) -> int:
        return max((_parse(entry.key)[1] for entry in self._storage.list(f"log/{self._writer}/")), default=0)


def _parse(key: str) -> tuple[str, int]:
    parts = key.split("/")
    if len(parts) != 3 or len(parts[2]) != 16 or not parts[2].isascii() or not parts[2].isdigit():
        raise FormatError(
            f"{key!r} is not the name of a log segment",
            kind="bad-segment-name",
            hint="remove the object: stook did not write it",
            key=key,
        )
    return parts[1], int(parts[2])
