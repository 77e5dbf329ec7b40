"""The log on an object store: one commit is one PUT of one segment."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence

from stook.errors import ConflictError, NotFoundError
from stook.format import salvage, segments
from stook.log.lines import Damage, Line, find_segment, missing, segment_key, went_back
from stook.model.position import Position
from stook.storage.protocol import Storage

__all__ = ["ObjectLog"]

_MORE = b"+"
"""The mark of a position that is not the end of its segment."""


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
        self._seen: dict[str, int] | None = None

    def append(self, payloads: Sequence[bytes]) -> None:
        """Write records as one segment, all or none; durable when it returns.

        Raises:
            InputError: They are too long, or too many for one commit.
            StorageError: The storage refused.
        """
        data = segments.MAGIC + segments.frames(payloads)
        with self._lock:
            self._next = self._next or self._last(f"log/{self._writer}/").get(self._writer, 0) + 1
            while not self._put(segment_key(self._writer, self._next), data):
                self._next += 1
            if self._seen is not None and self._seen.get(self._writer, 0) == self._next - 1:
                self._seen = {**self._seen, self._writer: self._next}
            self._next += 1

    def read(self, known: Mapping[str, Position]) -> Iterator[Line | Damage]:
        """Yield the records after the known positions, and what cannot be read, in order for each writer.

        Raises:
            IntegrityError: Segments that were known are gone (`log-went-back`).
            StorageError: The storage cannot be reached.
        """
        found = self._segments()
        for writer, position in known.items():
            if max(found.get(writer, []), default=0) < position.seq:
                raise went_back(f"log/{writer} of {self._storage.url}")
        for writer, present in found.items():
            yield from self._read_writer(writer, known.get(writer, Position(0, 0)), present)
        if known or not found:
            self._seen = {writer: present[-1] for writer, present in found.items()}

    def has_news(self) -> bool:
        """Tell whether others have written since the log was read to its end. That costs a listing of the log.

        Raises:
            StorageError: The storage cannot be reached.
        """
        return self._seen is None or self._seen != self._last()

    def _read_writer(self, writer: str, known: Position, present: Sequence[int]) -> Iterator[Line | Damage]:
        expected = known.seq + (known.mark != _MORE)
        for seq in [seq for seq in present if seq >= expected]:
            if seq > expected:
                place = f"{segment_key(writer, expected)} of {self._storage.url}"
                yield missing(writer, Position(seq - 1, 0), place, seq - expected)
            start = known.offset if (seq, known.mark) == (known.seq, _MORE) else len(segments.MAGIC)
            yield from self._read_segment(writer, seq, start)
            expected = seq + 1

    def _read_segment(self, writer: str, seq: int, start: int) -> Iterator[Line | Damage]:
        key = segment_key(writer, seq)
        place = f"the log segment {key} of {self._storage.url}"
        data, problem, pieces = self._get_pieces(key, start)
        if problem or any(isinstance(piece, salvage.Gap) for piece in pieces):
            data, problem, pieces = self._get_pieces(key, start)  # it may have come to harm on its way
        end = 0
        for piece in pieces:
            end = piece.end if isinstance(piece, salvage.Gap) else piece[1]
            position = Position(seq, end, b"" if end == len(data) and not problem else _MORE)
            if isinstance(piece, salvage.Gap):
                yield Damage(writer, position, f"{place} is damaged from byte {piece.start} to byte {end}")
            else:
                yield Line(writer, position, piece[0])
        if problem:
            yield Damage(
                writer, Position(seq, end + 1), f"{place} is damaged from byte {end} to its end: {problem}"
            )

    def _get_pieces(self, key: str, start: int) -> tuple[bytes, str, list[tuple[bytes, int] | salvage.Gap]]:
        try:
            raw = self._storage.get(key).data
        except NotFoundError:
            raise went_back(f"{key} of {self._storage.url}") from None
        data, problem = salvage.unseal_some(raw)
        return data, problem, list(salvage.iter_pieces(data, start if data.startswith(segments.MAGIC) else 0))

    def _put(self, key: str, data: bytes) -> bool:
        """Return whether the segment at `key` is this one; a lost response is not a lost race."""
        try:
            self._storage.put_new(key, data)
        except ConflictError:
            return self._storage.get(key).data == data
        return True

    def _last(self, prefix: str = "log/") -> dict[str, int]:
        """Return the number of each writer's last segment."""
        return {writer: present[-1] for writer, present in self._segments(prefix).items()}

    def _segments(self, prefix: str = "log/") -> dict[str, list[int]]:
        """Return the numbers of each writer's segments, ascending. Keys that are none of segments are passed over."""
        found: dict[str, list[int]] = {}
        for entry in self._storage.list(prefix):
            segment = find_segment(entry.key)
            if segment:
                found.setdefault(segment[0], []).append(segment[1])
        return found
