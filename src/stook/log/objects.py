"""The log on an object store: one commit is one PUT of one segment."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from stook.errors import ConflictError, NotFoundError
from stook.format import salvage, segments
from stook.log.checkpoints import take_checkpoints
from stook.log.fetching import fetch_all
from stook.log.lines import Damage, Line, Reached, check_number, missing, segment_key, went_back
from stook.log.listing import has_holes, list_segments
from stook.model.clock import elapsed_seconds
from stook.model.position import Position
from stook.storage.ahead import Ahead
from stook.storage.protocol import Storage

__all__ = ["ObjectLog", "covered_by"]

_MORE: Final = b"+"
"""The mark of a position that is not the end of its segment."""

_SEAL_BYTES: Final = 64 * 1024
_LOST_RACES: Final = 2
# Segments are deleted an hour after a checkpoint has them at the earliest; so long a number that was free stays so.
_LOOK_SECONDS: Final = 15 * 60
_Segments = Mapping[str, Mapping[int, int]]


class ObjectLog:
    """A log below `log/` of a storage. Safe to share between threads.

    Args:
        storage: Where the repository is.
        writer: An id under which this machine writes. Where several do at the same time, all go slower, and nothing is
            lost, if the storage has conditional writes.
    """

    def __init__(self, storage: Storage, writer: str) -> None:
        self._storage = storage
        self._writer = writer
        self._lock = threading.Lock()
        self._last = -1  # the number of the writer's last segment, as far as is known
        self._looked = 0.0
        self._appended = 0
        self._seen: dict[str, int] | None = None
        self._asked: Ahead[_Segments] | None = None

    def append(self, payloads: Sequence[bytes]) -> dict[str, Position]:
        """Write records as one segment, all or none; durable when it returns. See `Log.append`.

        Raises:
            InputError: They are too long, or too many for one commit.
            StorageError: The storage refused.
        """
        data = segments.MAGIC + segments.frames(payloads)
        end = len(data)
        if end > _SEAL_BYTES:
            data = segments.seal(data)
        with self._lock:
            seq = self._put_next(data)
            if self._seen is not None and self._seen.get(self._writer, 0) == seq - 1:
                self._seen = {**self._seen, self._writer: seq}
            self._appended += 1
            self._last = seq
        return {self._writer: Position(seq, end)}

    def read(self, known: Mapping[str, Position]) -> Iterator[Line | Damage | Reached]:
        """Yield the records after the known positions, and what cannot be read, in order for each writer.

        Raises:
            IntegrityError: Segments that were known are gone (`log-went-back`), or there are far too many.
            StorageError: The storage cannot be reached.
        """
        reached = dict(known)
        found = self._take_asked(known)
        try:
            yield from self._read_all(reached, found)
        except NotFoundError:  # they may have been collected just now, as a checkpoint has them
            found = self._list()
            try:
                yield from self._read_all(reached, found)
            except NotFoundError as error:
                raise went_back(error.message) from error
        if known or not found:
            self._seen = _lasts(found)

    def ask(self) -> Ahead[_Segments]:
        """Begin to list the log; the next reading goes on with what was listed."""
        self._asked = Ahead(self._list)
        return self._asked

    def _take_asked(self, known: Mapping[str, Position]) -> _Segments:
        """Return what was listed, anew where nobody asked ahead, or others of this machine read on since then."""
        asked, self._asked = self._asked, None
        if asked is not None:
            found = asked.result()
            if all(max(found.get(writer, [0])) >= at.seq for writer, at in known.items()):
                return found
        return self._list()

    def has_news(self) -> bool:
        """Tell whether others have written since the log was read to its end. That costs a listing of the log.

        Raises:
            StorageError: The storage cannot be reached.
        """
        return self._seen is None or self._seen != _lasts(self._list())

    def _put_next(self, data: bytes) -> int:
        """Put the next segment, and return its number.

        Others of this machine may have gone on meanwhile, and their segments may have been collected: a number below
        the last one is free then, and nobody reads what is put there.
        """
        if self._last < 0 or self._is_long_ago():
            self._look()
        seq = self._put_after(self._last, data)
        while self._is_long_ago():
            self._look()
            if self._last <= seq:  # it is the last one, which everyone reads, and which stays
                break
            seq = self._put_after(self._last, data)
        return seq

    def _is_long_ago(self) -> bool:
        return elapsed_seconds() - self._looked >= _LOOK_SECONDS

    def _put_after(self, last: int, data: bytes) -> int:
        """Put a segment at the first free number after `last`, and return that."""
        seq, lost = last + 1, 0
        while not self._put(seq, data):
            seq, lost = seq + 1, lost + 1
            if lost % _LOST_RACES == 0:  # others are far ahead
                self._look()
                seq = max(seq, self._last + 1)
        return seq

    def _put(self, seq: int, data: bytes) -> bool:
        """Return whether the segment of a number is this one; a lost response is not a lost race."""
        check_number(seq, f"log/{self._writer} of {self._storage.url}")
        key = segment_key(self._writer, seq)
        try:
            self._storage.put_new(key, data)
        except ConflictError:
            return self._storage.get(key).data == data
        return True

    def _look(self) -> None:
        """Look what the writer's last segment is."""
        self._list(f"log/{self._writer}/")

    def _list(self, prefix: str = "log/") -> _Segments:
        begun, appended = elapsed_seconds(), self._appended
        found = list_segments(self._storage, prefix)
        last = max(found.get(self._writer, [0]))
        # It may be less than it was: where the log was put back, a number after a gap would be damage.
        self._last = last if appended == self._appended else max(self._last, last)
        self._looked = begun
        return found

    def _read_all(self, reached: dict[str, Position], found: _Segments) -> Iterator[Line | Damage | Reached]:
        """Yield what comes after what was reached, and move that along. Raises NotFoundError."""
        for writer, position in reached.items():
            if max(found.get(writer, [0])) < position.seq:
                raise went_back(f"log/{writer} of {self._storage.url}")
        for item in self._iter_all(dict(reached), found):
            if item.position.seq:
                reached[item.writer] = item.position
            yield item

    def _iter_all(self, known: Mapping[str, Position], found: _Segments) -> Iterator[Line | Damage | Reached]:
        present = {writer: list(sizes) for writer, sizes in found.items()}
        following = {writer: at.seq + (at.mark != _MORE) for writer, at in known.items()}
        is_cold = bool(found) and not any(position.seq for position in known.values())
        if is_cold or has_holes(present, following):
            following = yield from take_checkpoints(self._storage, present, following, is_cold=is_cold)
        wanted = [
            (writer, seq)
            for writer, seqs in present.items()
            for seq in seqs
            if seq >= following.get(writer, 1)
        ]
        fetched = fetch_all(self._storage, [(segment_key(w, seq), found[w][seq]) for w, seq in wanted])
        for (writer, seq), raw in zip(wanted, fetched, strict=True):
            expected = following.get(writer, 1)
            if seq > expected:
                place = f"{segment_key(writer, expected)} of {self._storage.url}"
                yield missing(writer, Position(seq - 1, 0), place, seq - expected)
            at = known.get(writer, Position(0, 0))
            start = at.offset if (seq, at.mark) == (at.seq, _MORE) else len(segments.MAGIC)
            yield from self._read_segment(writer, seq, start, raw)
            following[writer] = seq + 1

    def _read_segment(self, writer: str, seq: int, start: int, raw: bytes) -> Iterator[Line | Damage]:
        key = segment_key(writer, seq)
        place = f"the log segment {key} of {self._storage.url}"
        data, problem, pieces = _pieces(raw, start)
        if problem or any(isinstance(piece, salvage.Gap) for piece in pieces):
            del raw, data, pieces
            (raw,) = fetch_all(self._storage, [(key, 0)])  # it may have come to harm on its way
            data, problem, pieces = _pieces(raw, start)
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


def _pieces(raw: bytes, start: int) -> tuple[bytes, str, salvage.Pieces]:
    data, problem = salvage.unseal_some(raw)
    begin = start if data.startswith(segments.MAGIC) else 0
    return data, problem, salvage.Pieces(data, begin, salvage.find_most(raw, data))


def _lasts(found: _Segments) -> dict[str, int]:
    """Return the number of each writer's last segment."""
    return {writer: max(sizes) for writer, sizes in found.items()}


def covered_by(known: Mapping[str, Position]) -> dict[str, int]:
    """Return the last segment of each writer that is known to its end, given how far the log of a storage is known."""
    ends = {writer: at.seq - (at.mark == _MORE) for writer, at in known.items()}
    return {writer: seq for writer, seq in ends.items() if seq > 0}
