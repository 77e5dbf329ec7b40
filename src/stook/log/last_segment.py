"""The last segment of this machine's writer: where records are appended, whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from stook._io import write_atomic
from stook.errors import StorageError
from stook.format import salvage, segments
from stook.format.limits import MAX_SEGMENT
from stook.log.lines import check_number, segment_path
from stook.log.listing import folder_segments
from stook.log.segment_file import LastLook, Look, find_look, look_of

__all__ = ["LastSegment"]

_MARK = 64


class LastSegment:
    """The end of a writer's log in a folder, written to by who holds the writer's lock.

    Args:
        root: The folder of the log.
        writer: Id of the writer.
        seal_bytes: A segment this long is sealed, and the next begun.
        replaced: Returns the error for a log that is not the one that was written to before.
    """

    def __init__(self, root: str, writer: str, seal_bytes: int, replaced: Callable[[], StorageError]) -> None:
        self._root = root
        self._writer = writer
        self._folder = f"{root}/{writer}"
        self._seal_bytes = seal_bytes
        self._replaced = replaced
        self._sound: tuple[int, int] | None = None  # segment, bytes of it known to be whole records
        self._mark = b""  # the last of these
        self._left: LastLook = (0, None)
        self._listed: Look | None = None

    def append(self, data: bytes, *, whole: bool) -> tuple[LastLook, LastLook]:
        """Write at the end; a crash leaves none of it, or all where that is asked for.

        Args:
            data: Framed records.
            whole: Whether a crash may not leave a part of them.

        Returns:
            How the end looked before, and how it looks now.

        Raises:
            StorageError: The log is another one by now.
            OSError: The disk refused; nothing was written.
        """
        before = self._look()
        seq, size = self._open(*before)
        path = self._path(seq)
        if whole:
            write_atomic(Path(path), [Path(path).read_bytes()[:size], data])
        else:
            _append(path, data, size)
        self._sound, self._mark = (seq, size + len(data)), data[-_MARK:]
        self._left = seq, look_of(os.stat(path))
        return before, self._left

    def _look(self) -> LastLook:
        """Return the last segment; the folder is listed unless it, and what was written to last, are as they were.

        The time of the folder alone is too coarse to tell; but who goes on to another segment seals this one first.
        """
        folder = find_look(self._folder, follow_links=False)
        seq, look = self._left
        if folder != self._listed or find_look(self._path(seq)) != look:
            self._listed = folder
            seq = max(folder_segments(self._root, self._writer), default=0)
            look = look_of(os.stat(self._path(seq))) if seq else None
        return seq, look

    def _open(self, seq: int, look: Look | None) -> tuple[int, int]:
        """Return the segment to append to and its length, without the torn tail that a crash may have left."""
        if self._sound is not None and seq < self._sound[0]:
            raise self._replaced()
        if look is None:
            return self._begin(1)
        size = look[1]
        if size > MAX_SEGMENT:
            return self._begin(seq + 1)
        if self._sound != (seq, size):
            path = self._path(seq)
            start, raw = self._read(seq, path)
            if segments.is_sealed(raw):
                return self._begin(seq + 1)
            if self._sound is not None and (seq, size) < self._sound:
                raise self._replaced()
            end = salvage.find_end(raw)
            if end is None:
                return self._begin(seq + 1)  # readers tell of the damaged one, and read what they can
            if end < len(raw):
                self._cut_torn_tail(path, raw[end:], start + end)
            size = start + end
        if size >= self._seal_bytes:
            whole = Path(self._path(seq))
            write_atomic(whole, segments.seal(whole.read_bytes()))
            return self._begin(seq + 1)
        return seq, size

    def _read(self, seq: int, path: str) -> tuple[int, bytes]:
        """Return a segment, or what of it is not known yet after a magic, and how many bytes less that is.

        So processes that write by turns do not read all of it each time. What is known was written by this object;
        where it does not end as that did, nothing is.
        """
        if self._sound is not None and self._sound[0] == seq and self._mark:
            at = self._sound[1] - len(self._mark)
            with open(path, "rb") as file:
                file.seek(at)
                raw = file.read()
            if raw.startswith(self._mark):
                return self._sound[1] - len(segments.MAGIC), segments.MAGIC + raw[len(self._mark) :]
        return 0, Path(path).read_bytes()

    def _cut_torn_tail(self, path: str, tail: bytes, end: int) -> None:
        """Keep what is cut off aside, as nobody can be sure that it was torn."""
        write_atomic(Path(f"{self._folder}/.cut-{Path(path).name}-{end}"), tail)
        os.truncate(path, end)

    def _begin(self, seq: int) -> tuple[int, int]:
        check_number(seq, self._folder)
        self._listed = None
        write_atomic(Path(self._path(seq)), segments.MAGIC)
        return seq, len(segments.MAGIC)

    def _path(self, seq: int) -> str:
        return segment_path(self._root, self._writer, seq)


def _append(path: str, data: bytes, size: int) -> None:
    """Write at the end and make it durable, or leave the file as it was."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        written = 0
        while written < len(data):
            written += os.pwrite(descriptor, data[written:], size + written)
        os.fsync(descriptor)
    except BaseException:
        os.ftruncate(descriptor, size)
        raise
    finally:
        os.close(descriptor)
