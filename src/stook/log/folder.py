"""The log in a folder: framed records appended to the writer's open segment, under a lock, with one fsync a commit."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from stook._io import TEMP_PREFIX, make_folder, write_atomic
from stook.errors import IntegrityError, StorageError
from stook.format import segments
from stook.log.lines import Line
from stook.model.position import Position
from stook.storage.disk_errors import translate_os_errors

__all__ = ["FolderLog"]

_SEAL_BYTES = 4 * 1024 * 1024
_LOCK = ".lock"


class _Ticket:
    """One thread's records on their way into a shared commit."""

    __slots__ = ("data", "done", "error")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.done = False
        self.error: StorageError | None = None


class FolderLog:
    """A log below `root/log`. Safe to share between threads; commits of many threads are grouped.

    Args:
        root: The repository's folder.
        writer: This machine's writer id; its processes share it.
        seal_bytes: A segment this long is sealed, and the next begun.
    """

    def __init__(self, root: Path, writer: str, *, seal_bytes: int = _SEAL_BYTES) -> None:
        self._root = str(root / "log")
        self._folder = f"{self._root}/{writer}"
        self._seal_bytes = seal_bytes
        self._waiting: list[_Ticket] = []
        self._waiting_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._sound: tuple[int, int] | None = None  # segment, bytes of it known to be whole records

    def append(self, payloads: Sequence[bytes]) -> None:
        """Write records, all or none; durable when it returns.

        Raises:
            StorageError: The disk refused; nothing was written.
        """
        ticket = _Ticket(b"".join(segments.frame(payload) for payload in payloads))
        with self._waiting_lock:
            self._waiting.append(ticket)
        with self._commit_lock:
            if not ticket.done:
                with self._waiting_lock:
                    group, self._waiting = self._waiting, []
                self._commit(group)
        if ticket.error is not None:
            raise ticket.error

    def read(self, known: Mapping[str, Position]) -> Iterator[Line]:
        """Yield the records after the known positions, in order for each writer.

        Raises:
            IntegrityError: A segment before a writer's last one is damaged.
        """
        with translate_os_errors(self._root):
            writers = _listing(self._root)
        for writer in writers:
            last = known.get(writer, Position(1, 0))
            with translate_os_errors(f"{self._root}/{writer}"):
                sequence = [seq for seq in _sequence(f"{self._root}/{writer}") if seq >= last.seq]
            for seq in sequence:
                start = last.offset if seq == last.seq else 0
                yield from self._read_segment(writer, seq, start, is_open=seq == sequence[-1])

    def _read_segment(self, writer: str, seq: int, start: int, *, is_open: bool) -> Iterator[Line]:
        path = _segment(f"{self._root}/{writer}", seq)
        with translate_os_errors(path):
            data, base = _read_from(path, max(start, len(segments.MAGIC)))
        end = 0
        for payload, end in segments.iter_frames(data):
            yield Line(writer, Position(seq, base + end), payload)
        if end < len(data) and not is_open:
            raise IntegrityError(
                f"the log segment {path} is damaged at byte {base + end}",
                kind="damaged-segment",
                hint="restore it from a remote or a backup: copy the file of that name over it",
                path=path,
            )

    def _commit(self, group: list[_Ticket]) -> None:
        error: StorageError | None = None
        try:
            with translate_os_errors(self._folder), self._locked():
                self._write(b"".join(ticket.data for ticket in group))
        except StorageError as failure:
            error = failure
        for ticket in group:
            ticket.error = error
            ticket.done = True

    @contextmanager
    def _locked(self) -> Iterator[None]:
        descriptor = self._open_lock()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _open_lock(self) -> int:
        lock, flags = f"{self._folder}/{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(lock, flags, 0o644)
        except FileNotFoundError:
            make_folder(Path(self._folder))
            return os.open(lock, flags, 0o644)

    def _write(self, data: bytes) -> None:
        seq, size = self._open_segment()
        descriptor = os.open(_segment(self._folder, seq), os.O_WRONLY | os.O_CLOEXEC)
        try:
            _append(descriptor, data, size)
        finally:
            os.close(descriptor)
        self._sound = (seq, size + len(data))

    def _open_segment(self) -> tuple[int, int]:
        """Return the segment to append to and its length, without the torn tail that a crash may have left."""
        seq = max(_sequence(self._folder), default=0)
        if seq == 0:
            return self._begin(1)
        path = _segment(self._folder, seq)
        size = os.stat(path).st_size
        if self._sound != (seq, size):
            raw = Path(path).read_bytes()
            if segments.is_sealed(raw):
                return self._begin(seq + 1)
            ends = (end for _, end in segments.iter_frames(raw, len(segments.MAGIC)))
            whole = max(ends, default=len(segments.MAGIC))
            if whole < size:
                os.truncate(path, whole)
            size = whole
        if size >= self._seal_bytes:
            write_atomic(Path(path), segments.seal(Path(path).read_bytes()))
            return self._begin(seq + 1)
        return seq, size

    def _begin(self, seq: int) -> tuple[int, int]:
        write_atomic(Path(_segment(self._folder, seq)), segments.MAGIC)
        return seq, len(segments.MAGIC)


def _read_from(path: str, start: int) -> tuple[bytes, int]:
    """Return a segment's bytes from `start`, a position in its unsealed form, and `start`."""
    with open(path, "rb") as file:
        head = file.read(len(segments.MAGIC))
        if segments.is_sealed(head):
            whole = segments.unseal(head + file.read())
            return whole[start:], start
        size = os.fstat(file.fileno()).st_size
        if head != segments.MAGIC or size < start:
            raise IntegrityError(
                f"the log segment {path} is not what it was: it has {size} bytes, {start} were known",
                kind="log-went-back",
                hint="if you restored an older copy on purpose, run stook rebuild",
                path=path,
            )
        file.seek(start)
        return file.read(), start


def _append(descriptor: int, data: bytes, size: int) -> None:
    """Write at the end and make it durable, or leave the file as it was."""
    try:
        written = 0
        while written < len(data):
            written += os.pwrite(descriptor, data[written:], size + written)
        os.fsync(descriptor)
    except OSError:
        os.ftruncate(descriptor, size)
        raise


def _segment(folder: str, seq: int) -> str:
    return f"{folder}/{seq:016d}"


def _listing(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except FileNotFoundError:
        return []


def _sequence(folder: str) -> list[int]:
    return [int(name) for name in _listing(folder) if name.isdigit() and not name.startswith(TEMP_PREFIX)]
