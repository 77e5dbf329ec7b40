"""The log in a folder: framed records appended to the writer's open segment, under a lock, with one fsync a commit."""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from stook._io import make_folder, read_if_present, write_atomic
from stook.errors import IntegrityError, StorageError
from stook.format import repository, segments
from stook.format.limits import FRAME_HEADER
from stook.log.lines import Line, find_segment, missing_segment, went_back
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
        identity: The repository's id, by which one that took its place is told from it; not looked at where empty.
        seal_bytes: A segment this long is sealed, and the next begun.
    """

    def __init__(self, root: Path, writer: str, *, identity: str = "", seal_bytes: int = _SEAL_BYTES) -> None:
        self._identity_file = root / repository.KEY
        self._identity = identity
        self._root = str(root / "log")
        self._writer = writer
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
            IntegrityError: A segment before a writer's last one is damaged or missing; or what was known is not there
                (`log-went-back`).
        """
        with translate_os_errors(self._root):
            lasts = {writer: max(_sequence(self._root, writer), default=0) for writer in _listing(self._root)}
        for writer, position in known.items():
            if lasts.get(writer, 0) < position.seq:
                raise went_back(f"{self._root}/{writer}")
        for writer, last in lasts.items():
            position = known.get(writer, Position(1, len(segments.MAGIC)))
            for seq in range(position.seq, last + 1):
                start = position if seq == position.seq else Position(seq, len(segments.MAGIC))
                yield from self._read_segment(writer, start, is_open=seq == last)

    def _read_segment(self, writer: str, known: Position, *, is_open: bool) -> Iterator[Line]:
        path = _segment(f"{self._root}/{writer}", known.seq)
        with translate_os_errors(path):
            data = _read_after(path, known)
        end = 0
        for payload, after in segments.iter_frames(data):
            mark = data[end : end + FRAME_HEADER]
            end = after
            yield Line(writer, Position(known.seq, known.offset + end, mark), payload)
        if end < len(data) and not is_open:
            raise IntegrityError(
                f"the log segment {path} is damaged at byte {known.offset + end}",
                kind="damaged-segment",
                hint="restore it from a remote or a backup: copy the file of that name over it",
                path=path,
            )

    def _commit(self, group: list[_Ticket]) -> None:
        error: StorageError | None = StorageError(
            f"another commit to {self._folder} failed, and this one with it",
            kind="commit-failed",
            hint="try again",
        )
        try:
            with translate_os_errors(self._folder), self._locked():
                self._write(b"".join(ticket.data for ticket in group))
            error = None
        except StorageError as failure:
            error = failure
        finally:  # whatever went wrong, no other thread may take its records for written
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
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # closing is not enough where a forked process has it too
            os.close(descriptor)

    def _open_lock(self) -> int:
        lock, flags = f"{self._folder}/{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        try:
            return os.open(lock, flags, 0o644)
        except FileNotFoundError:
            self._refuse_another()
            make_folder(Path(self._folder))
            return os.open(lock, flags, 0o644)

    def _refuse_another(self) -> None:
        """See that the repository is the one that was opened, where its writer's folder is not there."""
        found = read_if_present(self._identity_file)
        if self._identity and (found is None or repository.load(found).id != self._identity):
            raise self._replaced()

    def _replaced(self) -> StorageError:
        return StorageError(
            f"the store {self._identity_file.parent} was removed or replaced while it was open",
            kind="store-replaced",
            hint="open it again, then add this once more",
        )

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
        seq = max(_sequence(self._root, self._writer), default=0)
        if self._sound is not None and seq < self._sound[0]:
            raise self._replaced()
        if seq == 0:
            return self._begin(1)
        path = _segment(self._folder, seq)
        size = os.stat(path).st_size
        if self._sound != (seq, size):
            raw = Path(path).read_bytes()
            if segments.is_sealed(raw):
                return self._begin(seq + 1)
            if self._sound is not None and (seq, size) < self._sound:
                raise self._replaced()
            size = self._cut_torn_tail(path, raw)
        if size >= self._seal_bytes:
            write_atomic(Path(path), segments.seal(Path(path).read_bytes()))
            return self._begin(seq + 1)
        return seq, size

    def _cut_torn_tail(self, path: str, raw: bytes) -> int:
        """Return the length of what is whole. What is cut off is kept aside: it may be damage, and not torn."""
        if not raw.startswith(segments.MAGIC):
            raise IntegrityError(
                f"{path} is not a segment of a log",
                kind="damaged-segment",
                hint="restore it from a remote or a backup: copy the file of that name over it",
                path=path,
            )
        begin = len(segments.MAGIC)
        whole = max((end for _, end in segments.iter_frames(raw, begin)), default=begin)
        if whole < len(raw):
            write_atomic(Path(f"{self._folder}/.cut-{Path(path).name}-{whole}"), raw[whole:])
            os.truncate(path, whole)
        return whole

    def _begin(self, seq: int) -> tuple[int, int]:
        write_atomic(Path(_segment(self._folder, seq)), segments.MAGIC)
        return seq, len(segments.MAGIC)


def _read_after(path: str, known: Position) -> bytes:
    """Return what a segment has, unsealed, after a position, having checked that the position is one in it."""
    length = int.from_bytes(known.mark[:4], "little")
    start = known.offset - FRAME_HEADER - length if known.mark else known.offset
    try:
        data = _read_from(path, start)
    except FileNotFoundError:
        raise missing_segment(path) from None
    after = known.offset - start
    if len(data) < after or not data.startswith(known.mark):
        raise went_back(path)
    return data[after:]


def _read_from(path: str, start: int) -> bytes:
    with open(path, "rb") as file:
        head = file.read(len(segments.MAGIC))
        if segments.is_sealed(head):
            return segments.unseal(head + file.read())[start:]
        if head != segments.MAGIC:
            raise went_back(path)
        file.seek(start)
        return file.read()


def _append(descriptor: int, data: bytes, size: int) -> None:
    """Write at the end and make it durable, or leave the file as it was."""
    try:
        written = 0
        while written < len(data):
            written += os.pwrite(descriptor, data[written:], size + written)
        os.fsync(descriptor)
    except BaseException:
        os.ftruncate(descriptor, size)
        raise


def _segment(folder: str, seq: int) -> str:
    return f"{folder}/{seq:016d}"


def _listing(folder: str) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []


def _sequence(root: str, writer: str) -> list[int]:
    """Return the numbers of a writer's segments; names that are none of segments are passed over."""
    found = (find_segment(f"log/{writer}/{name}") for name in _listing(f"{root}/{writer}"))
    return [segment[1] for segment in found if segment]
